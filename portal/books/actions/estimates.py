"""Estimating the running month, so that every portal can show it without rating anything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from asyncpg import Record

from portal.access import SYSTEM
from portal.billing.commission import Term, terms
from portal.billing.outlook.forecast import likely_charges
from portal.billing.outlook.so_far import Charged, Settled, settle
from portal.billing.period import MonthAt, Period, local_date, month_before
from portal.billing.rating import Charge, PoolShare, price_pools, rate_cameras
from portal.books.actions import findings
from portal.books.actions.findings import Found
from portal.books.queries import closing, rating
from portal.books.queries.rating import PriceBook
from portal.db import Transaction, atomic
from portal.kit.actions.bulk import copy_rows
from portal.kit.queries import tenancy

CAMERAS_AT_ONCE: Final = 2_000
_SUBSCRIBERS: Final = (
    "select id, discount_percent, referral, account_manager from subscriber where cloud = $1"
)
_SUBSCRIBED: Final = """
select t.account_manager,
       count(*) filter (where x.starts_on <= $2 and (x.ends_on is null or x.ends_on > $2))::int
         as cameras,
       count(*) filter (where x.starts_on <= $3 and (x.ends_on is null or x.ends_on > $3))::int
         as cameras_before
from subscription x join subscriber t on t.id = x.subscriber
where x.cloud = $1 group by t.account_manager
"""
_EMPTY: Final = "delete from {table} where cloud = $1 and month = $2"

# Whether somebody was subscribed from $2 until $3, a month whose close has not begun.
_IS_OPEN: Final = """
select exists (select from subscription
               where cloud = $1 and starts_on < $3 and (ends_on is null or ends_on > $2))
  and not exists (select from period where cloud = $1 and starts_on = $2 and state <> 'open')
"""


@dataclass(slots=True)
class _Sums:
    """What a subscriber's cameras come to so far, in minor units."""

    retail: int = 0
    wholesale: int = 0
    likely: int = 0
    cameras: int = 0


async def estimate_cloud(cloud_id: int, *, now: datetime) -> None:
    """Rate the days of a cloud's running month that are over, and keep what they come to.

    By subscriber, summed up, and by referral, as a close would settle it. Cost of a camera without
    a subscriber is under None. Someone else already at it: does nothing.

    The month before is rated, too, until its close begins: what it would be closed with by now.
    """
    async with atomic(SYSTEM) as tx:
        lock = "select pg_try_advisory_xact_lock(hashtextextended('estimate of ' || $1::bigint, 0))"
        if not await tx.fetchval(lock, cloud_id):
            return
        cloud = await tenancy.cloud_facts_by_id(tx, cloud_id)
        today = local_date(now, cloud.timezone)
        book = await rating.price_book(tx, cloud, Period.of(today))
        owners = {
            row["id"]: row["subscriber"]
            for row in await tx.fetch(
                "select id, subscriber from camera where cloud = $1 order by id", cloud_id
            )
        }
        found = await findings.begin(tx, cloud_id, today)
        sums = await _rate_so_far(tx, book, owners, MonthAt(book.period, today), found)
        rows = await tx.fetch(_SUBSCRIBED, cloud_id, today, month_before(today))
        counts = {row["account_manager"]: row for row in rows}
        await _store(tx, book, sums, counts, now)
        await findings.keep(tx, book, found, today, now)
        before = book.period.previous()
        if await tx.fetchval(_IS_OPEN, cloud_id, before.start, before.end):
            book = await rating.price_book(tx, cloud, before)
            sums = await _rate_so_far(tx, book, owners, MonthAt(before, today), Found({}))
            await _store(tx, book, sums, counts, now)


async def _rate_so_far(
    tx: Transaction,
    book: PriceBook,
    owners: dict[int, int | None],
    month: MonthAt,
    found: Found,
) -> dict[int | None, _Sums]:
    sums: dict[int | None, _Sums] = defaultdict(_Sums)
    sums[None] = _Sums()
    shares: dict[int, list[PoolShare]] = defaultdict(list)
    ids = list(owners)
    for start in range(0, len(ids), CAMERAS_AT_ONCE):
        run = ids[start : start + CAMERAS_AT_ONCE]
        whole = await rating.of_range(tx, book, run[0], run[-1])
        fleet = whole.so_far(month)
        rated = rate_cameras(book.prices, fleet)
        for charge in likely_charges(book.prices, whole, month):
            sums[charge.subscriber].likely += charge.amount
        _add(sums, rated.charges, owners, found)
        found.unrated.update(rated.unrated)
        for share in rated.shares:
            shares[share.service].append(share)
        for subscriptions in fleet.subscriptions.values():
            for subscriber in {one.subscriber for one in subscriptions}:
                sums[subscriber].cameras += 1
    for charges in price_pools(book.prices, shares):
        _add(sums, charges, owners, found)
    return sums


def _add(
    sums: dict[int | None, _Sums],
    charges: Iterable[Charge],
    owners: dict[int, int | None],
    found: Found,
) -> None:
    for charge in charges:
        if charge.side == "retail":
            sums[charge.subscriber].retail += charge.amount
        else:
            sums[owners[charge.camera]].wholesale += charge.amount
            if charge.camera in found.loose:
                found.loose[charge.camera] += charge.amount


async def _store(
    tx: Transaction,
    book: PriceBook,
    sums: Mapping[int | None, _Sums],
    subscribed: Mapping[int | None, Record],
    now: datetime,
) -> None:
    cloud = book.cloud
    known = {row["id"]: row for row in await tx.fetch(_SUBSCRIBERS, cloud.id)}
    referrals = await closing.referrals(tx, cloud.id)
    agreed = {one: terms(one, referrals, cloud.level_percents) for one in referrals}
    charged = [_charged(of, known.get(one), agreed) for one, of in sums.items()]
    settled = dict(zip(sums, settle(charged, cloud.wholesale_discount_percent), strict=True))
    of_month = {"cloud": cloud.id, "month": book.period.start}
    rows = {
        "estimate": [
            {
                **of_month,
                "subscriber": subscriber,
                "retail": sums[subscriber].retail,
                "discount": sums[subscriber].retail - one.revenue,
                "cost": one.cost,
                "commission": one.commission,
                "likely": sums[subscriber].likely,
                "cameras": sums[subscriber].cameras,
                "as_of": now,
            }
            for subscriber, one in settled.items()
        ],
        "estimate_sum": [
            {
                **of_month,
                "account_manager": manager,
                **total,
                **_counted(subscribed, manager),
                "as_of": now,
            }
            for manager, total in _totals(settled, known).items()
        ],
        "estimate_earned": [
            {**of_month, "referral": referral, "own": own, "others": others, "as_of": now}
            for referral, (own, others) in _earned(settled.values(), referrals).items()
        ],
    }
    await drop_estimate(tx, cloud.id, book.period)
    for table, stored in rows.items():
        await copy_rows(tx, table, stored)


async def drop_estimate(tx: Transaction, cloud: int, period: Period) -> None:
    """Take away what is kept of a month that runs no longer, or is estimated anew."""
    for table in ("estimate", "estimate_sum", "estimate_earned"):
        await tx.execute(_EMPTY.format(table=table), cloud, period.start)


def _charged(of: _Sums, facts: Record | None, agreed: Mapping[int, Sequence[Term]]) -> Charged:
    if facts is None:
        return Charged(of.retail, of.wholesale, Decimal(0), ())
    terms_of = agreed.get(facts["referral"], ())
    return Charged(of.retail, of.wholesale, facts["discount_percent"], terms_of)


def _totals(
    settled: Mapping[int | None, Settled], known: Mapping[int | None, Record]
) -> dict[int | None, dict[str, int]]:
    """Of the whole cloud, under None, and of each account manager (a row id)."""
    found: dict[int | None, dict[str, int]] = {}
    for subscriber, one in settled.items():
        facts = known.get(subscriber)
        manager = None if facts is None else facts["account_manager"]
        for of in {None, manager}:
            total = found.setdefault(of, dict.fromkeys(("revenue", "cost", "commission"), 0))
            total["revenue"] += one.revenue
            total["cost"] += one.cost
            total["commission"] += one.commission
    return found


def _counted(subscribed: Mapping[int | None, Record], manager: int | None) -> dict[str, int]:
    """Cameras on a tariff today and a month ago: of an account manager, or under None of all."""
    of = [row for one, row in subscribed.items() if manager in {None, one}]
    return {name: sum(row[name] for row in of) for name in ("cameras", "cameras_before")}


def _earned(settled: Iterable[Settled], referrals: Iterable[int]) -> dict[int, tuple[int, int]]:
    """By referral: on its own subscribers, and on those of agents below."""
    found = dict.fromkeys(referrals, (0, 0))
    for row in (row for one in settled for row in one.earned):
        own, others = found[row.referral]
        found[row.referral] = (
            (own + row.amount, others) if row.level == 1 else (own, others + row.amount)
        )
    return found
