"""Work that was asked for, as whoever asked sees it, and as workers find it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from portal.access import SYSTEM, Actor
from portal.db import snapshot
from portal.errors import no_such
from portal.kit.queries.rows import row_of
from portal.words import _, told

ID_MAX: Final = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One piece of work. `state` is waiting, running, done or failed, and `message` why it failed.

    `wanted` says what is to be done and `result` what came of it so far, as JSON.
    """

    id: int
    cloud: int | None
    kind: str
    asked_by: int
    session: int | None
    address: str
    wanted: Any
    asked_at: datetime
    state: str
    done: int
    total: int
    result: Any
    message: str
    started_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether it is not over yet."""
        return self.state in {"waiting", "running"}


_COLUMNS: Final = (
    "id, cloud, kind, asked_by, session, address, wanted, asked_at, state, done, total, result,"
    " message, started_at"
)


async def get(actor: Actor, cloud: int | None, task: int) -> Task:
    """One of a cloud's, or of no cloud, that the actor asked for. Raises `NotFound`."""
    async with snapshot(actor) as tx:
        row = await tx.fetchrow(
            f"select {_COLUMNS} from task where cloud is not distinct from $1 and id = $2",  # noqa: S608 - ours
            cloud,
            min(task, ID_MAX),
        )
    if row is None:
        raise no_such(_("task"), task)
    return _read(row)


async def latest(actor: Actor, cloud: int | None, digest: str) -> Task | None:
    """The last one with this digest that the actor asked for in a cloud."""
    async with snapshot(actor) as tx:
        row = await tx.fetchrow(
            f"select {_COLUMNS} from task"  # noqa: S608 - ours
            " where cloud is not distinct from $1 and asked_by = $2 and digest = $3"
            " order by id desc limit 1",
            cloud,
            actor.user,
            digest,
        )
    return None if row is None else _read(row)


async def unfinished() -> list[int]:
    """Row ids of all that is not over, the oldest first. For the workers."""
    async with snapshot(SYSTEM) as tx:
        rows = await tx.fetch(
            "select id from task where state in ('waiting', 'running') order by id limit 100"
        )
    return [row["id"] for row in rows]


async def open_one(task: int) -> Task | None:
    """One that is not over; None where it is, or is gone. For the workers."""
    async with snapshot(SYSTEM) as tx:
        row = await tx.fetchrow(
            f"select {_COLUMNS} from task"  # noqa: S608 - ours
            " where id = $1 and state in ('waiting', 'running')",
            task,
        )
    return None if row is None else _read(row)


def _read(row: Any) -> Task:
    return row_of(Task, {**row, "message": told(row["message"])})
