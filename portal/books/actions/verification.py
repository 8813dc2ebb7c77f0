"""Proving the books each day: one worker does it, and what it found is kept."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Final

from portal import tables
from portal.access import SYSTEM
from portal.books.queries.verify.books import verify
from portal.books.queries.verify.finding import Difference
from portal.db import atomic, held_of
from portal.kit.actions import daily
from portal.kit.actions.rows import update

TABLE: Final = "verification"
KEPT_MAX: Final = 200
"""So many differences are kept; the command names more."""


async def due(*, now: datetime) -> int | None:
    """The proof that is due (a row id), None while none is; the first one is planned."""
    return await daily.due(TABLE, now=now)


async def prove(verification: int, key: bytes, *, now: datetime) -> bool:
    """Prove the books, keep what differs, and plan the next proof; whether this did.

    `key` seals the audit log, `now` is the machine's. Others who come meanwhile do nothing; killed,
    it is begun again.
    """
    name = f"verification {verification}"
    async with held_of([name]) as mine:
        if name not in mine or not await daily.begin(TABLE, verification, now=now):
            return False
        total, named = 0, list[Difference]()
        async for law in verify(key):
            total += law.total
            named += law.named[: KEPT_MAX - len(named)]
        columns = {
            "ended_at": now,
            "differences": total,
            "named": [asdict(one) for one in named],
        }
        async with atomic(SYSTEM) as tx:
            await update(tx, tables.Verification, verification, columns)
            await daily.plan(tx, TABLE, now + daily.EVERY)
    return True
