"""People of the portals: changed, blocked, let in again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from portal import tables
from portal.access import (
    ADMINISTRATORS,
    OWNED,
    RESPONSIBLE,
    Actor,
    Permission,
    Role,
    role_named,
)
from portal.accounts.actions import sign_in_links
from portal.accounts.actions.invitations import send_link
from portal.accounts.actions.managing import managed, record, refuse_many, refuse_more
from portal.accounts.actions.responsible import make_responsible
from portal.accounts.actions.sign_in_links import EMAIL, INVITATION, RESET, Link
from portal.accounts.queries import people
from portal.accounts.queries.people import PersonRow
from portal.db import Transaction, atomic
from portal.errors import Conflict, Invalid
from portal.kit.actions import audit
from portal.kit.actions.locks import lock_count
from portal.kit.actions.mail import NO_POST, Post
from portal.kit.actions.permit import require
from portal.kit.actions.rows import update
from portal.kit.forms.form import UNSET, Unset
from portal.words import _


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
        if role is not UNSET:  # of one's own account, access is ended and nothing else
            staff = before.cloud is None
            require(actor, Permission.STAFF_WRITE if staff else Permission.USERS_WRITE)
        meant = before.role if role is UNSET else _other_role(before, role)
        refuse_more(actor, meant)
        stays = before.active if active is UNSET else active
        if meant is not before.role:
            whose = {"cloud": before.cloud_id, "subscriber": None, "referral": None}
            await refuse_many(tx, actor, meant, whose)
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
            await record(tx, actor, "user.change", before, _facts(before), _facts(after))
        return after


async def end_sessions(actor: Actor, user: int) -> int:
    """Sign a person out everywhere; how many sessions there were."""
    async with atomic(actor) as tx:
        person = await managed(tx, actor, user)
        ended = await _end_sessions(tx, user)
        await record(tx, actor, "user.end-sessions", person, None, {"ended": ended})
        return ended


async def reset_password(actor: Actor, user: int, *, now: datetime, post: Post = NO_POST) -> Link:
    """Make a person's password worthless and end their sessions; the link to choose another.

    Raises `NotFound`, `Forbidden`, and `Conflict` for oneself, for somebody who is blocked, and
    where no administrator would be left who can sign in and nobody above is the one who asks.
    """
    async with atomic(actor) as tx:
        person = await managed(tx, actor, user)
        refuse_oneself(actor, person)
        if not person.active:
            raise Conflict(
                _("%(email)s is deactivated: reactivate them first.") % {"email": person.email}
            )
        is_above = actor.role is Role.SYSTEM or (actor.cloud is None and person.cloud is not None)
        if person.role in ADMINISTRATORS and not person.invited and not is_above:
            await _refuse_last(tx, person, "password")
        await _end_sessions(tx, user)
        await update(tx, tables.PortalUser, user, {"password": None})
        link = await send_link(tx, actor, person, RESET, post, now)
        told = {"password": audit.CHANGED}
        await record(tx, actor, "user.reset-password", person, None, told)
        return link


def _other_role(person: PersonRow, role: str) -> Role:
    """The role meant for somebody who belongs where they belong. Raises `Invalid`."""
    meant = role_named(role, in_cloud=person.cloud is not None)
    if meant is None:
        raise Invalid({"role": _("there is no role %(role)r") % {"role": role}})
    if meant is not person.role and (person.role in OWNED or meant in OWNED):
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
            _("Your own role, and whether you are active, is for another administrator.")
        )
    if person.role in ADMINISTRATORS and not (stays and role is person.role):
        await _refuse_last(tx, person, "role" if stays else "active")
    if actor.role in OWNED and not stays:
        await _refuse_last_of_account(tx, actor, person)


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


async def _refuse_last_of_account(tx: Transaction, actor: Actor, person: PersonRow) -> None:
    """Raises `Conflict` where nobody else of the actor's own subscriber or referral can sign in."""
    # Of two who end each other's access at once, the second counts the first no more.
    await lock_count(tx, "people", actor.subscriber, actor.referral)
    others = await tx.fetchval(
        "select count(*) from portal_user where id <> $1 and active and has_password"
        " and subscriber is not distinct from $2 and referral is not distinct from $3",
        person.id,
        actor.subscriber,
        actor.referral,
    )
    if not others:
        raise Conflict(
            _("%(email)s is the last person of this account who can sign in.")
            % {"email": person.email}
        )


async def _cut_off(tx: Transaction, user: int) -> None:
    await _end_sessions(tx, user)
    await sign_in_links.replace_all(tx, user, (INVITATION, RESET, EMAIL))


async def _end_sessions(tx: Transaction, user: int) -> int:
    rows = await tx.fetch("delete from user_session where user_id = $1 returning id", user)
    return len(rows)


def _facts(person: PersonRow) -> dict[str, Any]:
    return {"role": str(person.role), "active": person.active, "clouds": list(person.clouds)}
