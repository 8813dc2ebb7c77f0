"""What people do about mail: send what has failed again, and a test to themselves."""

from __future__ import annotations

from datetime import datetime

from portal import tables
from portal.access import Actor
from portal.accounts.actions.managing import managed, permission_for
from portal.accounts.queries import deliveries, people
from portal.accounts.queries.deliveries import DeliveryRow
from portal.db import atomic
from portal.errors import Conflict, no_such
from portal.kit.actions import audit, mail
from portal.kit.actions.mail import Post
from portal.kit.actions.permit import require
from portal.kit.actions.rows import update
from portal.kit.queries.tenancy import CloudFacts
from portal.values.mail import TEST
from portal.words import _


async def send_again(
    actor: Actor, delivery: DeliveryRow, *, now: datetime, post: Post
) -> DeliveryRow:
    """Try a mail again that had failed. Raises `Conflict` for any other, `Forbidden`."""
    require(actor, permission_for(actor, delivery.cloud))
    async with atomic(actor) as tx:
        mine = tables.Delivery
        again = await update(
            tx,
            tables.Delivery,
            (mine.id == delivery.id) & (mine.state == "failed"),
            {"state": "waiting", "attempts": 0, "error": "", "due_at": now},
        )
        if not again:
            raise Conflict(_("Only mail that has failed is sent again."))
        mail.ring(post)
        await audit.record(
            tx,
            actor,
            "mail.send-again",
            f"mail {delivery.id}",
            cloud=delivery.cloud_id,
            after={"recipient": delivery.recipient},
        )
        return await deliveries.get_in(tx, delivery.id)


async def send_test(
    actor: Actor, cloud: CloudFacts | None, *, now: datetime, post: Post, user: int | None = None
) -> DeliveryRow:
    """Write a test message to the actor, or to a `user` (a row id) whom the actor manages.

    Raises `Conflict` where no mail server is set up, and for a key that stands for no person.
    """
    require(actor, permission_for(actor, None if cloud is None else cloud.slug))
    if not post.is_set_up:
        raise Conflict(_("No mail server is set up: set CAMLEDGER_SMTP_URL, and restart."))
    reader = actor.user if user is None else user
    if reader is None:
        raise Conflict(
            _("A key has no mailbox: a test message goes to a person."), {"user": _("is required")}
        )
    async with atomic(actor) as tx:
        person = await people.get_in(tx, reader)
        if reader != actor.user:
            person = await managed(tx, actor, reader)
        if person.cloud != (None if cloud is None else cloud.slug):
            raise no_such(_("person"), reader)
        made = await mail.write(
            tx,
            post,
            TEST,
            f"{TEST} {person.id} {now.isoformat()}",
            person.email,
            now=now,
            cloud=None if cloud is None else cloud.id,
            user=person.id,
        )
        assert made is not None, "no moment comes twice"
        await audit.record(
            tx, actor, "mail.test", f"mail {made}", cloud=None if cloud is None else cloud.id
        )
        return await deliveries.get_in(tx, made)
