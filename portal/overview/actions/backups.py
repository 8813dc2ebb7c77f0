"""Making a backup each day: one worker does it; what is too old goes, the newest never."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from portal import tables
from portal.access import SYSTEM
from portal.db import atomic, held_of, snapshot
from portal.errors import PortalError
from portal.kit.actions import daily
from portal.kit.actions.rows import update
from portal.ports import Backups

TABLE: Final = "backup"
AGAIN: Final = timedelta(hours=1)
"""After one that failed."""
AT_ONCE: Final = 100
_OLD: Final = """
select id, file from backup
where file <> '' and removed_at is null and ended_at < $1
  and id < (select max(id) from backup where file <> '' and ended_at is not null)
order by id limit $2
"""


async def due(*, now: datetime) -> int | None:
    """The backup that is due (a row id), None while none is; the first one is planned."""
    return await daily.due(TABLE, now=now)


async def make(backup: int, folder: Backups, *, now: datetime) -> bool:
    """Make one (a row id), plan the next, remove those that are too old; whether it was made.

    Others who come meanwhile do nothing; killed, it is begun again. What fails is kept with its
    reason, and tried again in an hour.
    """
    name = f"backup {backup}"
    async with held_of([name]) as mine:
        if name not in mine or not await daily.begin(TABLE, backup, now=now):
            return False
        file = folder.name_of(now)
        try:
            await _claim(backup, file, folder)
            size = await folder.take(file)
        except PortalError as failed:
            await _end(backup, now, now + AGAIN, error=failed.message)
            return False
        await _end(backup, now, now + daily.EVERY, file=file, size=size)
        async with snapshot(SYSTEM) as tx:
            old = await tx.fetch(_OLD, now - folder.keep, AT_ONCE)
        for row in old:
            await folder.remove(row["file"])
            async with atomic(SYSTEM) as tx:
                await update(tx, tables.Backup, row["id"], {"removed_at": now})
    return True


async def _claim(backup: int, file: str, folder: Backups) -> None:
    """Write down the name of what is made, before it is: what a killed worker leaves is known.

    What one has left of this backup goes first: it is made anew.
    """
    async with snapshot(SYSTEM) as tx:
        before = await tx.fetchval("select file from backup where id = $1", backup)
    if before:
        await folder.remove(before)
    async with atomic(SYSTEM) as tx:
        await update(tx, tables.Backup, backup, {"file": file})


async def _end(
    backup: int, now: datetime, due_at: datetime, *, file: str = "", size: int = 0, error: str = ""
) -> None:
    columns = {"ended_at": now, "file": file, "size": size, "error": error}
    async with atomic(SYSTEM) as tx:
        await update(tx, tables.Backup, backup, columns)
        await daily.plan(tx, TABLE, due_at)
