"""Cameras that may keep more than their tariff includes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from portal.access import Actor
from portal.customers.queries import cameras
from portal.db import Transaction, snapshot
from portal.kit.queries.tenancy import CloudFacts
from portal.values.kinds import METER, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Excess:
    """A meter of which a camera may have more than is sold, and who accepted that, when, why."""

    meter: Annotated[str, METER]
    reason: Annotated[str, Text()]
    accepted_by: Annotated[str, Text()]
    accepted_at: datetime


_OF_CAMERA: Final = """
select m.key as meter, e.reason, e.accepted_by, e.accepted_at
from accepted_excess e join meter m on m.id = e.meter
where e.cloud = $1 and e.camera = $2 and e.withdrawn_at is null order by m.key
"""
_ALL: Final = """
select e.camera, m.key as meter from accepted_excess e join meter m on m.id = e.meter
where e.cloud = $1 and e.withdrawn_at is null
"""


async def list_of_camera(actor: Actor, cloud: CloudFacts, external_id: str) -> list[Excess]:
    """What is accepted of a camera, by meter. Raises `NotFound`."""
    async with snapshot(actor) as tx:
        camera = await cameras.get_in(tx, cloud.id, external_id)
        rows = await tx.fetch(_OF_CAMERA, cloud.id, camera.id)
    return [Excess(**row) for row in rows]


async def accepted(tx: Transaction, cloud: int) -> set[tuple[int, str]]:
    """Cameras (row ids) and meters of which more is accepted, in the whole cloud."""
    return {(row["camera"], row["meter"]) for row in await tx.fetch(_ALL, cloud)}
