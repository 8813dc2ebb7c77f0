"""Putting a checklist of the first hour away, and taking it out again."""

from __future__ import annotations

from portal import tables
from portal.access import Actor
from portal.db import atomic
from portal.kit.actions.rows import update
from portal.kit.queries.tenancy import CloudFacts
from portal.overview.queries.checklist import key_of

_HIDDEN = "select checklists_hidden from portal_user where id = $1 for update"


async def hide(actor: Actor, cloud: CloudFacts | None, *, hidden: bool) -> None:
    """Whether the actor's overview leaves out the list of a cloud, or of the platform (None)."""
    async with atomic(actor) as tx:
        now: list[int] = await tx.fetchval(_HIDDEN, actor.user)
        kept = set(now) - {key_of(cloud)} | ({key_of(cloud)} if hidden else set())
        await update(
            tx,
            tables.PortalUser,
            tables.PortalUser.id == actor.user,
            {"checklists_hidden": sorted(kept)},
        )
