"""Keeping where Watcher and the books differ, so that pages read only what differs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Final

from portal import tables
from portal.access import SYSTEM
from portal.billing.period import Period, local_date
from portal.db import Transaction, atomic
from portal.kit.actions.bulk import copy_rows
from portal.kit.actions.locks import lock_differences
from portal.kit.actions.rows import upsert
from portal.kit.queries import tenancy
from portal.kit.queries.tenancy import CloudFacts
from portal.watcher.queries import comparison, stale
from portal.watcher.queries.comparison import Compared, OfCamera
from portal.watcher.queries.reconciliation import kept_detail
from portal.watcher.queries.stale import Kept, Marks

CAMERAS_AT_ONCE: Final = 5_000
_CAMERAS: Final = """
select id from camera where cloud = $1 and id > $2 order by id limit $3
"""
_EMPTY: Final = "delete from difference where cloud = $1 and month = $2"
_FORGET: Final = (
    "delete from difference where cloud = $1 and month = $2 and camera = any($3::bigint[])"
)
_FORGET_OTHERS: Final = "delete from difference_month where cloud = $1 and month <> all($2::date[])"


async def keep_cloud(cloud_id: int, *, now: datetime) -> None:
    """Keep the differences of a cloud's running month and the one before."""
    async with atomic(SYSTEM) as tx:
        await keep(tx, await tenancy.cloud_facts_by_id(tx, cloud_id), now)


async def keep(tx: Transaction, cloud: CloudFacts, now: datetime) -> None:
    """The same as part of what changed them: of cameras that are marked, or of all."""
    await lock_differences(tx, cloud.id)
    since = await stale.marks(tx, cloud.id)
    running = Period.of(local_date(now, cloud.timezone))
    months = (running, running.previous())
    for period in months:
        await _keep_month(tx, cloud, period, since, now)
    await tx.execute(_FORGET_OTHERS, cloud.id, [one.start for one in months])
    await tx.execute("delete from difference_mark where id = any($1::bigint[])", since.ids)


async def _keep_month(
    tx: Transaction, cloud: CloudFacts, period: Period, since: Marks, now: datetime
) -> None:
    of = await comparison.begin(tx, cloud, period, now)
    assert of is not None, "neither the running month nor the one before is still to come"
    kept = await stale.kept(tx, cloud.id, period, of.tomorrow, since)
    if kept.stale is None:
        await _keep_all(tx, of)
    elif kept.stale:
        await _keep_some(tx, of, kept, kept.stale)


async def _keep_some(tx: Transaction, of: Compared, kept: Kept, cameras: Sequence[int]) -> None:
    month = (of.cloud.id, of.book.period.start)
    found = await comparison.of_cameras(tx, of, cameras)
    await _keep_what_is_fixed(tx, of, kept.fixed | found.fixed)
    await tx.execute(_FORGET, *month, cameras)
    await _store(tx, of, found.differences)


async def _keep_all(tx: Transaction, of: Compared) -> None:
    month = (of.cloud.id, of.book.period.start)
    found = await comparison.excesses(tx, of, None)
    await _keep_what_is_fixed(tx, of, found.fixed)
    await tx.execute(_EMPTY, *month)
    await _store(tx, of, found.differences)
    after = 0
    while rows := await tx.fetch(_CAMERAS, of.cloud.id, after, CAMERAS_AT_ONCE):
        cameras = [row["id"] for row in rows]
        await _store(tx, of, await comparison.others(tx, of, cameras))
        after = cameras[-1]


async def _keep_what_is_fixed(tx: Transaction, of: Compared, fixed: Collection[int]) -> None:
    columns = {
        "cloud": of.cloud.id,
        "month": of.book.period.start,
        "until": of.tomorrow,
        "fixed": sorted(fixed),
    }
    await upsert(tx, tables.DifferenceMonth, columns, key=("cloud", "month"))


async def _store(tx: Transaction, of: Compared, differences: Iterable[OfCamera]) -> None:
    rows = [
        {
            "cloud": of.cloud.id,
            "month": of.book.period.start,
            "camera": one.camera,
            "subscriber": one.subscriber,
            "name": one.found.camera,
            "kind": str(one.found.kind),
            "days": one.found.days,
            "worth": one.found.worth,
            "accepted": one.found.accepted,
            "detail": kept_detail(one.found),
        }
        for one in differences
    ]
    await copy_rows(tx, "difference", rows)
