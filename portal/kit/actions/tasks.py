"""Asking workers for work that takes longer than a page waits, and telling how far it is.

A row says what is wanted and by whom; a worker does it as that person, under the policies that bind
the web process. What is done is kept with how far it is, so that one who comes after a worker that
was killed goes on there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from portal import jobs, tables
from portal.access import Actor
from portal.db import atomic
from portal.errors import Conflict
from portal.kit.actions.queueing import enqueue_after_commit
from portal.kit.actions.rows import insert
from portal.ports import Queue
from portal.words import _

OPEN_MAX: Final = 5
"""Of one person in a cloud, or of no cloud, at a time."""

_OPEN: Final = """
select id, digest from task
where cloud is not distinct from $1 and asked_by = $2 and state in ('waiting', 'running')
order by id
"""


def digest_of(kind: str, wanted: object) -> str:
    """What tells one piece of work from another."""
    told = json.dumps([kind, wanted], sort_keys=True, ensure_ascii=False)
    return sha256(told.encode("utf-8", "surrogatepass")).hexdigest()


async def ask(
    actor: Actor,
    cloud: int | None,
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
        made: int | None = await insert(
            tx,
            tables.Task,
            {
                "cloud": cloud,
                "kind": kind,
                "asked_by": actor.user,
                "session": actor.session,
                "address": actor.address,
                "digest": digest,
                "wanted": wanted,
                "asked_at": now,
                "total": total,
                "result": result,
            },
            unless_there=True,
        )
        rows = await tx.fetch(_OPEN, cloud, actor.user)
        if made is None:  # of a double click the second waits for the first
            return next(int(row["id"]) for row in rows if row["digest"] == digest)
        if len(rows) > OPEN_MAX:
            raise Conflict(_("Wait until what you have asked for is done."))
        enqueue_after_commit(queue, jobs.DO_TASK, made)
        return made
