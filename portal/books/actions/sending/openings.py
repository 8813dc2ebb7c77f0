"""That a subscriber saw a document in the portal: written down once, the first time."""

from __future__ import annotations

from datetime import datetime

from portal import tables
from portal.access import Actor, Role
from portal.books.queries.sending import openings
from portal.db import atomic
from portal.kit.actions.rows import insert


async def note_opening(actor: Actor, number: str, *, now: datetime) -> None:
    """Write down that the actor, who signs in for a subscriber, opened a document of its own.

    Nothing for anybody else, and for one that was opened before or is not there.
    """
    if actor.role is not Role.SUBSCRIBER or actor.cloud is None:
        return
    async with atomic(actor) as tx:
        unopened = await openings.unopened(tx, actor.cloud, number)
        if unopened is None:
            return
        columns = {
            "cloud": actor.cloud,
            "subscriber": actor.subscriber,
            "invoice": unopened,
            "opened_by": actor.name,
            "opened_at": now,
        }
        await insert(tx, tables.DocumentOpening, columns, unless_there=True)
