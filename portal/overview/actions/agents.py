"""A referral invites an agent, where its operator lets it; the operator looks at it afterwards."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from portal.access import Actor, Permission
from portal.accounts.actions import invitations
from portal.accounts.actions.invitations import NewUser
from portal.accounts.actions.sign_in_links import Link
from portal.customers.forms.referral import NewAgent
from portal.db import atomic
from portal.errors import Forbidden
from portal.kit.actions import audit
from portal.kit.actions.mail import NO_POST, Post
from portal.kit.actions.permit import require
from portal.kit.queries.tenancy import CloudFacts
from portal.overview.queries.agents import WAITING_MAX
from portal.values.text import code_of
from portal.words import _

_INVITE: Final = "select made, made_code from invite_agent($1, $2, $3, $4, $5)"
RESERVED: Final = frozenset({"new", "levels"})
"""No referral is called so: pages of all of them are at these addresses."""


async def invite(
    actor: Actor, cloud: CloudFacts, new: NewAgent, *, now: datetime, post: Post = NO_POST
) -> Link:
    """Take on an agent below the referral who acts, at the cloud's percent; its first link.

    All or nothing. Raises `Forbidden` where the operator lets no agent be invited so deep, or too
    many wait for its look, `Conflict` for an address that is somebody's.
    """
    async with atomic(actor) as tx:
        require(actor, Permission.SUBSCRIBERS_BRING)
        code = code_of(new.name) or "agent"
        wish = f"{code}-agent" if code in RESERVED else code
        made = await tx.fetchrow(_INVITE, wish, new.name, new.email, now, WAITING_MAX)
        if made is None:
            raise Forbidden(_("Your operator takes on no agent of yours now."))
        user = NewUser(email=new.email, name=new.name)
        link = await invitations.invite_agent(tx, actor, user, made["made"], post, now)
        await audit.record(
            tx,
            actor,
            "referral.invite",
            f"referral {made['made_code']}",
            cloud=cloud.id,
            after={"name": new.name, "email": new.email},
        )
        return link
