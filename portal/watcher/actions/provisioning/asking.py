"""Asking that a camera is brought in line with its tariff now, whatever failed before."""

from __future__ import annotations

from typing import Final

from portal import jobs
from portal.access import Actor, Permission
from portal.customers.queries import cameras
from portal.db import atomic
from portal.errors import Conflict
from portal.kit.actions import audit
from portal.kit.actions.permit import require
from portal.kit.actions.queueing import enqueue_after_commit
from portal.kit.queries.tenancy import CloudFacts
from portal.ports import Queue
from portal.words import _

_LED: Final = """
select exists (select from connection where cloud = $1 and provision and ended_at is null)
"""
_AGAIN: Final = """
update provisioned_camera set retry_at = null, failures = 0
where cloud = $1 and camera = $2 and retry_at is not null
"""


async def bring_now(actor: Actor, cloud: CloudFacts, external_id: str, *, queue: Queue) -> None:
    """Have the preset of a camera's tariff set in Watcher within a minute; again does no harm.

    Raises `NotFound`, `Conflict` where Camledger does not decide about presets.
    """
    async with atomic(actor) as tx:
        camera = await cameras.get_in(tx, cloud.id, external_id)
        require(actor, Permission.CONNECTIONS_WRITE)
        if not await tx.fetchval(_LED, cloud.id):
            raise Conflict(_("Camledger does not decide about presets of this cloud."))
        await tx.execute(_AGAIN, cloud.id, camera.id)
        what = f"camera {external_id}"
        await audit.record(tx, actor, "camera.ask-preset", what, cloud=cloud.id)
        enqueue_after_commit(queue, jobs.PROVISION, cloud.id)
