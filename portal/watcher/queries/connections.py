"""Connections and their readings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final

from portal.access import Actor
from portal.db import Transaction, snapshot
from portal.errors import no_such
from portal.kit.queries.tenancy import CloudFacts
from portal.values.kinds import Choice
from portal.watcher.forms.connection import API, KIND
from portal.words import _, joined, told


@dataclass(frozen=True, slots=True)
class WatcherConnection:
    """A connection without its secrets. `provision_message` is what could not be written to it."""

    id: int
    kind: Annotated[str, KIND]
    api: Annotated[str, API]
    url: str
    organizations: tuple[int, ...] | None
    read_every_minutes: int
    follow_presets: bool
    provision: bool
    provision_message: str
    provision_failed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Reading:
    """One sync run: when, how far, what came of it, and what it met that is not as it should be."""

    id: int
    started_at: datetime
    finished_at: datetime | None
    state: Annotated[str, Choice(("running", "complete", "failed"))]
    pages: int
    cameras: int
    message: str
    warnings: tuple[str, ...] = ()


READING: Final = "id, started_at, finished_at, state, pages, cameras, message, warnings"
READINGS: Final = f"select {READING} from reading"  # noqa: S608 - columns of ours
# What is said of a Watcher as a whole, or else of the first few presets and cameras that failed.
SELECT: Final = """
select c.id, c.kind, c.api, c.url, c.organizations, c.read_every_minutes, c.follow_presets,
       c.provision,
       case when not c.provision then '{}' when c.provision_message <> ''
            then array[c.provision_message] else coalesce(t.said, '{}') end as said,
       case when c.provision and c.provision_message = '' then coalesce(t.count, 0) else 0 end
         as said_of,
       case when c.provision then coalesce(c.provision_failed_at, t.tried_at) end
         as provision_failed_at
from connection c
left join lateral (
  select array_agg(message order by place) filter (where place <= 3) as said,
         count(*) as count, max(tried_at) as tried_at
  from (
    select message, tried_at, row_number() over (order by kind, id) as place from (
      select p.message, 0 as kind, p.id, null::timestamptz as tried_at from provisioned_preset p
      where p.cloud = c.cloud and p.connection = c.id and p.message <> ''
      union all
      select p.message, 1, p.id, p.tried_at from provisioned_camera p
      join camera_interval i on i.cloud = p.cloud and i.connection = p.connection
        and i.camera = p.camera and i.until is null
      where p.cloud = c.cloud and p.connection = c.id and p.message <> ''
    ) failed
  ) placed
) t on c.provision
"""
_COLUMNS: Final = SELECT + " where c.cloud = $1 and c.ended_at is null"


def connection_of(row: Any) -> WatcherConnection:
    """A connection from a row of SELECT."""
    facts = dict(row)
    said = [told(one) for one in facts.pop("said")]
    more = facts.pop("said_of") - len(said)
    if more > 0:
        said.append(_("%(count)s more") % {"count": more})
    listed = facts.pop("organizations")
    return WatcherConnection(
        **facts,
        organizations=None if listed is None else tuple(listed),
        provision_message=joined(said, "; "),
    )


def reading_of(row: Any) -> Reading:
    """A reading from a row with the columns READING."""
    warnings = tuple(told(one) for one in row["warnings"])
    return Reading(**{**row, "message": told(row["message"]), "warnings": warnings})


async def get_in(tx: Transaction, cloud: int, connection: int) -> WatcherConnection:
    """A connection that is not ended. Raises `NotFound`."""
    row = await tx.fetchrow(_COLUMNS + " and c.id = $2", cloud, connection)
    if row is None:
        raise no_such(_("connection"), connection)
    return connection_of(row)


async def list_page(
    actor: Actor, cloud: CloudFacts, *, after: int | None, limit: int
) -> list[WatcherConnection]:
    """A cloud's connections in the order in which they were made."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(
            _COLUMNS + " and c.id > $2 order by c.id limit $3", cloud.id, after or 0, limit
        )
        return [connection_of(row) for row in rows]


async def list_readings(
    actor: Actor, cloud: CloudFacts, connection: int, *, before: int | None, limit: int
) -> list[Reading]:
    """A connection's readings, the latest first; `before` is the row id of the last one seen."""
    async with snapshot(actor) as tx:
        await get_in(tx, cloud.id, connection)
        rows = await tx.fetch(
            READINGS + " where cloud = $1 and connection = $2 and ($3::bigint is null or id < $3)"
            " order by id desc limit $4",
            cloud.id,
            connection,
            before,
            limit,
        )
        return [reading_of(row) for row in rows]


async def get_reading(tx: Transaction, cloud: int, reading_id: int) -> Reading:
    """A reading by row id."""
    rows = await tx.fetch(
        READINGS + " where cloud = $1 and id = $2",
        cloud,
        reading_id,
    )
    return reading_of(rows[0])
