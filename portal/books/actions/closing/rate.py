"""Rating one batch of cameras. Any number of workers do this at the same time."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from portal import tables
from portal.access import SYSTEM
from portal.billing.period import Period
from portal.billing.rating import rate_cameras
from portal.books.actions.closing.rated import RatedRun, kept, read_source
from portal.books.queries import rating
from portal.books.queries.rating import PriceBook, Run
from portal.db import atomic, snapshot
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

    What a draft rated from the same facts is stored as it is. False when none waits. Killed
    half-way, nothing of the batch is stored and it waits again; claimed once, no other worker can
    have it.
    """
    cloud = book.cloud.id
    async with atomic(SYSTEM) as tx:
        batch = await tx.fetchrow(_CLAIM.format(waiting=waiting), cloud, period_id, now)
        if batch is None:
            return False
        run = Run(first=batch["first_camera"], last=batch["last_camera"])
        source = await read_source(tx, book, run)
        rated = await kept(tx, source)
        # What is rated here may be from usage that came after the digest: it is nobody's draft.
        facts = "" if rated is None else source.facts
        if rated is None:
            fleet = await rating.of_run(tx, book, run)
            rated = RatedRun.of(book, fleet, rate_cameras(book.prices, fleet))
        await rated.store(tx, cloud, period_id, batch["id"])
        columns = {"facts": facts, "loose": rated.loose}
        await update(tx, tables.PeriodBatch, batch["id"], columns)
    return True
