"""The life of a camera: under which organization and preset it was, from when until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from portal.db import reading
from portal.queries import cameras, tenancy

if TYPE_CHECKING:
    from portal.access import Actor


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of life; `until` None: still so. Organization and preset are Watcher's ids."""

    id: int
    since: datetime
    until: datetime | None
    organization: int | None
    preset: int | None
    enabled: bool


async def of_camera(
    actor: Actor,
    cloud_slug: str,
    external_id: str,
    *,
    after: int | None,
    limit: int,
) -> list[Interval]:
    """A camera's intervals, oldest first, those after the row id `after`. Raises `NotFound`."""
    async with reading(actor) as tx:
        cloud = await tenancy.cloud_facts(tx, cloud_slug)
        camera = await cameras.find(tx, cloud.id, external_id)
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
