"""Closed months rated anew, from the usage and the prices that are stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import chain
from typing import Final

from portal.access import SYSTEM
from portal.billing.charge import Charge
from portal.billing.correction import differences, sum_by_key
from portal.billing.money import format_minor
from portal.billing.period import Period
from portal.billing.rating import PoolShare, price_pools, rate_cameras
from portal.books.queries import rating
from portal.books.queries.charges import charged_for
from portal.books.queries.rating import PriceBook
from portal.books.queries.verify.finding import Findings
from portal.db import snapshot
from portal.kit.queries import tenancy

CAMERAS_AT_ONCE: Final = 1_000
LAW: Final = "charges are what usage and prices come to"
_CLOSED: Final = """
select p.id, p.cloud, p.starts_on from period p
where p.state = 'closed' and ($1::bigint is null or p.cloud = $1) order by p.cloud, p.starts_on
"""
_CAMERAS: Final = """
select id from camera where cloud = $1 and id > $2 order by id limit $3
"""
# What came late is not wrong: the next close charges it, or a person settles it.
_LATE: Final = "select camera from usage_change where cloud = $1 and month = $2"


@dataclass(frozen=True, slots=True)
class _Month:
    """A closed month, its prices, and the cameras whose usage came late (row ids)."""

    slug: str
    book: PriceBook
    late: frozenset[int]


async def rate_anew(cloud: int | None) -> Findings:
    """Rate every closed month of a cloud (a row id), or of all, and compare with what was charged.

    Some cameras are read at once, each time in a transaction of their own; pooled amounts are
    compared when the shares of all cameras are there. Months with late usage in a pool are passed
    over: every camera's part of it moves.
    """
    found = Findings(LAW)
    async with snapshot(SYSTEM) as tx:
        months = await tx.fetch(_CLOSED, cloud)
    for row in months:
        async with snapshot(SYSTEM) as tx:
            facts = await tenancy.cloud_facts_by_id(tx, row["cloud"])
            book = await rating.price_book(tx, facts, Period.of(row["starts_on"]))
            late = await tx.fetch(_LATE, row["cloud"], row["starts_on"])
        month = _Month(facts.slug, book, frozenset(one["camera"] for one in late))
        await _rate_month(month, found)
    return found


async def _rate_month(month: _Month, found: Findings) -> None:
    shares: dict[int, list[PoolShare]] = defaultdict(list)
    async for cameras in _cameras(month.book.cloud.id):
        async with snapshot(SYSTEM) as tx:
            rated = rate_cameras(
                month.book.prices, await rating.of_cameras(tx, month.book, cameras)
            )
            charged = await charged_for(
                tx, month.book.cloud.id, month.book.period.start, cameras, []
            )
        pooled = set(month.book.prices.wholesale.pools)
        own = [one for one in charged if one.side != "wholesale" or one.service not in pooled]
        found.looked_at += len(charged)
        _compare(month, own, rated.charges, found)
        for share in rated.shares:
            shares[share.service].append(share)
    if not month.late:
        await _compare_pools(month, shares, found)


async def _compare_pools(
    month: _Month, shares: dict[int, list[PoolShare]], found: Findings
) -> None:
    pools = list(month.book.prices.wholesale.pools)
    if not pools:
        return
    async with snapshot(SYSTEM) as tx:
        charged = await charged_for(tx, month.book.cloud.id, month.book.period.start, [], pools)
    due = list(chain.from_iterable(price_pools(month.book.prices, shares)))
    _compare(month, charged, due, found)


def _compare(month: _Month, charged: list[Charge], due: list[Charge], found: Findings) -> None:
    currency, period = month.book.cloud.currency, month.book.period
    before = sum_by_key(charged)
    for one in differences(before, due, currency):
        if one.camera in month.late:
            continue
        was = before[one.key].amount if one.key in before else 0
        subject = f"{one.side} charge of camera {one.camera} in {period.key}"
        right = format_minor(was + one.amount, currency)
        found.add(month.slug, subject, right, format_minor(was, currency))


async def _cameras(cloud: int) -> AsyncIterator[list[int]]:
    after = 0
    while True:
        async with snapshot(SYSTEM) as tx:
            rows = await tx.fetch(_CAMERAS, cloud, after, CAMERAS_AT_ONCE)
        if not rows:
            return
        yield [row["id"] for row in rows]
        after = rows[-1]["id"]
