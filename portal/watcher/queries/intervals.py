"""The history of a camera: under which organization and preset it was, from when until when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from portal.access import Actor
from portal.customers.queries import cameras
from portal.db import snapshot
from portal.kit.queries.tenancy import CloudFacts


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of history; `until` None: still so. Organization and preset are Watcher's ids."""

    id: int
    since: datetime
    until: datetime | None
    organization: int | None
    preset: int | None
    enabled: bool


async def list_intervals(
    actor: Actor,
    cloud: CloudFacts,
    external_id: str,
    *,
    after: int | None,
    limit: int,
) -> list[Interval]:
    """A camera's intervals, oldest first, those after the row id `after`. Raises `NotFound`."""
    async with snapshot(actor) as tx:
        camera = await cameras.get_in(tx, cloud.id, external_id)
        rows = await tx.fetch(
            "select id, since, until, organization, preset, enabled from camera_interval"
            " where cloud = $1 and camera = $2"
            " and ($3::bigint is null or (since, id) > (select l.since, l.id from camera_interval l"
            "                                           where l.cloud = $1 and l.id = $3))"
            " order by since, id limit $4",
            cloud.id,
            camera.id,
            after,
            limit,
        )
        return [Interval(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class Stretch:
    """An interval with what its organization and preset are called, "" where that is not known."""

    since: datetime
    until: datetime | None
    organization: int | None
    organization_title: str
    preset: int | None
    preset_title: str
    enabled: bool


@dataclass(frozen=True, slots=True)
class CameraHistory:
    """A camera's latest stretches of history, the latest first, and how many there are."""

    stretches: Sequence[Stretch]
    total: int


_STRETCHES: Final = """
select i.since, i.until, i.organization, coalesce(o.title, '') as organization_title, i.preset,
       coalesce(p.title, '') as preset_title, i.enabled
from camera_interval i join connection n on n.id = i.connection
left join watcher_organization o on o.cloud = i.cloud and o.organization = i.organization
  and o.watcher = coalesce(n.same_as, n.id)
left join watcher_preset p on p.cloud = i.cloud and p.preset = i.preset
  and p.watcher = coalesce(n.same_as, n.id)
where i.cloud = $1 and i.camera = $2 order by i.since desc, i.id desc limit $3
"""


async def list_history(
    actor: Actor, cloud: CloudFacts, external_id: str, *, limit: int = 20
) -> CameraHistory:
    """The latest part of a camera's history, for people. Raises `NotFound`."""
    async with snapshot(actor) as tx:
        camera = await cameras.get_in(tx, cloud.id, external_id)
        rows = await tx.fetch(_STRETCHES, cloud.id, camera.id, limit)
        total = await tx.fetchval(
            "select count(*) from camera_interval where cloud = $1 and camera = $2",
            cloud.id,
            camera.id,
        )
        return CameraHistory([Stretch(**row) for row in rows], total)
