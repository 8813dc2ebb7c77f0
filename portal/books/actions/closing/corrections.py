"""Putting right the three months before: what usage that came late changes in them.

Of older months, what a person said is billed, too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Final

from asyncpg import Record

from portal.billing.correction import MONTHS_CORRECTED, differences, sum_by_key
from portal.billing.period import Period
from portal.billing.rating import Charge, PoolShare, price_pools, rate_cameras
from portal.books.actions.closing.charges import write_charges, write_shares
from portal.books.queries import closing, rating
from portal.books.queries.charges import charged_for
from portal.books.queries.rating import PriceBook
from portal.db import Transaction
from portal.kit.queries.tenancy import CloudFacts

CAMERAS_AT_ONCE: Final = 1_000
"""So many cameras of a month are rated again at a time, however many had late usage."""

_MARKED: Final = """
where u.cloud = $1 and u.month <= $3 and u.settled is distinct from 'waive'
  and (u.month >= $2 or u.settled = 'bill')
  and p.cloud = u.cloud and p.starts_on = u.month and p.state = 'closed'
"""
_TAKE_MARKS: Final = f"""
delete from usage_change u using period p {_MARKED} returning u.month, u.camera, u.days,
  p.id as period
"""  # noqa: S608 - a condition of ours
_MARKS: Final = f"""
select u.month, u.camera, p.id as period from usage_change u, period p {_MARKED}
"""  # noqa: S608 - a condition of ours
_KEEP_DAYS: Final = """
insert into corrected_days (cloud, period, month, camera, days)
select $1, $2, month, camera, days
from unnest($3::date[], $4::bigint[], $5::bigint[]) as c(month, camera, days)
order by month, camera
"""


@dataclass(frozen=True, slots=True)
class Corrected:
    """What puts a closed month right: charges, and the shares of pools as they are now.

    Of some cameras; or, without any, of what all cameras share.
    """

    month: date
    period_id: int
    cameras: Sequence[int]
    charges: Sequence[Charge]
    shares: Sequence[PoolShare]


async def correct(tx: Transaction, cloud: CloudFacts, period_id: int, period: Period) -> bool:
    """Charge, in `period`, the differences that late usage makes in the three months before it.

    Whether there was late usage at all.

    The marks left by late usage are taken first: usage that arrives while this runs leaves a new
    one, for the next close.
    """
    marks = await tx.fetch(_TAKE_MARKS, cloud.id, *_span(period))
    await _keep_days(tx, cloud.id, period_id, marks)
    async for one in _corrections(tx, cloud, marks, CAMERAS_AT_ONCE):
        await _keep_shares(tx, cloud.id, one)
        await write_charges(
            tx,
            cloud=cloud.id,
            period=period_id,
            about=one.month,
            charges=one.charges,
            corrects=True,
        )
    return bool(marks)


async def corrections_due(
    tx: Transaction, cloud: CloudFacts, period: Period, *, at_once: int = CAMERAS_AT_ONCE
) -> list[Corrected]:
    """The same as a close would find it now: nothing is written, and the marks stay."""
    marks = await tx.fetch(_MARKS, cloud.id, *_span(period))
    return [one async for one in _corrections(tx, cloud, marks, at_once)]


async def differences_of(
    tx: Transaction, cloud: CloudFacts, marks: Sequence[Record]
) -> list[Corrected]:
    """What marked months come to now, whatever their age; rows of month, camera and period."""
    return [one async for one in _corrections(tx, cloud, marks, CAMERAS_AT_ONCE)]


def _span(period: Period) -> tuple[date, date]:
    return period.back(MONTHS_CORRECTED).start, period.previous().start


async def _corrections(
    tx: Transaction, cloud: CloudFacts, marks: Sequence[Record], at_once: int
) -> AsyncIterator[Corrected]:
    """What each month's marked cameras come to now, month after month.

    Some cameras at a time; what is pooled, which all of them share, once the last of them is rated.
    """
    months: dict[tuple[date, int], list[int]] = {}
    for mark in marks:
        months.setdefault((mark["month"], mark["period"]), []).append(mark["camera"])
    for (month, of_period), cameras in sorted(months.items()):
        book = await rating.price_book(tx, cloud, Period.of(month))
        ordered, shares = sorted(cameras), list[PoolShare]()
        for start in range(0, len(ordered), at_once):
            one = await _differences(tx, book, of_period, ordered[start : start + at_once])
            shares += one.shares
            yield one
        if book.prices.wholesale.pools:
            yield await _pooled(tx, book, of_period, ordered, shares)


async def _differences(
    tx: Transaction, book: PriceBook, of_period: int, cameras: Sequence[int]
) -> Corrected:
    """What was charged for the month, against what its usage and stored prices come to now.

    Without what is pooled.
    """
    rated = rate_cameras(book.prices, await rating.of_cameras(tx, book, cameras))
    charged = await charged_for(tx, book.cloud.id, book.period.start, cameras, [])
    own = (charge for charge in charged if not _is_pooled(book, charge))
    charges = differences(sum_by_key(own), rated.charges, book.cloud.currency)
    return Corrected(book.period.start, of_period, cameras, charges, rated.shares)


async def _pooled(
    tx: Transaction,
    book: PriceBook,
    of_period: int,
    cameras: Sequence[int],
    shares: Sequence[PoolShare],
) -> Corrected:
    """The same of what is pooled, where `cameras` have these shares now.

    A pooled amount is shared by all cameras, so one camera's change moves the others' parts too.
    """
    of_all = await _all_shares(tx, book, of_period, cameras, shares)
    pools = list(book.prices.wholesale.pools)
    charged = await charged_for(tx, book.cloud.id, book.period.start, [], pools)
    due = list(chain.from_iterable(price_pools(book.prices, of_all)))
    charges = differences(sum_by_key(charged), due, book.cloud.currency)
    return Corrected(book.period.start, of_period, (), charges, ())


def _is_pooled(book: PriceBook, charge: Charge) -> bool:
    return charge.side == "wholesale" and charge.service in book.prices.wholesale.pools


async def _all_shares(
    tx: Transaction,
    book: PriceBook,
    of_period: int,
    cameras: Sequence[int],
    shares: Sequence[PoolShare],
) -> dict[int, list[PoolShare]]:
    """Every camera's share of the month's pools, those of `cameras` as they are now."""
    these = set(cameras)
    found: dict[int, list[PoolShare]] = defaultdict(list)
    for service, kept in (await closing.pool_shares(tx, book.cloud.id, of_period)).items():
        found[service] = [share for share in kept if share.camera not in these]
    for share in shares:
        found[share.service].append(share)
    return found


async def _keep_days(tx: Transaction, cloud: int, period_id: int, marks: Sequence[Record]) -> None:
    """Keep which days changed: the marks are gone."""
    known = [mark for mark in marks if mark["days"]]
    columns = ([mark[name] for mark in known] for name in ("month", "camera", "days"))
    await tx.execute(_KEEP_DAYS, cloud, period_id, *columns)


async def _keep_shares(tx: Transaction, cloud: int, corrected: Corrected) -> None:
    """Keep the shares as they are now, for whoever corrects the month after this."""
    await tx.execute(
        "delete from pool_share where cloud = $1 and period = $2 and camera = any($3)",
        cloud,
        corrected.period_id,
        corrected.cameras,
    )
    await write_shares(tx, cloud=cloud, period=corrected.period_id, shares=corrected.shares)
