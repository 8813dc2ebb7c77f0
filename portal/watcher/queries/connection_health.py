"""How the Watchers of clouds are read: the last reading, the last complete one, what waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from portal.access import Actor
from portal.db import snapshot
from portal.kit.queries.pages import numbered
from portal.kit.queries.tenancy import CloudFacts
from portal.ports import Vault
from portal.watcher.queries.connections import (
    READING,
    READINGS,
    SELECT,
    Reading,
    WatcherConnection,
    connection_of,
    get_in,
    reading_of,
)

UNREAD: Final = "unread"
UNCONNECTED: Final = "unconnected"


@dataclass(frozen=True, slots=True)
class Health:
    """A cloud with one of its connections, or None where it has none.

    `last` is the reading that began last, `complete` the complete one that did. `waiting` counts
    what of the cloud is not mapped; `zone` is the cloud's.
    """

    cloud: str
    name: str
    zone: str
    connection: WatcherConnection | None
    last: Reading | None
    complete: Reading | None
    waiting: int

    @property
    def state(self) -> str:
        """That of the last reading; "unread" before the first, "unconnected" without connection."""
        if self.connection is None:
            return UNCONNECTED
        return UNREAD if self.last is None else self.last.state

    @property
    def warnings(self) -> Sequence[str]:
        """Those of the last reading that has come to its end."""
        ended = self.complete if self.state == "running" else self.last
        return () if ended is None else ended.warnings

    @property
    def due_at(self) -> datetime | None:
        """When the next reading is to begin; None while one runs, or before the first."""
        if self.connection is None or self.last is None or self.last.state == "running":
            return None
        return self.last.started_at + timedelta(minutes=self.connection.read_every_minutes)


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many organizations and presets of a cloud wait for a mapping, and how many have one."""

    organizations: int
    presets: int
    mapped: int

    @property
    def total(self) -> int:
        """How many wait."""
        return self.organizations + self.presets


@dataclass(frozen=True, slots=True)
class Readings:
    """One page of a connection's readings, the latest first, and how many there are."""

    rows: Sequence[Reading]
    total: int


_LATEST: Final = f"""
select {READING} from reading r
where r.cloud = c.cloud and r.connection = c.id{{}} order by r.started_at desc, r.id desc limit 1
"""  # noqa: S608 - columns of a neighbour
_HEALTH: Final = f"""
with told as ({SELECT} where c.ended_at is null and ($1::bigint is null or c.cloud = $1))
select l.slug, l.name, l.timezone, to_jsonb(told) as connection, to_jsonb(last) as last,
       to_jsonb(done) as complete,
       (select count(*) from watcher_organization o
        where o.cloud = l.id and o.subscriber is null)
       + (select count(*) from watcher_preset p
          where p.cloud = l.id and p.tariff is null) as waiting
from cloud l
left join (connection c join told on told.id = c.id) on c.cloud = l.id
left join lateral ({_LATEST.format("")}) last on c.id is not null
left join lateral ({_LATEST.format(" and r.state = 'complete'")}) done on c.id is not null
where ($1::bigint is null or l.id = $1) and ($2::bigint is null or c.id = $2)
order by lower(l.name), l.slug, c.id
"""  # noqa: S608 - put together from the words of this file and of its neighbour


async def of_clouds(actor: Actor) -> list[Health]:
    """Every cloud that the actor sees with each of its connections, by the cloud's name."""
    async with snapshot(actor) as tx:
        return [_health(row) for row in await tx.fetch(_HEALTH, None, None)]


async def of_cloud(actor: Actor, cloud: CloudFacts) -> list[Health]:
    """A cloud's connections in the order in which they were made."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(_HEALTH, cloud.id, None)
        return [found for found in map(_health, rows) if found.connection is not None]


async def of_connection(actor: Actor, cloud: CloudFacts, connection: int) -> Health:
    """One connection that is not ended. Raises `NotFound`."""
    async with snapshot(actor) as tx:
        await get_in(tx, cloud.id, connection)
        (row,) = await tx.fetch(_HEALTH, cloud.id, connection)
        return _health(row)


def _health(row: Any) -> Health:
    connection = row["connection"]
    return Health(
        cloud=row["slug"],
        name=row["name"],
        zone=row["timezone"],
        connection=None
        if connection is None
        else connection_of(_timed(connection, "provision_failed_at")),
        last=_reading(row["last"]),
        complete=_reading(row["complete"]),
        waiting=row["waiting"],
    )


def _reading(found: dict[str, Any] | None) -> Reading | None:
    return None if found is None else reading_of(_timed(found, "started_at", "finished_at"))


def _timed(found: dict[str, Any], *names: str) -> dict[str, Any]:
    """Points in time of a row as JSON."""
    times = {name: found[name] and datetime.fromisoformat(found[name]) for name in names}
    return {**found, **times}


async def is_connected(actor: Actor, cloud: CloudFacts) -> bool:
    """Whether a Watcher of the cloud is read, as far as the actor may know."""
    async with snapshot(actor) as tx:
        query = "select exists (select from connection where cloud = $1 and ended_at is null)"
        return bool(await tx.fetchval(query, cloud.id))


async def waiting(actor: Actor, cloud: CloudFacts) -> Waiting:
    """What of a cloud is mapped and what waits for it."""
    async with snapshot(actor) as tx:
        row = await tx.fetchrow(
            "select o.waiting as organizations, p.waiting as presets, o.mapped + p.mapped as mapped"
            " from (select count(*) filter (where subscriber is null) as waiting,"
            "       count(subscriber) as mapped from watcher_organization where cloud = $1) o,"
            "      (select count(*) filter (where tariff is null) as waiting,"
            "       count(tariff) as mapped from watcher_preset where cloud = $1) p",
            cloud.id,
        )
        return Waiting(**dict(row or {}))


async def readings(
    actor: Actor, cloud: CloudFacts, connection: int, *, offset: int, limit: int
) -> Readings:
    """A page of a connection's readings. Raises `NotFound`."""
    async with snapshot(actor) as tx:
        await get_in(tx, cloud.id, connection)
        total = await tx.fetchval(
            "select count(*) from reading where cloud = $1 and connection = $2",
            cloud.id,
            connection,
        )
        ordered = READINGS + (
            " where cloud = $1 and connection = $2 order by started_at desc, id desc"
        )
        of_one = cloud.id, connection
        rows = await numbered(tx, ordered, of_one, total, offset=offset, limit=limit)
        return Readings([reading_of(row) for row in rows], total)


async def credentials(
    actor: Actor, cloud: CloudFacts, connection: int, *, vault: Vault
) -> frozenset[str]:
    """Which of a connection's credentials are stored, by name and never what they are.

    Raises `Conflict` when the installation's keys do not open them.
    """
    async with snapshot(actor) as tx:
        await get_in(tx, cloud.id, connection)
        locked = await tx.fetchval("select secret from connection_secret where id = $1", connection)
        return frozenset(vault.open(locked))
