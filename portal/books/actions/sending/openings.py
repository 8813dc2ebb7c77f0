"""That a subscriber saw a document in the portal: written down once, the first time."""

from __future__ import annotations

from datetime import datetime

from portal import tables
from portal.access import Actor, Role
from portal.books.queries.sending import openings
from portal.db import atomic
from portal.kit.actions.rows import insert
from portal.kit.queries.tenancy import CloudFacts


async def note_opening(actor: Actor, cloud: CloudFacts, number: str, *, now: datetime) -> None:
    """Write down that the actor, who signs in for a subscriber, opened a document of its own.

    Nothing for anybody else, and for one that was opened before or is not there.
    """
    if actor.role is not Role.SUBSCRIBER or actor.subscriber is None:
        return
    unopened = await openings.unopened(actor, cloud, number)
    if unopened is None:
        return
    columns = {
        "cloud": cloud.id,
        "subscriber": actor.subscriber,
        "invoice": unopened,
        "opened_by": actor.name,
        "opened_at": now,
    }
    async with atomic(actor) as tx:
        await insert(tx, tables.DocumentOpening, columns, unless_there=True)
