"""Rating one batch of cameras. Any number of workers do this at the same time."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Final

from portal.access import SYSTEM
from portal.billing.period import Period
from portal.billing.rating import measure_cameras, rate_cameras
from portal.books.actions.closing.charges import write_charges, write_measurements, write_shares
from portal.books.queries import rating
from portal.books.queries.rating import PriceBook
from portal.db import Transaction, atomic, snapshot
from portal.kit.queries import tenancy

# It is claimed and marked as done at once, which counts when the transaction commits. That commit
# need not reach the disk: the one that finishes the close takes all before it along, and a batch
# that a crash has undone waits again.
_CLAIM: Final = """
update period_batch set done_at = $3
where id = (
  select id from period_batch
  where cloud = $1 and period = $2 and done_at is null
  order by id limit 1 for update skip locked
)
returning id, first_camera, last_camera, set_config('synchronous_commit', 'off', true)
"""


async def price_book(period_id: int) -> PriceBook | None:
    """The prices of a period that is closing; None when it is not (any more)."""
    async with snapshot(SYSTEM) as tx:
        row = await tx.fetchrow(
            "select cloud, starts_on from period where id = $1 and state = 'closing'", period_id
        )
        if row is None:
            return None
        cloud = await tenancy.cloud_facts_by_id(tx, row["cloud"])
        return await rating.price_book(tx, cloud, Period.of(row["starts_on"]))


async def rate_batch(period_id: int, book: PriceBook, *, now: datetime) -> bool:
    """Claim one waiting batch, rate its cameras and store their charges, in one transaction.

    False when no batch is waiting. Killed half-way, nothing of the batch is stored and it waits
    again; claimed once, no other worker can have it.
    """
    async with atomic(SYSTEM) as tx:
        batch = await tx.fetchrow(_CLAIM, book.cloud.id, period_id, now)
        if batch is None:
            return False
        fleet = await rating.of_range(tx, book, batch["first_camera"], batch["last_camera"])
        rated = rate_cameras(book.prices, fleet)
        await write_charges(
            tx,
            cloud=book.cloud.id,
            period=period_id,
            about=book.period.start,
            charges=rated.charges,
        )
        await write_measurements(
            tx,
            cloud=book.cloud.id,
            period=period_id,
            measurements=measure_cameras(book.prices, fleet, rated),
        )
        await write_shares(tx, cloud=book.cloud.id, period=period_id, shares=rated.shares)
        await _write_unrated(tx, book, period_id, batch["id"], rated.unrated)
    return True


async def _write_unrated(
    tx: Transaction,
    book: PriceBook,
    period_id: int,
    batch_id: int,
    unrated: Counter[tuple[int, int]],
) -> None:
    records = [
        (
            book.cloud.id,
            period_id,
            batch_id,
            service,
            book.period.start + timedelta(days=offset),
            cameras,
        )
        for (service, offset), cameras in sorted(unrated.items())
    ]
    if records:
        await tx.copy_records_to_table(
            "unrated_usage",
            records=records,
            columns=("cloud", "period", "batch", "service", "day", "cameras"),
        )
