"""Connections and their readings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from portal.db import reading
from portal.errors import NotFound
from portal.queries import tenancy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from portal.access import Actor
    from portal.db import Connection as Transaction


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection without its secrets."""

    id: int
    kind: str
    api: str
    url: str
    organizations: Sequence[int] | None
    read_every_minutes: int
    follow_presets: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """One walk: when, how far, and what came of it."""

    id: int
    started_at: datetime
    finished_at: datetime | None
    state: str
    pages: int
    cameras: int
    message: str


_COLUMNS: Final = (
    "select id, kind, api, url, organizations, read_every_minutes, follow_presets from connection"
    " where cloud = $1 and ended_at is null"
)


async def find(tx: Transaction, cloud: int, connection: int) -> Connection:
    """A connection that is not ended. Raises `NotFound`."""
    row = await tx.fetchrow(_COLUMNS + " and id = $2", cloud, connection)
    if row is None:
        message = f"There is no connection {connection}."
        raise NotFound(message)
    return Connection(**row)


async def page(actor: Actor, cloud_slug: str, *, after: int | None, limit: int) -> list[Connection]:
    """A cloud's connections in the order in which they were made."""
    async with reading(actor) as tx:
        cloud = await tenancy.cloud_facts(tx, cloud_slug)
        rows = await tx.fetch(
            _COLUMNS + " and id > $2 order by id limit $3", cloud.id, after or 0, limit
        )
        return [Connection(**row) for row in rows]


async def readings(
    actor: Actor, cloud_slug: str, connection: int, *, before: int | None, limit: int
) -> list[Reading]:
    """A connection's readings, the latest first; `before` is the row id of the last one seen."""
    async with reading(actor) as tx:
        cloud = await tenancy.cloud_facts(tx, cloud_slug)
        await find(tx, cloud.id, connection)
        rows = await tx.fetch(
            "select id, started_at, finished_at, state, pages, cameras, message from reading"
            " where cloud = $1 and connection = $2 and ($3::bigint is null or id < $3)"
            " order by id desc limit $4",
            cloud.id,
            connection,
            before,
            limit,
        )
        return [Reading(**row) for row in rows]


async def one_reading(tx: Transaction, cloud: int, reading_id: int) -> Reading:
    """A reading by row id."""
    rows = await tx.fetch(
        "select id, started_at, finished_at, state, pages, cameras, message from reading"
        " where cloud = $1 and id = $2",
        cloud,
        reading_id,
    )
    return Reading(**rows[0])
