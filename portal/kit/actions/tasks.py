"""Asking workers for work that takes longer than a page waits, and telling how far it is.

A row says what is wanted and by whom; a worker does it as that person, under the policies that bind
the web process. What is done is kept with how far it is, so that one who comes after a worker that
was killed goes on there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from portal import jobs
from portal.access import SYSTEM, Actor
from portal.db import atomic
from portal.errors import Conflict
from portal.kit.actions.queueing import enqueue_after_commit
from portal.kit.queries.tasks import Task
from portal.ports import Queue
from portal.words import _, stored

OPEN_MAX: Final = 5
"""Of one person in a cloud at a time."""
DAYS_KEPT: Final = 1

_ADD: Final = """
insert into task (cloud, kind, asked_by, session, address, digest, wanted, asked_at, total, result)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
on conflict (cloud, asked_by, digest) where state in ('waiting', 'running') do nothing
returning id
"""
_OPEN: Final = """
select id, digest from task
where cloud = $1 and asked_by = $2 and state in ('waiting', 'running') order by id
"""


def digest_of(kind: str, wanted: object) -> str:
    """What tells one piece of work from another."""
    told = json.dumps([kind, wanted], sort_keys=True, ensure_ascii=False)
    return sha256(told.encode("utf-8", "surrogatepass")).hexdigest()


async def ask(
    actor: Actor,
    cloud: int,
    kind: str,
    wanted: Mapping[str, Any],
    *,
    total: int,
    now: datetime,
    queue: Queue,
    result: object = None,
) -> int:
    """Ask for work; its row id. The same that is not over yet is not asked for twice.

    `result` is what is known of it already. Raises `Conflict` while too much of it waits.
    """
    digest = digest_of(kind, wanted)
    async with atomic(actor) as tx:
        of = (actor.user, actor.session, actor.address, digest, wanted, now, total, result)
        made: int | None = await tx.fetchval(_ADD, cloud, kind, *of)
        rows = await tx.fetch(_OPEN, cloud, actor.user)
        if made is None:  # of a double click the second waits for the first
            return next(int(row["id"]) for row in rows if row["digest"] == digest)
        if len(rows) > OPEN_MAX:
            raise Conflict(_("Wait until what you have asked for is done."))
        enqueue_after_commit(queue, jobs.DO_TASK, made)
        return made


async def note(task: Task, *, done: int, result: object) -> None:
    """How far it is; for workers."""
    async with atomic(SYSTEM) as tx:
        await tx.execute(
            "update task set state = 'running', done = $2, result = $3,"
            " started_at = coalesce(started_at, now()) where id = $1",
            task.id,
            done,
            result,
        )


async def finish(task: Task, *, result: object) -> None:
    """It is done; for workers."""
    async with atomic(SYSTEM) as tx:
        await tx.execute(
            "update task set state = 'done', done = total, result = $2, finished_at = now()"
            " where id = $1",
            task.id,
            result,
        )


async def fail(task: Task, why: str) -> None:
    """It cannot be done, for a reason that whoever asked reads; for workers."""
    async with atomic(SYSTEM) as tx:
        await tx.execute(
            "update task set state = 'failed', message = $2, finished_at = now() where id = $1",
            task.id,
            stored(why),
        )


async def purge(now: datetime) -> None:
    """Forget what is over since a day, and what nobody could do in that time. For the sweep."""
    async with atomic(SYSTEM) as tx:
        await tx.execute("delete from task where created_at < $1", now - timedelta(days=DAYS_KEPT))
