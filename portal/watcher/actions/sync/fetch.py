"""Fetching a Watcher: page by page into PostgreSQL, where nothing of it counts until the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, Final

import structlog
from asyncpg import Record

from portal import tables
from portal.access import SYSTEM
from portal.billing.period import local_date
from portal.billing.readings import CameraReading
from portal.db import Transaction, advisory_lock, atomic, snapshot
from portal.errors import Conflict, PortalError
from portal.kit.actions.bulk import copy_rows
from portal.kit.actions.rows import update
from portal.ports import Connect, Vault, Watcher
from portal.watcher.actions.connections import access_of
from portal.watcher.actions.sync.complete import Found, complete
from portal.watcher.actions.sync.found import pack
from portal.words import _, stored

log = structlog.get_logger()
STAGED_BYTES_MAX: Final = 1_000_000
"""Of cameras with their footage, before they are stored: a camera may have 600 kB of ranges."""
SYNC_SECONDS_MAX: Final = 3_300
"""Real ones, and fewer than a job may take: a sync run that comes to no end fails, and says so."""


async def fetch(
    reading_id: int, *, connect: Connect, vault: Vault, clock: Callable[[], datetime]
) -> bool | None:
    """Carry out a reading that is asked for: True completed, False failed, None nothing to do.

    Somebody else already at it: does nothing. Killed in the middle, the run begins anew when the
    sweep enqueues it again. One that cannot be completed is kept as failed, and changes nothing.
    """
    async with advisory_lock(f"reading {reading_id}") as mine:
        if not mine:
            return None
        row = await _begin(reading_id, clock())
        if row is None:
            return None
        watcher: Watcher | None = None
        try:
            async with asyncio.timeout(SYNC_SECONDS_MAX), _opened(row, connect, vault) as watcher:
                await _fetch_all(reading_id, row, watcher, clock)
        except TimeoutError:
            message = _("No end after %(count)s seconds.") % {"count": SYNC_SECONDS_MAX}
        except PortalError as error:
            message = error.message
        except Exception:
            # Not Watcher's doing. It would happen again, and a reading does not run for ever.
            log.exception("A reading broke off", reading=reading_id)
            message = _("It broke off; the log of the workers says why.")
        else:
            return True
        warnings = [] if watcher is None else watcher.warnings
        await _fail(reading_id, message, warnings, clock())
        return False


def _opened(row: Record, connect: Connect, vault: Vault) -> AbstractAsyncContextManager[Watcher]:
    if row["ended_at"] is not None:
        raise Conflict(_("The connection was ended."))
    return connect(access_of(dict(row), vault))


async def _begin(reading_id: int, now: datetime) -> Record | None:
    """The reading's connection, with whatever an interrupted sync run left cleared away."""
    async with atomic(SYSTEM) as tx:
        row = await tx.fetchrow(
            "select r.cloud, r.connection, c.api, c.url, c.secret, c.organizations,"
            " c.ended_at, l.timezone, l.slug"
            " from reading r join connection c on c.id = r.connection"
            " join cloud l on l.id = r.cloud"
            " where r.id = $1 and r.state = 'running'",
            reading_id,
        )
        if row is None:
            return None
        await _clear(tx, row["cloud"], reading_id)
        # Here, where it is soon committed: others wait for it who begin the same month.
        today = local_date(now, row["timezone"])
        await tx.execute("select ensure_usage_partition($1::date)", today)
        await update(tx, tables.Reading, reading_id, {"started_at": now, "pages": 0, "cameras": 0})
        return row


async def _fetch_all(
    reading_id: int, row: Record, watcher: Watcher, clock: Callable[[], datetime]
) -> None:
    organizations = [one async for one in watcher.organizations()]
    presets = [one async for one in watcher.presets()]
    known = await _known(row["cloud"], row["connection"])
    staged = 0
    async for batch in watcher.cameras(known):
        await _stage(reading_id, row["cloud"], watcher, batch)
        staged += len(batch)
    watcher.require_ranges()
    found = Found(organizations, presets, staged, watcher.pages, watcher.warnings, watcher.unnamed)
    await complete(reading_id, found, now=clock())


async def _known(cloud: int, connection: int) -> frozenset[str]:
    """The names of the cameras that are there by the last complete run."""
    async with snapshot(SYSTEM) as tx:
        rows = await tx.fetch(
            "select c.watcher_name from camera_interval i join camera c on c.id = i.camera"
            " where i.cloud = $1 and i.connection = $2 and i.until is null"
            " and c.watcher_name is not null",
            cloud,
            connection,
        )
        return frozenset(row["watcher_name"] for row in rows)


async def _stage(
    reading_id: int, cloud: int, watcher: Watcher, batch: Sequence[CameraReading]
) -> None:
    """Keep a batch, with the footage of its cameras, and say how far the run has come."""
    rows: list[dict[str, Any]] = []
    size = 0
    by_name = {found.name: found for found in batch}
    if watcher.reads_ranges:
        ranges: AsyncIterator[Any] = watcher.ranges(list(by_name))
        async for name, of_camera in ranges:
            packed = pack(by_name.pop(name), of_camera)
            rows.append(_row(cloud, reading_id, name, packed))
            size += len(packed)
            if size > STAGED_BYTES_MAX:
                await _store(reading_id, watcher, rows)
                rows, size = [], 0
    rows += [_row(cloud, reading_id, name, pack(found, None)) for name, found in by_name.items()]
    await _store(reading_id, watcher, rows)


async def _store(reading_id: int, watcher: Watcher, rows: Sequence[Mapping[str, Any]]) -> None:
    async with atomic(SYSTEM) as tx:
        await copy_rows(tx, "reading_camera", rows)
        await tx.execute(
            "update reading set pages = $2, cameras = cameras + $3 where id = $1",
            reading_id,
            watcher.pages,
            len(rows),
        )


def _row(cloud: int, reading_id: int, name: str, found: bytes) -> dict[str, Any]:
    return {"cloud": cloud, "reading": reading_id, "name": name, "found": found}


async def _fail(reading_id: int, message: str, warnings: Sequence[str], now: datetime) -> None:
    async with atomic(SYSTEM) as tx:
        is_running = tables.Reading.state == "running"
        columns = {
            "state": "failed",
            "finished_at": now,
            "message": stored(message),
            "warnings": [stored(one) for one in warnings],
        }
        named = tables.Reading.id == reading_id
        if await update(tx, tables.Reading, named & is_running, columns):
            cloud = await tx.fetchval("select cloud from reading where id = $1", reading_id)
            await _clear(tx, cloud, reading_id)


async def _clear(tx: Transaction, cloud: int, reading_id: int) -> None:
    await tx.execute(
        "delete from reading_camera where cloud = $1 and reading = $2", cloud, reading_id
    )
