"""Inviting several subscribers: each by itself, so that one address keeps nobody else out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.access import Actor, Permission
from portal.accounts.actions import invitations
from portal.accounts.actions.sign_in_links import Link
from portal.errors import Conflict, Invalid
from portal.kit.actions.mail import NO_POST, Post
from portal.kit.actions.permit import require
from portal.kit.queries.tenancy import CloudFacts
from portal.overview.queries import customers
from portal.overview.queries.customers import Contact
from portal.words import _


@dataclass(frozen=True, slots=True)
class Invited:
    """What became of one invitation: `link` where it was made, or `problem` says why not."""

    number: int
    name: str
    email: str
    link: Link | None = None
    problem: str = ""


def invitable(rows: Sequence[Contact]) -> list[Contact]:
    """Those who have an address and nobody yet who may sign in."""
    return [row for row in rows if row.email and not row.has_people]


async def invite_all(
    actor: Actor, cloud: CloudFacts, numbers: Sequence[int], *, now: datetime, post: Post = NO_POST
) -> list[Invited]:
    """Invite subscribers by their own addresses; what became of each that is there, by number."""
    require(actor, Permission.USERS_WRITE)
    made = []
    for row in await customers.contacts(actor, cloud, numbers):
        facts = row.number, row.name, row.email
        if row.has_people:
            made.append(Invited(*facts, problem=_("Somebody signs in for it, or is invited.")))
            continue
        if not row.email:
            made.append(Invited(*facts, problem=_("There is no e-mail address.")))
            continue
        try:
            _person, link = await invitations.invite(
                actor,
                email=row.email,
                role="subscriber",
                name=row.name,
                cloud=cloud,
                subscriber=row.number,
                now=now,
                post=post,
            )
        except (Conflict, Invalid) as problem:
            made.append(Invited(*facts, problem=problem.message))
            continue
        made.append(Invited(*facts, link=link))
    return made
