"""Taking on a referral together with the person who signs in for it: both, or neither."""

from __future__ import annotations

from datetime import datetime

from portal.access import Actor
from portal.accounts.actions import invitations
from portal.accounts.actions.sign_in_links import Link
from portal.customers.actions import referrals
from portal.customers.forms.referral import NewReferral
from portal.customers.queries.referrals import Referral
from portal.db import atomic
from portal.errors import Invalid
from portal.kit.actions.mail import NO_POST, Post
from portal.kit.queries.tenancy import CloudFacts
from portal.words import _


async def take_on(
    actor: Actor,
    cloud: CloudFacts,
    new: NewReferral,
    *,
    invited: bool,
    now: datetime,
    post: Post = NO_POST,
) -> tuple[Referral, Link | None]:
    """The referral, and the link of its invitation where its e-mail address is `invited`.

    Raises `Invalid` by field, `Conflict` for a code or an address that is taken.
    """
    if invited and not new.email:
        raise Invalid({"email": _("is required for an invitation")})
    async with atomic(actor):
        made = await referrals.create(actor, cloud, new)
        if not invited:
            return made, None
        _person, link = await invitations.invite(
            actor,
            email=new.email,
            name=new.name,
            role="referral",
            cloud=cloud,
            referral=new.code,
            now=now,
            post=post,
        )
        return made, link
