"""People of the portals: added by name, role and whose they are; changed, blocked, let in again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final

from portal import tables
from portal.access import (
    ADMINISTRATORS,
    PLATFORM_ROLES,
    RESPONSIBLE,
    Actor,
    Permission,
    Role,
    may_give,
    role_named,
)
from portal.accounts.actions import sign_in_links
from portal.accounts.actions.responsible import make_responsible
from portal.accounts.actions.sign_in_links import Link
from portal.accounts.queries import people
from portal.accounts.queries.people import PersonRow
from portal.crypto import passwords
from portal.db import Transaction, atomic
from portal.errors import Conflict, Forbidden, Invalid, NotThere
from portal.kit.actions import audit
from portal.kit.actions.locks import lock_count
from portal.kit.actions.permit import require
from portal.kit.actions.rows import insert, update
from portal.kit.forms.form import UNSET, Unset, parse, values_of
from portal.kit.queries.tenancy import CloudFacts
from portal.values.address import normal
from portal.values.kinds import Email, Text
from portal.values.roles import role_label
from portal.words import _

PEOPLE_MAX: Final = 1_000
"""Of a cloud or of the platform, those of one role; of one subscriber or referral, all."""


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
    require(actor, _writes(cloud))
    new = parse(
        NewUser,
        {
            "email": email,
            "name": (normal(email) or email).partition("@")[0] if name is None else name,
        },
    )
    meant = _role(role, cloud, subscriber, referral)
    _refuse_more(actor, meant)
    if password is not None:
        about = (new.email, new.name, "" if cloud is None else cloud.slug)
        if refused := await passwords.refusal(password, about=about):
            raise Invalid({"password": refused})
    stored = None if password is None else await passwords.hash(password)
    async with atomic(actor) as tx:
        whose = await _whose(tx, cloud, subscriber, referral)
        await _refuse_many(tx, meant, whose)
        facts = {**values_of(new), "role": str(meant), **whose}
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
        await audit.record(
            tx, actor, "user.create", f"user {made}", cloud=whose["cloud"], after=after
        )
        return int(made)


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
) -> tuple[PersonRow, Link]:
    """Add a person as `create` does, and the link with which they choose their password.

    `clouds` are the slugs of those that a manager is to be responsible for.
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
        link = await sign_in_links.make(tx, made, sign_in_links.INVITED_FOR, now)
        return await people.get_in(tx, made), link


async def change(
    actor: Actor,
    user: int,
    *,
    role: str | Unset = UNSET,
    active: bool | Unset = UNSET,
    clouds: Sequence[str] | Unset = UNSET,
) -> PersonRow:
    """Give a person (by row id) another role, block or unblock them, name a manager's clouds.

    `role` is as it is spoken where they belong. Takes effect at once: blocking ends their sessions
    and their keys answer nothing. Raises `NotFound`, `Forbidden`, `Invalid`, and `Conflict` for
    oneself and for the last administrator.
    """
    async with atomic(actor) as tx:
        before = await managed(tx, actor, user)
        meant = before.role if role is UNSET else _other_role(before, role)
        _refuse_more(actor, meant)
        stays = before.active if active is UNSET else active
        if meant is not before.role:
            whose = {"cloud": before.cloud_id, "subscriber": None, "referral": None}
            await _refuse_many(tx, meant, whose)
        if (meant, stays) != (before.role, before.active):
            await _refuse_oneself_and_last(tx, actor, before, meant, stays=stays)
            changed = {"role": str(meant), "active": stays}
            await update(tx, tables.PortalUser, user, changed)
        if not stays:
            await _cut_off(tx, user)
        elif meant != before.role:  # with another role, another session
            await _end_sessions(tx, user)
        wanted = before.clouds if clouds is UNSET else tuple(clouds)
        if clouds is not UNSET and wanted and meant not in RESPONSIBLE:
            raise Invalid({"clouds": _("are for a manager of the platform")})
        kept = wanted if meant in RESPONSIBLE else ()
        if kept != before.clouds:
            await make_responsible(tx, actor, before, kept)
        after = await people.get_in(tx, user)
        if after != before:
            await _record(tx, actor, "user.change", before, _facts(before), _facts(after))
        return after


async def end_sessions(actor: Actor, user: int) -> int:
    """Sign a person out everywhere; how many sessions there were."""
    async with atomic(actor) as tx:
        person = await managed(tx, actor, user)
        ended = await _end_sessions(tx, user)
        await _record(tx, actor, "user.end-sessions", person, None, {"ended": ended})
        return ended


async def reset_password(actor: Actor, user: int, *, now: datetime) -> Link:
    """Make a person's password worthless and end their sessions; the link to choose another.

    Raises `NotFound`, `Forbidden`, and `Conflict` for oneself, for somebody who is blocked, and
    where no administrator would be left who can sign in and nobody above is the one who asks.
    """
    async with atomic(actor) as tx:
        person = await managed(tx, actor, user)
        refuse_oneself(actor, person)
        if not person.active:
            raise Conflict(_("%(email)s is blocked: unblock them first.") % {"email": person.email})
        is_above = actor.role is Role.SYSTEM or (actor.cloud is None and person.cloud is not None)
        if person.role in ADMINISTRATORS and not person.invited and not is_above:
            await _refuse_last(tx, person, "password")
        await _end_sessions(tx, user)
        await update(tx, tables.PortalUser, user, {"password": None})
        link = await sign_in_links.make(tx, user, sign_in_links.RESET_FOR, now)
        told = {"password": audit.CHANGED}
        await _record(tx, actor, "user.reset-password", person, None, told)
        return link


async def resend_invitation(actor: Actor, user: int, *, now: datetime) -> Link:
    """A new link for somebody who has chosen no password yet; the one before is worthless."""
    async with atomic(actor) as tx:
        person = await managed(tx, actor, user)
        if not person.invited:
            raise Conflict(
                _("%(email)s has a password: reset it instead.") % {"email": person.email}
            )
        if not person.active:
            raise Conflict(_("%(email)s is blocked: unblock them first.") % {"email": person.email})
        link = await sign_in_links.make(tx, user, sign_in_links.INVITED_FOR, now)
        await _record(tx, actor, "user.resend-invitation", person)
        return link


def _writes(cloud: CloudFacts | str | None) -> Permission:
    return Permission.STAFF_WRITE if cloud is None else Permission.USERS_WRITE


def _refuse_more(actor: Actor, role: Role) -> None:
    """Nobody gives, or takes away, what they do not hold themselves."""
    if not may_give(actor, role):
        raise Forbidden(
            _("%(role)s %(name)r does not manage people of the role %(managed)s.")
            % {"role": role_label(actor.role), "name": actor.name, "managed": role_label(role)}
        )


async def managed(tx: Transaction, actor: Actor, user: int) -> PersonRow:
    """The person, locked, if the actor may manage them. Raises `NotFound`, `Forbidden`."""
    seen = await people.get_in(tx, user)
    require(actor, _writes(seen.cloud))
    _refuse_more(actor, seen.role)
    return await people.get_in(tx, user, lock=True)


def _other_role(person: PersonRow, role: str) -> Role:
    """The role meant for somebody who belongs where they belong. Raises `Invalid`."""
    meant = role_named(role, in_cloud=person.cloud is not None)
    owned = (Role.SUBSCRIBER, Role.REFERRAL)
    if meant is None:
        raise Invalid({"role": _("there is no role %(role)r") % {"role": role}})
    if meant is not person.role and (person.role in owned or meant in owned):
        raise Invalid({"role": _("a person of a subscriber or a referral stays one")})
    return meant


def refuse_oneself(actor: Actor, person: PersonRow) -> None:
    """Whoever has taken over a session must not get past the password and the code with it."""
    if actor.user == person.id:
        raise Conflict(_("Your own password and second factor are changed in your account."))


async def _refuse_oneself_and_last(
    tx: Transaction, actor: Actor, person: PersonRow, role: Role, *, stays: bool
) -> None:
    if actor.user == person.id:
        raise Conflict(
            _("Your own role, and whether you are blocked, is for another administrator.")
        )
    if person.role in ADMINISTRATORS and not (stays and role is person.role):
        await _refuse_last(tx, person, "role" if stays else "active")


async def _refuse_last(tx: Transaction, person: PersonRow, field: str) -> None:
    """Raises `Conflict` for the last administrator, of the platform or a cloud, who can sign in."""
    where = "the platform" if person.cloud is None else person.cloud
    # Two who block each other at once: the second waits, and then counts the first no more.
    await lock_count(tx, "administrators", where)
    others = await tx.fetchval(
        "select count(*) from portal_user where id <> $1 and role = $2"
        " and cloud is not distinct from $3 and active and has_password",
        person.id,
        str(person.role),
        person.cloud_id,
    )
    if not others:
        raise Conflict(
            _("%(email)s is the last administrator of %(where)s who can sign in.")
            % {"email": person.email, "where": where},
            {field: _("would leave no administrator")},
        )


async def _refuse_many(tx: Transaction, role: Role, whose: dict[str, Any]) -> None:
    await lock_count(tx, "people", role, *whose.values())
    count = await tx.fetchval(
        "select count(*) from portal_user where role = $1 and cloud is not distinct from $2"
        " and subscriber is not distinct from $3 and referral is not distinct from $4",
        str(role),
        *whose.values(),
    )
    if count >= PEOPLE_MAX:
        raise Conflict(
            _("There are %(people_max)s people with this role already.")
            % {"people_max": PEOPLE_MAX}
        )


async def _cut_off(tx: Transaction, user: int) -> None:
    await _end_sessions(tx, user)
    await update(tx, tables.PortalUser, user, {"link_hash": None, "link_expires_at": None})


async def _end_sessions(tx: Transaction, user: int) -> int:
    rows = await tx.fetch("delete from user_session where user_id = $1 returning id", user)
    return len(rows)


def _facts(person: PersonRow) -> dict[str, Any]:
    return {"role": str(person.role), "active": person.active, "clouds": list(person.clouds)}


async def _record(  # noqa: PLR0917 - the two last are what came before and after
    tx: Transaction,
    actor: Actor,
    action: str,
    person: PersonRow,
    before: object = None,
    after: object = None,
) -> None:
    await audit.record(
        tx,
        actor,
        action,
        f"user {person.id}",
        cloud=person.cloud_id,
        before=before,
        after=after,
    )


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
