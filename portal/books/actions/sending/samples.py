"""A trial of the mail with an invoice: to whoever writes its text, and to nobody else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from portal.access import Actor, Permission
from portal.accounts.queries import deliveries, people
from portal.accounts.queries.deliveries import DeliveryRow
from portal.db import atomic
from portal.errors import Conflict
from portal.kit.actions import audit, mail
from portal.kit.actions.mail import Post
from portal.kit.actions.permit import require
from portal.kit.queries.tenancy import CloudFacts
from portal.values.mail.documents import SAMPLE, TEXT
from portal.words import _


async def send_sample(
    actor: Actor, cloud: CloudFacts, text: Sequence[str], *, now: datetime, post: Post
) -> DeliveryRow:
    """Write the mail of an invoice with a text (paragraphs) to the actor.

    Raises `Conflict` where no mail server is set up, and for a key that stands for no person.
    """
    require(actor, Permission.SETTINGS_WRITE)
    if not post.is_set_up:
        raise Conflict(_("No mail server is set up: set CAMLEDGER_SMTP_URL, and restart."))
    if actor.user is None:
        raise Conflict(_("A key has no mailbox: a test message goes to a person."))
    async with atomic(actor) as tx:
        person = await people.get_in(tx, actor.user)
        made = await mail.write(
            tx,
            post,
            SAMPLE,
            f"{SAMPLE} {person.id} {now.isoformat()}",
            person.email,
            now=now,
            cloud=cloud.id,
            user=person.id,
            facts={TEXT: list(text)},
        )
        assert made is not None, "no moment comes twice"
        await audit.record(tx, actor, "mail.test", f"mail {made}", cloud=cloud.id)
        return await deliveries.get_in(tx, made)
