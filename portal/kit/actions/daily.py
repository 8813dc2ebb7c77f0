"""What workers do once a day by the machine's clock: a row of a table stands ahead, not ended.

Such a table has `due_at`, `began_at` and `ended_at`, and at most one row that has not ended.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from portal.access import SYSTEM
from portal.db import Transaction, atomic, snapshot

FIRST: Final = timedelta(hours=1)
"""After an installation began to work; from then on once a day."""
EVERY: Final = timedelta(days=1)
_AHEAD: Final = "select id, due_at from {table} where ended_at is null"
_PLAN: Final = "insert into {table} (due_at) values ($1) on conflict do nothing"
_BEGIN: Final = """
update {table} set began_at = $2 where id = $1 and ended_at is null returning id
"""


async def due(table: str, *, now: datetime) -> int | None:
    """The one that is due (a row id), None while none is; the first one is planned."""
    async with snapshot(SYSTEM) as tx:
        row = await tx.fetchrow(_AHEAD.format(table=table))
    if row is not None:
        return int(row["id"]) if row["due_at"] <= now else None
    async with atomic(SYSTEM) as tx:
        await plan(tx, table, now + FIRST)
    return None


async def begin(table: str, one: int, *, now: datetime) -> bool:
    """Say that one (a row id) is begun, unless it has ended; whoever calls holds its lock."""
    async with atomic(SYSTEM) as tx:
        return await tx.fetchval(_BEGIN.format(table=table), one, now) is not None


async def plan(tx: Transaction, table: str, due_at: datetime) -> None:
    """Have the next one due at a time, once the one before has ended."""
    await tx.execute(_PLAN.format(table=table), due_at)
