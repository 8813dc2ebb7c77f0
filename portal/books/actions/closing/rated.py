"""What a run of cameras was rated to, as the books store it: by its close, or by a draft before it.

A draft keeps it with a digest of all that it was rated from. The close of the month stores it as
its own where the same digest comes out, and nobody rates these cameras again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from portal import tables
from portal.billing.period import Period
from portal.billing.rating import Fleet, Rated, measure_cameras
from portal.books.actions.closing import charges
from portal.books.queries import rating
from portal.books.queries.rating import PriceBook, Run
from portal.db import Transaction
from portal.kit.actions.bulk import copy_lines, lines_of
from portal.kit.actions.rows import upsert

UNRATED: Final = ("service", "day", "cameras")

_KEPT: Final = """
select loose, charges, measurements, shares, unrated from draft_batch
where cloud = $1 and month = $2 and first_camera = $3 and last_camera = $4 and facts = $5
"""
_DROP: Final = """
delete from draft_batch where cloud = $1 and month = $2 and first_camera <> all($3)
"""


@dataclass(frozen=True, slots=True)
class RatedRun:
    """A run of cameras, of which so many are `loose`: on no tariff in the month.

    The rest are lines as `kit.actions.bulk` makes them, without the cloud and the period.
    """

    loose: int
    charges: bytes
    measurements: bytes
    shares: bytes
    unrated: bytes

    @classmethod
    def of(cls, book: PriceBook, fleet: Fleet, rated: Rated) -> RatedRun:
        """What `rate_cameras` made of a fleet."""
        start = book.period.start
        return cls(
            loose=sum(1 for one in fleet.cameras if not fleet.subscriptions.get(one.camera)),
            charges=charges.charge_lines(start, rated.charges),
            measurements=charges.measurement_lines(measure_cameras(book.prices, fleet, rated)),
            shares=charges.share_lines(rated.shares),
            unrated=lines_of(
                (
                    (service, start + timedelta(days=offset), cameras)
                    for (service, offset), cameras in sorted(rated.unrated.items())
                ),
                len(UNRATED),
            ),
        )

    async def store(self, tx: Transaction, cloud: int, period_id: int, batch: int) -> None:
        """Put it into the books of a period, as what a batch came to."""
        of = cloud, period_id
        for table, columns, lines in (
            ("charge", charges.COLUMNS, self.charges),
            ("measurement", charges.MEASURED, self.measurements),
            ("pool_share", charges.SHARED, self.shares),
        ):
            await copy_lines(tx, table, (*charges.OF, *columns), lines, of)
        columns = (*charges.OF, "batch", *UNRATED)
        await copy_lines(tx, "unrated_usage", columns, self.unrated, (*of, batch))


@dataclass(frozen=True, slots=True)
class Source:
    """What is rated: a run of cameras in a month, and a digest of the facts about them."""

    cloud: int
    period: Period
    run: Run
    facts: str


async def read_source(tx: Transaction, book: PriceBook, run: Run) -> Source:
    """What a run of cameras would be rated from now."""
    facts = await rating.facts_of_run(tx, book, run)
    return Source(book.cloud.id, book.period, run, facts)


async def keep(tx: Transaction, source: Source, rated: RatedRun) -> None:
    """Keep what a draft rated, for the close of its month."""
    await upsert(
        tx,
        tables.DraftBatch,
        {
            "cloud": source.cloud,
            "month": source.period.start,
            "first_camera": source.run.first,
            "last_camera": source.run.last,
            "facts": source.facts,
            "loose": rated.loose,
            "charges": rated.charges,
            "measurements": rated.measurements,
            "shares": rated.shares,
            "unrated": rated.unrated,
        },
        key=("cloud", "month", "first_camera"),
    )


async def kept(tx: Transaction, source: Source) -> RatedRun | None:
    """What a draft rated from the same facts; None where none did."""
    run = source.run
    of = source.cloud, source.period.start, run.first, run.last, source.facts
    row = await tx.fetchrow(_KEPT, *of)
    return None if row is None else RatedRun(**row)


async def drop(tx: Transaction, cloud: int, period: Period, but: Sequence[Run] = ()) -> None:
    """Keep nothing of a month any more, or nothing `but` these runs."""
    await tx.execute(_DROP, cloud, period.start, [run.first for run in but])
