"""Drafting the months that are open, so that every portal can show them without rating anything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from asyncpg import Record

from portal.access import SYSTEM
from portal.billing.commission import Term, terms
from portal.billing.outlook.so_far import Charged, Settled
from portal.billing.outlook.so_far import settle as settle_so_far
from portal.billing.period import MonthAt, Period, local_date, month_before
from portal.books.actions import findings
from portal.books.actions.closing.corrections import corrections_due
from portal.books.actions.drafting.keep import Drafted, keep, keep_margins, rows_of, tidy
from portal.books.actions.drafting.looking import look
from portal.books.actions.drafting.rating import Rating, rate_month
from portal.books.actions.drafting.settling import settle
from portal.books.actions.findings import Found
from portal.books.queries import closing
from portal.books.queries.drafts import making
from portal.books.queries.drafts.making import Marks
from portal.books.queries.rating import PriceBook
from portal.customers.queries import excess
from portal.db import Transaction, advisory_lock, atomic, snapshot
from portal.kit.actions.bulk import copy_rows
from portal.kit.actions.locks import lock_books_shared
from portal.kit.queries import tenancy
from portal.kit.queries.tenancy import CloudFacts
from portal.usage.actions.coverage import keep_missing_days
from portal.usage.actions.sums import keep_sums

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

ANALYZED_FROM: Final = 2_000
"""A draft of so many cameras says at once how many rows it has; of fewer, PostgreSQL finds out."""
# A table that another draft is analyzing is passed over.
_ANALYZE: Final = (
    "analyze (skip_locked) draft_margin, draft_subscriber, draft_tariff, draft_invoice, estimate"
)
_HAS_BEGUN: Final = """
select exists (select from period where cloud = $1 and starts_on = $2 and state <> 'open')
"""


@dataclass(slots=True)
class _Sums:
    """What a subscriber's cameras come to so far, in minor units."""

    retail: int = 0
    wholesale: int = 0
    likely: int = 0
    cameras: int = 0


@dataclass(frozen=True, slots=True)
class _Begun:
    """What is known before the first camera is rated: all of it leaves marks when it changes."""

    cloud: CloudFacts
    today: date
    open: Sequence[Period]
    changed: Sequence[Period]
    owners: Mapping[int, int | None]
    accepted: frozenset[tuple[int, str]]
    marks: Marks
    found: Found


async def estimate_cloud(cloud_id: int, *, now: datetime) -> None:
    """Draft a cloud's open months: the running one as far as its days are over, and those before.

    The running month and the one before are kept as estimates, too: by subscriber, summed up, and
    by referral, with the cost of cameras without a subscription under None. Months that have ended
    are drafted again when something changed. Usage of a large cloud is summed. Someone else already
    at it: does nothing.
    """
    async with advisory_lock(f"drafts of {cloud_id}") as ours:
        if ours:
            await _draft_months(cloud_id, now)


async def _draft_months(cloud_id: int, now: datetime) -> None:
    begun = await _begin(cloud_id, now)
    for period in begun.changed:
        month = MonthAt(period, begun.today)
        rating = await rate_month(begun.cloud, month, begun.accepted)
        await _keep(begun, rating, now)
    async with atomic(SYSTEM) as tx:
        await keep_missing_days(
            tx,
            cloud_id,
            len(begun.owners),
            open_months=begun.open,
            late_since=begun.marks.used_since,
            today=begun.today,
        )
        await tx.execute("delete from draft_mark where id = any($1)", begun.marks.ids)
        await tidy(tx, cloud_id, begun.open)
    async with atomic(SYSTEM) as tx:
        await keep_sums(tx, cloud_id, len(begun.owners), today=begun.today, now=now)
    if len(begun.owners) >= ANALYZED_FROM:
        async with atomic(SYSTEM) as tx:
            await tx.execute(_ANALYZE)


async def _begin(cloud_id: int, now: datetime) -> _Begun:
    async with snapshot(SYSTEM) as tx:
        cloud = await tenancy.cloud_facts_by_id(tx, cloud_id)
        today = local_date(now, cloud.timezone)
        running = Period.of(today)
        marks = await making.marks(tx, cloud_id)
        ended = await making.open_months(tx, cloud_id, running)
        whole = await making.whole_months(tx, cloud_id)
        return _Begun(
            cloud=cloud,
            today=today,
            open=[running, *ended],
            changed=[
                running,
                *(one for one in ended if one.start not in whole or marks.concern(one)),
            ],
            owners={
                row["id"]: row["subscriber"]
                for row in await tx.fetch(
                    "select id, subscriber from camera where cloud = $1 order by id", cloud_id
                )
            },
            accepted=frozenset(await excess.accepted(tx, cloud_id)),
            marks=marks,
            found=await findings.begin(tx, cloud_id, today),
        )


async def _keep(begun: _Begun, rating: Rating, now: datetime) -> None:
    """Store what a month came to, unless its close has begun meanwhile."""
    cloud, period = begun.cloud, rating.month.period
    running = Period.of(begun.today)
    sums = _sums_of(rating, begun.owners)
    async with snapshot(SYSTEM) as tx:
        corrected = await corrections_due(tx, cloud, period)
        settled = await settle(tx, rating, corrected)
        figures = await making.issued_figures(tx, cloud.id, period.previous())
        last = None
        if figures is not None:
            last = await making.issued(tx, cloud.id, period.previous())
        looked = await look(tx, rating, settled, corrected, last)
    facts = "" if corrected or rating.month.running else rating.digest
    rows = rows_of(Drafted(rating, settled, looked, last, figures, facts), now)
    async with atomic(SYSTEM) as tx:
        await lock_books_shared(tx, cloud.id)
        if await tx.fetchval(_HAS_BEGUN, cloud.id, period.start):
            return
        await keep(tx, cloud.id, period, rows)
        await keep_margins(tx, rating, settled)
        if period in {running, running.previous()}:
            counts = await tx.fetch(_SUBSCRIBED, cloud.id, begun.today, month_before(begun.today))
            by_manager = {row["account_manager"]: row for row in counts}
            await _store(tx, rating.book, sums, by_manager, now)
        if period == running:
            await findings.keep(tx, rating.book, _found(begun, rating), begun.today, now)


def _found(begun: _Begun, rating: Rating) -> Found:
    """What the running month has found, with what cameras without a tariff have cost in it."""
    begun.found.unrated.update(rating.rated.unrated)
    for camera in begun.found.loose:
        begun.found.loose[camera] = rating.rated.wholesale.get(camera, 0)
    return begun.found


def _sums_of(rating: Rating, owners: Mapping[int, int | None]) -> dict[int | None, _Sums]:
    """By subscriber, before anything corrects older months; cost of no subscriber under None."""
    sums: dict[int | None, _Sums] = defaultdict(_Sums)
    sums[None] = _Sums()
    for subscriber, by_camera in rating.rated.retail.items():
        sums[subscriber].retail = sum(by_camera.values())
    for camera, amount in rating.rated.wholesale.items():
        sums[owners.get(camera)].wholesale += amount
    for subscriber, amount in rating.likely.items():
        sums[subscriber].likely = amount
    for subscriber, count in rating.cameras.items():
        sums[subscriber].cameras = count
    return sums


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
    settled = dict(zip(sums, settle_so_far(charged, cloud.wholesale_discount_percent), strict=True))
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
