"""Estimating the running month, so that every portal can show it without rating anything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from portal.access import SYSTEM
from portal.billing.money import percent_of
from portal.billing.outlook.forecast import likely_charges
from portal.billing.period import MonthAt, Period, local_date
from portal.billing.rating import Charge, PoolShare, price_pools, rate_cameras
from portal.books.queries import rating
from portal.books.queries.rating import PriceBook
from portal.db import Transaction, atomic
from portal.kit.actions.bulk import copy_rows
from portal.kit.queries import tenancy

CAMERAS_AT_ONCE: Final = 2_000


@dataclass(slots=True)
class _Sums:
    """What a subscriber's cameras come to so far, in minor units."""

    retail: int = 0
    wholesale: int = 0
    likely: int = 0
    cameras: int = 0


async def estimate_cloud(cloud_id: int, *, now: datetime) -> None:
    """Rate the days of a cloud's running month that are over, and keep the sums by subscriber.

    Wholesale cost of a camera without a subscriber is under None. Someone else already at it: does
    nothing.
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
        sums = await _rate_so_far(tx, book, owners, MonthAt(book.period, today))
        await _store(tx, book, sums, now)


async def _rate_so_far(
    tx: Transaction, book: PriceBook, owners: dict[int, int | None], month: MonthAt
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
        _add(sums, rated.charges, owners)
        for share in rated.shares:
            shares[share.service].append(share)
        for subscriptions in fleet.subscriptions.values():
            for subscriber in {one.subscriber for one in subscriptions}:
                sums[subscriber].cameras += 1
    for charges in price_pools(book.prices, shares):
        _add(sums, charges, owners)
    return sums


def _add(
    sums: dict[int | None, _Sums], charges: Iterable[Charge], owners: dict[int, int | None]
) -> None:
    for charge in charges:
        if charge.side == "retail":
            sums[charge.subscriber].retail += charge.amount
        else:
            sums[owners[charge.camera]].wholesale += charge.amount


async def _store(
    tx: Transaction, book: PriceBook, sums: dict[int | None, _Sums], now: datetime
) -> None:
    percents = {
        row["id"]: row["discount_percent"]
        for row in await tx.fetch(
            "select id, discount_percent from subscriber where cloud = $1", book.cloud.id
        )
    }
    await tx.execute(
        "delete from estimate where cloud = $1 and month = $2", book.cloud.id, book.period.start
    )
    await copy_rows(
        tx,
        "estimate",
        [
            {
                "cloud": book.cloud.id,
                "subscriber": subscriber,
                "month": book.period.start,
                "retail": of.retail,
                "discount": 0
                if subscriber is None
                else percent_of(of.retail, percents[subscriber]),
                "wholesale": of.wholesale,
                "likely": of.likely,
                "cameras": of.cameras,
                "as_of": now,
            }
            for subscriber, of in sums.items()
        ],
    )
