"""Inviting referred subscribers: at once or after the operator's look, as the cloud says.

Workers do it, so that what a referral's form answers, and how long that takes, says nothing of
whether the customer was known.
"""

from __future__ import annotations

from datetime import datetime

from portal import tables
from portal.access import SYSTEM
from portal.accounts.actions import invitations
from portal.db import atomic
from portal.errors import Conflict
from portal.kit.actions.mail import Post
from portal.kit.actions.rows import update
from portal.kit.queries import tenancy
from portal.overview.queries import referred_subscribers as reads


async def invite_due(*, now: datetime, post: Post) -> int:
    """Invite who is due, where this installation sends mail; how many were.

    An address that somebody has signed in with meanwhile is one more thing for the operator to look
    at.
    """
    if not post.is_set_up:
        return 0
    invited = 0
    for one in await reads.to_invite(now=now):
        cloud = await tenancy.get_by_id(SYSTEM, one.cloud)
        try:
            await invitations.invite(
                SYSTEM,
                email=one.email,
                name=one.name,
                role="subscriber",
                cloud=cloud,
                subscriber=one.number,
                now=now,
                post=post,
            )
            invited += 1
        except Conflict:
            async with atomic(SYSTEM) as tx:
                doubts = [*one.doubts, "email"]
                await update(tx, tables.Subscriber, one.id, {"brought_doubts": doubts})
    return invited
