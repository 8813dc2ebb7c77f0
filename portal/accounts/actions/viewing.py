"""Looking at a portal as somebody else sees it: begun with a reason, for an hour at most."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from portal import tables
from portal.access import Actor, Permission, may_view
from portal.accounts.forms.viewing import ViewForm
from portal.accounts.queries.viewing import Subject
from portal.db import atomic
from portal.errors import Forbidden
from portal.kit.actions import audit
from portal.kit.actions.permit import require
from portal.kit.actions.rows import insert
from portal.words import _

_END: Final = "update view_as set ends_at = $2 where session = $1 and ends_at > $2 returning cloud"


async def start(actor: Actor, subject: Subject, form: ViewForm, *, now: datetime) -> None:
    """Let the actor's session look at the portal as `subject` for `form.minutes`.

    It is in the audit log of the cloud, under who looks and whom. Raises `Forbidden` for roles that
    the actor may not look at the portal as.
    """
    require(actor, Permission.VIEW_AS)
    if not may_view(actor, subject.role) or actor.session is None or actor.user is None:
        raise Forbidden(_("You may not look at the portal as this person."), Permission.VIEW_AS)
    ends_at = now + timedelta(minutes=int(form.minutes))
    async with atomic(actor) as tx:
        await tx.execute(_END, actor.session, now)
        await insert(
            tx,
            tables.ViewAs,
            {
                "cloud": subject.cloud.id,
                "user_id": actor.user,
                "session": actor.session,
                "role": subject.role,
                "viewed_user": subject.user,
                "subscriber": subject.subscriber,
                "referral": subject.referral,
                "name": subject.name,
                "reason": form.reason,
                "started_at": now,
                "ends_at": ends_at,
            },
        )
        await audit.record(
            tx,
            actor,
            "view.start",
            subject.object,
            cloud=subject.cloud.id,
            after={"role": subject.role, "name": subject.name, "reason": form.reason},
        )


async def stop(actor: Actor, *, now: datetime) -> None:
    """The actor's session looks at its own portal again; again changes nothing."""
    if actor.session is None:
        return
    async with atomic(actor) as tx:
        cloud = await tx.fetchval(_END, actor.session, now)
        if cloud is not None:
            await audit.record(tx, actor, "view.stop", "session", cloud=cloud)
