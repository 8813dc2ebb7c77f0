"""People of the portals: added, and invited to choose their password."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any

from portal import tables
from portal.access import PLATFORM_ROLES, Actor, Role, role_named
from portal.accounts.actions import sign_in_links
from portal.accounts.actions.managing import (
    managed,
    permission_for,
    record,
    refuse_many,
    refuse_more,
)
from portal.accounts.actions.responsible import make_responsible
from portal.accounts.actions.sign_in_links import INVITATION, Link
from portal.accounts.queries import people
from portal.accounts.queries.people import PersonRow
from portal.crypto import passwords
from portal.db import Transaction, atomic
from portal.errors import Conflict, Invalid, NotThere
from portal.kit.actions import audit, mail
from portal.kit.actions.mail import NO_POST, Post
from portal.kit.actions.permit import require
from portal.kit.actions.rows import insert
from portal.kit.forms.form import parse, values_of
from portal.kit.queries.tenancy import CloudFacts
from portal.values.address import normal
from portal.values.kinds import Email, Text
from portal.words import _


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """A person's address and name."""

    email: Annotated[str, Email()]
    name: Annotated[str, Text()]


async def create(
    actor: Actor,
    *,
    email: str,
    role: str,
    name: str | None = None,
    cloud: CloudFacts | None = None,
    subscriber: int | None = None,
    referral: str | None = None,
    password: str | None = None,
) -> int:
    """Add a person; its row id.

    `role` is as it is spoken on the platform, or within the cloud ("administrator",
    "account-manager", "accountant", "subscriber", "referral"); a subscriber's person names its
    number, a referral's its code. Without a password nobody signs in as this person yet. Raises
    `Invalid` by field, `Conflict` for an address that is taken.
    """
    require(actor, permission_for(actor, cloud))
    new = parse(
        NewUser,
        {
            "email": email,
            "name": (normal(email) or email).partition("@")[0] if name is None else name,
        },
    )
    meant = _role(role, cloud, subscriber, referral)
    refuse_more(actor, meant)
    if password is not None:
        about = (new.email, new.name, "" if cloud is None else cloud.slug)
        if refused := await passwords.refusal(password, about=about):
            raise Invalid({"password": refused})
    stored = None if password is None else await passwords.hash(password)
    async with atomic(actor) as tx:
        whose = await _whose(tx, cloud, subscriber, referral)
        return await _add(tx, actor, new, meant, stored, **whose)


async def _add(
    tx: Transaction,
    actor: Actor,
    new: NewUser,
    role: Role,
    stored: str | None,
    *,
    cloud: int | None,
    subscriber: int | None,
    referral: int | None,
) -> int:
    whose = {"cloud": cloud, "subscriber": subscriber, "referral": referral}
    await refuse_many(tx, actor, role, whose)
    facts = {**values_of(new), "role": str(role), **whose}
    columns = {**facts, "password": stored}
    made = await insert(tx, tables.PortalUser, columns, unless_there=True)
    if made is None:
        raise Conflict(
            _("There is a person %(email)r already.") % {"email": new.email},
            {"email": _("is taken")},
        )
    after = dict(facts)
    if stored is not None:
        after["credentials"] = audit.CHANGED
    await audit.record(tx, actor, "user.create", f"user {made}", cloud=cloud, after=after)
    return int(made)


async def invite_agent(  # noqa: PLR0917 - the last says when
    tx: Transaction, actor: Actor, new: NewUser, referral: int, post: Post, now: datetime
) -> Link:
    """Add whoever signs in for an agent (a row id) that the actor's referral has just invited."""
    refuse_more(actor, Role.REFERRAL)
    made = await _add(
        tx,
        actor,
        new,
        Role.REFERRAL,
        None,
        cloud=actor.cloud,
        subscriber=None,
        referral=referral,
    )
    return await send_link(tx, actor, await people.get_in(tx, made), INVITATION, post, now)


async def invite(
    actor: Actor,
    *,
    email: str,
    role: str,
    now: datetime,
    name: str | None = None,
    cloud: CloudFacts | None = None,
    subscriber: int | None = None,
    referral: str | None = None,
    clouds: Sequence[str] = (),
    post: Post = NO_POST,
) -> tuple[PersonRow, Link]:
    """Add a person as `create` does, and the link with which they choose their password.

    Where mail is sent it goes to them, and is told to nobody else. `clouds` are the slugs of those
    that a manager is to be responsible for.
    """
    async with atomic(actor) as tx:
        made = await create(
            actor,
            email=email,
            role=role,
            name=name,
            cloud=cloud,
            subscriber=subscriber,
            referral=referral,
        )
        person = await people.get_in(tx, made)
        if clouds:
            await make_responsible(tx, actor, person, clouds)
        link = await send_link(tx, actor, person, INVITATION, post, now)
        return await people.get_in(tx, made), link


async def resend_invitation(
    actor: Actor, user: int, *, now: datetime, post: Post = NO_POST
) -> Link:
    """A new link for somebody who has chosen no password yet; the one before is worthless."""
    async with atomic(actor) as tx:
        person = await managed(tx, actor, user)
        if not person.invited:
            raise Conflict(
                _("%(email)s has a password: reset it instead.") % {"email": person.email}
            )
        if not person.active:
            raise Conflict(
                _("%(email)s is deactivated: reactivate them first.") % {"email": person.email}
            )
        link = await send_link(tx, actor, person, INVITATION, post, now)
        await record(tx, actor, "user.resend-invitation", person)
        return link


async def send_link(  # noqa: PLR0917 - the last says when
    tx: Transaction, actor: Actor, person: PersonRow, kind: str, post: Post, now: datetime
) -> Link:
    """A new link for a person, by mail where mail is sent."""
    link = await sign_in_links.make(
        tx, person.id, kind, now=now, cloud=person.cloud_id, made_by=actor.user
    )
    sent = await mail.write(
        tx,
        post,
        kind,
        f"{kind} by link {link.id}",
        person.email,
        now=now,
        cloud=person.cloud_id,
        user=person.id,
        link=link.id,
    )
    return replace(link, token="", mailed=True) if sent else link


def _role(
    role: str, cloud: CloudFacts | None, subscriber: int | None, referral: str | None
) -> Role:
    """The role meant, with what it needs and nothing else. Raises `Invalid`."""
    meant = role_named(role, in_cloud=cloud is not None)
    problems = {}
    if meant is None:
        of_cloud = role_named(role, in_cloud=True) if cloud is None else None
        problems["cloud" if of_cloud else "role"] = (
            _("is required for this role")
            if of_cloud
            else (_("there is no role %(role)r") % {"role": role})
        )
    for field, value, owner in (
        ("subscriber", subscriber, Role.SUBSCRIBER),
        ("referral", referral, Role.REFERRAL),
    ):
        if (value is not None) != (meant is owner):
            problems[field] = _("is required") if value is None else _("is not for this role")
    if problems or meant is None:
        raise Invalid(problems)
    assert (cloud is None) == (meant in PLATFORM_ROLES), "roles divide into two"
    return meant


async def _whose(
    tx: Transaction, cloud: CloudFacts | None, subscriber: int | None, referral: str | None
) -> dict[str, Any]:
    """Ids of the cloud, the subscriber and the referral that a person belongs to."""
    whose: dict[str, Any] = {"cloud": None, "subscriber": None, "referral": None}
    if cloud is None:
        return whose
    whose["cloud"] = cloud.id
    for field, key, column in (
        ("subscriber", subscriber, "number"),
        ("referral", referral, "code"),
    ):
        if key is None:
            continue
        whose[field] = await tx.fetchval(
            f"select id from {field} where cloud = $1 and {column} = $2",  # noqa: S608 - of the pairs above
            whose["cloud"],
            key,
        )
        if whose[field] is None:
            raise NotThere(
                {field: _("there is no %(field)s %(key)r") % {"field": field, "key": key}}
            )
    return whose
