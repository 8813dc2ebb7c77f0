"""Proving the books each day: one worker does it, and what it found is kept."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Final

from portal import tables
from portal.access import SYSTEM
from portal.books.queries.verify.books import verify
from portal.books.queries.verify.finding import Difference
from portal.db import atomic, held_of, snapshot
from portal.kit.actions.rows import insert, update

FIRST: Final = timedelta(hours=1)
"""After an installation began to work; from then on once a day."""
EVERY: Final = timedelta(days=1)
KEPT_MAX: Final = 200
"""So many differences are kept; the command names more."""
_AHEAD: Final = "select id, due_at from verification where ended_at is null"


async def due(*, now: datetime) -> int | None:
    """The proof that is due (a row id), None while none is; the first one is planned."""
    async with snapshot(SYSTEM) as tx:
        row = await tx.fetchrow(_AHEAD)
    if row is not None:
        return int(row["id"]) if row["due_at"] <= now else None
    async with atomic(SYSTEM) as tx:
        await insert(tx, tables.Verification, {"due_at": now + FIRST}, unless_there=True)
    return None


async def prove(verification: int, key: bytes, *, now: datetime) -> bool:
    """Prove the books, keep what differs, and plan the next proof; whether this did.

    `key` seals the audit log, `now` is the machine's. Others who come meanwhile do nothing; killed,
    it is begun again.
    """
    name = f"verification {verification}"
    async with held_of([name]) as mine:
        if name not in mine or not await _begin(verification, now):
            return False
        total, named = 0, list[Difference]()
        async for law in verify(key):
            total += law.total
            named += law.named[: KEPT_MAX - len(named)]
        async with atomic(SYSTEM) as tx:
            columns = {
                "ended_at": now,
                "differences": total,
                "named": [asdict(one) for one in named],
            }
            await update(tx, tables.Verification, verification, columns)
            await insert(tx, tables.Verification, {"due_at": now + EVERY})
    return True


async def _begin(verification: int, now: datetime) -> bool:
    async with atomic(SYSTEM) as tx:
        where = (tables.Verification.id == verification) & tables.Verification.ended_at.is_null()
        return bool(await update(tx, tables.Verification, where, {"began_at": now}))
