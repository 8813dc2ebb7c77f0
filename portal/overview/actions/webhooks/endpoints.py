"""Where a cloud's own systems are told what happens: made, changed, rotated, removed."""

from __future__ import annotations

import base64
import secrets
from datetime import datetime
from typing import Any, Final

from portal import tables
from portal.access import Actor, Permission
from portal.db import Transaction, atomic
from portal.errors import Conflict, Invalid
from portal.kit.actions import audit, events
from portal.kit.actions.audit import CHANGED
from portal.kit.actions.locks import lock_count
from portal.kit.actions.permit import require
from portal.kit.actions.rows import insert, update
from portal.kit.forms.form import differing, values_of
from portal.kit.queries.tenancy import CloudFacts
from portal.overview.forms.webhook import NewWebhook, WebhookChange
from portal.overview.queries.webhooks import endpoints
from portal.overview.queries.webhooks.endpoints import Endpoint
from portal.ports import Vault, WatcherAddresses
from portal.values.watcher import AddressRefused
from portal.values.webhooks import OLD_SECRET_FOR, EventType
from portal.words import _

ENDPOINTS_MAX: Final = 10
"""Of one cloud."""
SECRET_BYTES: Final = 32
_TOLD: Final = ("url", "types", "description", "enabled")
# What is kept is kept as it is: who rotates sees no secret.
_ROTATE: Final = """
update webhook_endpoint set old_secret = s.secret
from webhook_endpoint_secret s
where s.id = webhook_endpoint.id and webhook_endpoint.id = $1
"""


def new_secret() -> str:
    """What an endpoint verifies with: "whsec_" and 32 random bytes in base64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


async def create(
    actor: Actor,
    cloud: CloudFacts,
    new: NewWebhook,
    *,
    vault: Vault,
    addresses: WatcherAddresses,
) -> tuple[Endpoint, str]:
    """Tell events to an address from now on; the endpoint and its secret, which is told once.

    Raises `Invalid` for an address that this installation does not call, `Conflict` at too many.
    """
    require(actor, Permission.WEBHOOKS_WRITE)
    _refuse(new.url, cloud, addresses)
    secret = new_secret()
    async with atomic(actor) as tx:
        await lock_count(tx, "webhooks", cloud.id)
        if len(await endpoints.list_all(actor, cloud)) >= ENDPOINTS_MAX:
            message = _("A cloud has at most %(count)s webhooks. Remove one first.")
            raise Conflict(message % {"count": ENDPOINTS_MAX})
        row = {
            **values_of(new),
            "types": list(new.types),
            "cloud": cloud.id,
            "secret": vault.lock({"secret": secret}),
        }
        made = await insert(tx, tables.WebhookEndpoint, row)
        found = await endpoints.get_in(tx, cloud, made)
        await _record(tx, actor, cloud, found, "webhook.create", after=_told(found))
    return found, secret


async def change(
    actor: Actor,
    cloud: CloudFacts,
    endpoint: int,
    change: WebhookChange,
    *,
    addresses: WatcherAddresses,
) -> Endpoint:
    """Change what was sent of an endpoint. One that is switched on again begins anew."""
    require(actor, Permission.WEBHOOKS_WRITE)
    async with atomic(actor) as tx:
        before = await endpoints.get_in(tx, cloud, endpoint, lock=True)
        wanted = differing(change, before)
        if not wanted:
            return before
        if "url" in wanted:
            _refuse(wanted["url"], cloud, addresses)
        columns: dict[str, Any] = dict(wanted)
        if "types" in wanted:
            columns["types"] = list(wanted["types"])
        if wanted.get("enabled"):
            columns |= {"failing_since": None, "off_reason": ""}
        await update(tx, tables.WebhookEndpoint, endpoint, columns)
        after = await endpoints.get_in(tx, cloud, endpoint)
        await audit.record_change(
            tx,
            actor,
            "webhook.change",
            f"webhook {endpoint}",
            cloud=cloud.id,
            before=before,
            after=after,
            fields=wanted,
        )
        return after


async def remove(actor: Actor, cloud: CloudFacts, endpoint: int, *, now: datetime) -> None:
    """Tell it nothing any more. What was told stays in the log for its time."""
    require(actor, Permission.WEBHOOKS_WRITE)
    async with atomic(actor) as tx:
        found = await endpoints.get_in(tx, cloud, endpoint, lock=True)
        gone = {"enabled": False, "removed_at": now, "secret": b"", "old_secret": None}
        await update(tx, tables.WebhookEndpoint, endpoint, gone)
        of = tables.WebhookDelivery
        left = (of.cloud == cloud.id) & (of.endpoint == endpoint) & (of.state == "waiting")
        await update(tx, tables.WebhookDelivery, left, {"state": "failed"})
        await _record(tx, actor, cloud, found, "webhook.remove", before=_told(found))


async def rotate(
    actor: Actor, cloud: CloudFacts, endpoint: int, *, vault: Vault, now: datetime
) -> tuple[Endpoint, str]:
    """Sign with a new secret, which is told once; for a day the one before signs, too."""
    require(actor, Permission.WEBHOOKS_WRITE)
    secret = new_secret()
    async with atomic(actor) as tx:
        await endpoints.get_in(tx, cloud, endpoint, lock=True)
        await tx.execute(_ROTATE, endpoint)
        columns = {
            "secret": vault.lock({"secret": secret}),
            "old_until": now + OLD_SECRET_FOR,
        }
        await update(tx, tables.WebhookEndpoint, endpoint, columns)
        found = await endpoints.get_in(tx, cloud, endpoint)
        told = {"secret": CHANGED}
        await _record(tx, actor, cloud, found, "webhook.rotate", after=told)
    return found, secret


async def test(actor: Actor, cloud: CloudFacts, endpoint: int, *, now: datetime) -> int:
    """Tell an endpoint that this is a test; the row id of the delivery.

    Raises `Conflict` for one that is switched off: nothing is sent to it.
    """
    require(actor, Permission.WEBHOOKS_WRITE)
    async with atomic(actor) as tx:
        found = await endpoints.get_in(tx, cloud, endpoint, lock=True)
        if not found.enabled:
            raise Conflict(_("This webhook is switched off. Switch it on first."))
        facts = {"webhook": endpoint, "url": found.url}
        made = await events.write_down(
            tx, cloud.id, EventType.WEBHOOK_TEST, facts, now=now, endpoint=endpoint
        )
        assert made is not None, "the endpoint is there"
        await _record(tx, actor, cloud, found, "webhook.test")
        return made


def _refuse(url: str, cloud: CloudFacts, addresses: WatcherAddresses) -> None:
    try:
        addresses.refuse_open(url, cloud.slug)
    except AddressRefused as error:
        raise Invalid({"url": error.message}) from error


def _told(found: Endpoint) -> dict[str, Any]:
    return {name: getattr(found, name) for name in _TOLD}


async def _record(
    tx: Transaction,
    actor: Actor,
    cloud: CloudFacts,
    found: Endpoint,
    action: str,
    *,
    before: object = None,
    after: object = None,
) -> None:
    about = f"webhook {found.id}"
    await audit.record(tx, actor, action, about, cloud=cloud.id, before=before, after=after)
