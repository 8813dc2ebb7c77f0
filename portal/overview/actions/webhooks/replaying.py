"""Telling again what was told before: one event, or all that has failed since a time."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from portal import tables
from portal.access import Actor, Permission
from portal.db import atomic
from portal.errors import Conflict
from portal.kit.actions import audit
from portal.kit.actions.permit import require
from portal.kit.actions.rows import update
from portal.kit.queries.tenancy import CloudFacts
from portal.overview.queries.webhooks import deliveries, endpoints
from portal.overview.queries.webhooks.deliveries import Delivery
from portal.overview.queries.webhooks.endpoints import Endpoint
from portal.words import _

# One that is on its way is left to whoever sends it.
_AGAIN: Final = """
update webhook_delivery set state = 'waiting', tries = 0, due_at = $4
where cloud = $1 and endpoint = $2 and state = 'failed' and created_at >= $3
"""


async def replay(
    actor: Actor, cloud: CloudFacts, endpoint: int, delivery: int, *, now: datetime
) -> Delivery:
    """Tell an event again, under the same id; what is on its way is tried at once."""
    require(actor, Permission.WEBHOOKS_WRITE)
    async with atomic(actor) as tx:
        found = await endpoints.get_in(tx, cloud, endpoint, lock=True)
        _refuse_off(found)
        before = await deliveries.get(actor, cloud, endpoint, delivery)
        if before.state != "sending":
            again = {"state": "waiting", "tries": 0, "due_at": now}
            await update(tx, tables.WebhookDelivery, delivery, again)
        told = {"event": before.event}
        await audit.record(
            tx, actor, "webhook.replay", f"webhook {endpoint}", cloud=cloud.id, after=told
        )
        return await deliveries.get(actor, cloud, endpoint, delivery)


async def replay_since(
    actor: Actor, cloud: CloudFacts, endpoint: int, since: datetime, *, now: datetime
) -> int:
    """Tell again all that has failed and was written since then; how many events that is."""
    require(actor, Permission.WEBHOOKS_WRITE)
    async with atomic(actor) as tx:
        found = await endpoints.get_in(tx, cloud, endpoint, lock=True)
        _refuse_off(found)
        status = await tx.execute(_AGAIN, cloud.id, endpoint, since, now)
        count = int(status.rpartition(" ")[2])
        told = {"since": since, "count": count}
        await audit.record(
            tx, actor, "webhook.replay", f"webhook {endpoint}", cloud=cloud.id, after=told
        )
        return count


def _refuse_off(found: Endpoint) -> None:
    if not found.enabled:
        raise Conflict(_("This webhook is switched off. Switch it on first."))
