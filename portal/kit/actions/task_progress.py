"""How far work is that somebody asked for, as workers tell it, and when it is forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from portal import tables
from portal.access import SYSTEM
from portal.db import atomic
from portal.kit.actions.rows import update
from portal.kit.queries.clock import wall_clock
from portal.kit.queries.tasks import Task
from portal.words import stored

DAYS_KEPT: Final = 1


async def note(task: Task, *, done: int, result: object) -> None:
    """How far it is; for workers."""
    started = task.started_at or wall_clock()
    facts = {"state": "running", "done": done, "result": result, "started_at": started}
    async with atomic(SYSTEM) as tx:
        await update(tx, tables.Task, task.id, facts)


async def finish(task: Task, *, result: object) -> None:
    """It is done; for workers."""
    facts = {"state": "done", "done": task.total, "result": result, "finished_at": wall_clock()}
    async with atomic(SYSTEM) as tx:
        await update(tx, tables.Task, task.id, facts)


async def fail(task: Task, why: str) -> None:
    """It cannot be done, for a reason that whoever asked reads; for workers."""
    facts = {"state": "failed", "message": stored(why), "finished_at": wall_clock()}
    async with atomic(SYSTEM) as tx:
        await update(tx, tables.Task, task.id, facts)


async def purge(now: datetime) -> None:
    """Forget what is over since a day, and what nobody could do in that time. For the sweep."""
    async with atomic(SYSTEM) as tx:
        await tx.execute("delete from task where created_at < $1", now - timedelta(days=DAYS_KEPT))
