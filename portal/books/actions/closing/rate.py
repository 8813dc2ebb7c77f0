"""Rating one batch of cameras. Any number of workers do this at the same time."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Final

from portal import tables
from portal.access import SYSTEM
from portal.billing.period import Period
from portal.billing.rating import measure_cameras, rate_cameras
from portal.books.actions.closing.charges import write_charges, write_measurements, write_shares
from portal.books.queries import rating
from portal.books.queries.rating import PriceBook
from portal.db import Transaction, atomic, snapshot
from portal.kit.actions.rows import update
from portal.kit.queries import tenancy

# It is claimed and marked as done at once, which counts when the transaction commits. That commit
# need not reach the disk: the one that ends the close takes all before it along, and a batch that
# a crash has undone waits again. Whoever finds none that waits, waits for those that others are at:
# it goes on when they are done, or undone by who was killed.
_CLAIM: Final = """
update period_batch set done_at = $3
where id = (
  select id from period_batch
  where cloud = $1 and period = $2 and done_at is null
  order by id limit 1 for update {waiting}
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


async def rate_batches(period_id: int, book: PriceBook, *, now: datetime) -> None:
    """Rate batches until none waits and nobody is at one."""
    for waiting in ("skip locked", ""):
        while await _rate_batch(period_id, book, waiting, now):
            pass


async def _rate_batch(period_id: int, book: PriceBook, waiting: str, now: datetime) -> bool:
    """Claim one batch, rate its cameras and store their charges, in one transaction.

    False when none waits. Killed half-way, nothing of the batch is stored and it waits again;
    claimed once, no other worker can have it.
    """
    async with atomic(SYSTEM) as tx:
        claim = _CLAIM.format(waiting=waiting)
        batch = await tx.fetchrow(claim, book.cloud.id, period_id, now)
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
        loose = sum(1 for one in fleet.cameras if not fleet.subscriptions.get(one.camera))
        if loose:
            await update(tx, tables.PeriodBatch, batch["id"], {"loose": loose})
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
