"""Closed months rated anew, from the usage and the prices that are stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from asyncpg import Record

from portal.access import SYSTEM
from portal.billing.charge import Charge
from portal.billing.correction import differences, sum_by_key
from portal.billing.measurement import Measurement, measure_cameras
from portal.billing.period import Period
from portal.billing.rating import PoolShare, price_pools, rate_cameras
from portal.books.queries import rating
from portal.books.queries.charges import charged_for
from portal.books.queries.rating import PriceBook
from portal.books.queries.verify.finding import NAMED_MAX, Findings, money_text
from portal.db import snapshot
from portal.kit.queries import tenancy

CAMERAS_AT_ONCE: Final = 1_000
CHARGES: Final = "charges are what usage and prices come to"
MEASURED: Final = "what was measured is what was used"
_CLOSED: Final = """
select p.id, p.cloud, p.starts_on from period p
where p.state = 'closed' and ($1::bigint is null or p.cloud = $1) order by p.cloud, p.starts_on
"""
_CAMERAS: Final = """
select id from camera where cloud = $1 and id > $2 order by id limit $3
"""
# What came late is not wrong: the next close charges it, or a person settles it.
_LATE: Final = "select camera from usage_change where cloud = $1 and month = $2"
# Measured is what a close has found; what it corrected later was measured before.
_CORRECTED: Final = "select camera from usage_corrected where cloud = $1 and month = $2"
_MEASURED: Final = """
select m.camera, m.subscriber, u.subscription, u.service, u.base, u.days
from measurement m
cross join lateral unnest(m.subscriptions, m.services, m.bases, m.days)
  as u(subscription, service, base, days)
where m.cloud = $1 and m.period = $2 and m.camera = any($3)
"""
_NAMES: Final = """
select 'camera' as what, id, external_id as name from camera where cloud = $1 and id = any($2)
union all
select 'service', id, code from service
union all
select case side when 'wholesale' then 'wholesale' else 'retail' end, coalesce(subscriber, 0),
       type || ' ' || number
from invoice
where cloud = $1 and period = $3 and credits is null
  and (side = 'wholesale' or subscriber = any($4))
"""


@dataclass(frozen=True, slots=True)
class _Month:
    """A closed month, its prices, and the cameras whose usage came late (row ids).

    Of those `corrected` a close has charged what came late; None among them are all cameras.
    """

    slug: str
    period_id: int
    book: PriceBook
    late: frozenset[int]
    corrected: frozenset[int | None]


@dataclass(frozen=True, slots=True)
class _Wrong:
    """Something of a camera, on a side's document; `what` it is, its service, what has to be."""

    what: str
    side: str
    camera: int
    subscriber: int | None
    service: int | None
    expected: str
    found: str


async def rate_anew(cloud: int | None) -> tuple[Findings, Findings]:
    """Rate every closed month of a cloud (a row id), or of all, and compare with what is stored.

    Findings of charges, and of measurements. Some cameras are read at once, each time in a
    transaction of their own; pooled amounts are compared when the shares of all cameras are there.
    Months with late usage in a pool are passed over: every camera's part of it moves.
    """
    charges, measured = Findings(CHARGES), Findings(MEASURED)
    async with snapshot(SYSTEM) as tx:
        months = await tx.fetch(_CLOSED, cloud)
    for row in months:
        async with snapshot(SYSTEM) as tx:
            facts = await tenancy.cloud_facts_by_id(tx, row["cloud"])
            book = await rating.price_book(tx, facts, Period.of(row["starts_on"]))
            late, corrected = [
                frozenset(one["camera"] for one in await tx.fetch(text, facts.id, row["starts_on"]))
                for text in (_LATE, _CORRECTED)
            ]
        month = _Month(facts.slug, row["id"], book, late, corrected)
        await _rate_month(month, charges, measured)
    return charges, measured


async def _rate_month(month: _Month, charges: Findings, measured: Findings) -> None:
    shares: dict[int, list[PoolShare]] = defaultdict(list)
    async for cameras in _cameras(month.book.cloud.id):
        async with snapshot(SYSTEM) as tx:
            fleet = await rating.of_cameras(tx, month.book, cameras)
            charged = await charged_for(
                tx, month.book.cloud.id, month.book.period.start, cameras, []
            )
            kept = await tx.fetch(_MEASURED, month.book.cloud.id, month.period_id, cameras)
        rated = rate_cameras(month.book.prices, fleet)
        pooled = set(month.book.prices.wholesale.pools)
        own = [one for one in charged if one.side != "wholesale" or one.service not in pooled]
        charges.looked_at += len(charged)
        await _add(month, charges, _wrong_charges(month, own, rated.charges))
        measured.looked_at += len(kept)
        due = measure_cameras(month.book.prices, fleet, rated)
        await _add(month, measured, _wrong_measurements(month, kept, due))
        for share in rated.shares:
            shares[share.service].append(share)
    if not month.late:
        await _compare_pools(month, shares, charges)


async def _compare_pools(
    month: _Month, shares: dict[int, list[PoolShare]], found: Findings
) -> None:
    pools = list(month.book.prices.wholesale.pools)
    if not pools:
        return
    async with snapshot(SYSTEM) as tx:
        charged = await charged_for(tx, month.book.cloud.id, month.book.period.start, [], pools)
    due = list(chain.from_iterable(price_pools(month.book.prices, shares)))
    await _add(month, found, _wrong_charges(month, charged, due))


def _wrong_charges(month: _Month, charged: list[Charge], due: list[Charge]) -> list[_Wrong]:
    currency = month.book.cloud.currency
    before = sum_by_key(charged)
    found = []
    for one in differences(before, due, currency):
        if one.camera in month.late:
            continue
        was = before[one.key].amount if one.key in before else 0
        found.append(
            _Wrong(
                f"{one.side} charge",
                one.side,
                one.camera,
                one.subscriber,
                one.service,
                money_text(was + one.amount, currency),
                money_text(was, currency),
            )
        )
    return found


def _wrong_measurements(
    month: _Month, rows: Sequence[Record], due: Iterable[Measurement]
) -> list[_Wrong]:
    if None in month.corrected:
        return []
    passed = month.late | month.corrected
    stored = (Measurement(**{**row, "base": int(row["base"])}) for row in rows)
    kept = {one[:4]: one for one in stored if one.camera not in passed}
    made = {one[:4]: one for one in due if one.camera not in passed}
    wrong = [key for key in {**made, **kept} if made.get(key) != kept.get(key)]
    return [
        _Wrong(
            "measurement",
            "wholesale" if subscriber is None else "retail",
            camera,
            subscriber,
            service,
            _told(made.get((camera, subscriber, subscription, service))),
            _told(kept.get((camera, subscriber, subscription, service))),
        )
        for camera, subscriber, subscription, service in wrong
    ]


def _told(one: Measurement | None) -> str:
    return "nothing" if one is None else f"{one.base} on {one.days.bit_count()} days"


async def _add(month: _Month, found: Findings, wrong: Sequence[_Wrong]) -> None:
    """Add what is wrong, with the names of its cameras, services and documents."""
    named = wrong[: max(0, NAMED_MAX - found.total)]
    if named:
        async with snapshot(SYSTEM) as tx:
            rows = await tx.fetch(
                _NAMES,
                month.book.cloud.id,
                list({one.camera for one in named}),
                month.period_id,
                list({one.subscriber for one in named if one.subscriber is not None}),
            )
        names = {(row["what"], row["id"]): row["name"] for row in rows}
        for one in named:
            found.add(month.slug, _subject(month, one, names), one.expected, one.found)
    found.total += len(wrong) - len(named)


def _subject(month: _Month, one: _Wrong, names: Mapping[tuple[str, int], str]) -> str:
    """Example: "retail charge of camera gate for plates in 2026-10, invoice NORTH-2026-000001"."""
    whose = one.subscriber or 0 if one.side == "retail" else 0
    document = names.get((one.side, whose), "no document").replace("_", " ")
    service = ""
    if one.service is not None:
        service = f" for {names.get(('service', one.service), one.service)}"
    camera = names[("camera", one.camera)]
    return f"{one.what} of camera {camera}{service} in {month.book.period.key}, {document}"


async def _cameras(cloud: int) -> AsyncIterator[list[int]]:
    after = 0
    while True:
        async with snapshot(SYSTEM) as tx:
            rows = await tx.fetch(_CAMERAS, cloud, after, CAMERAS_AT_ONCE)
        if not rows:
            return
        yield [row["id"] for row in rows]
        after = rows[-1]["id"]
