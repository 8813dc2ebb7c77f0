"""What a one-time link leads to: the first password, or another one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import structlog

from portal import tables
from portal.access import Actor
from portal.accounts.actions import notices, sessions, sign_in_links
from portal.accounts.actions.sessions import Visit
from portal.accounts.actions.sign_in import Browser, Entered, entered_with
from portal.accounts.actions.sign_in_links import INVITATION, RESET, Owner
from portal.accounts.forms.user import OwnName
from portal.crypto import passwords
from portal.db import Transaction, atomic
from portal.errors import Invalid
from portal.kit.actions import audit
from portal.kit.actions.mail import Post
from portal.kit.actions.rows import update
from portal.kit.forms.form import parse

log = structlog.get_logger()


async def accept_invitation(
    token: str, name: str, password: str, visit: Visit, browser: Browser
) -> Entered:
    """Give an invited person their name and first password, once, and begin their session.

    Raises `NotFound`, `LinkOver`, and `Invalid` for "name" and "password".
    """
    owner = await sign_in_links.find_open(token, INVITATION, visit.now)
    named = parse(OwnName, {"name": name}).name
    stored = await _hashed(owner, password, (named,))
    async with atomic(_person(owner, visit)) as tx:
        await sign_in_links.use(tx, owner, visit.now)
        await _give(tx, owner, stored)
        own = {"name": named, "signed_in_at": visit.now}
        await update(tx, tables.PortalUser, owner.user, own)
        await sessions.end_all(tx, owner.user)
        key = await sessions.begin(tx, owner.user, visit)
        await _record(tx, owner, visit, "invitation.accept", {"name": named})
    log.info("Invitation accepted", user=owner.user, address=visit.address)
    return await entered_with(key, visit, browser, owner.user, stored)


async def set_password(token: str, password: str, visit: Visit, *, post: Post) -> Owner:
    """Give somebody another password, once; all their sessions end. Whose link it was.

    The password that a reset took away is not chosen again: it was forgotten, or others know it.
    Raises `NotFound`, `LinkOver`, and `Invalid` for "password".
    """
    owner = await sign_in_links.find_open(token, RESET, visit.now)
    stored = await _hashed(owner, password, (owner.name,))
    async with atomic(_person(owner, visit)) as tx:
        await sign_in_links.use(tx, owner, visit.now)
        await _give(tx, owner, stored)
        await sessions.end_all(tx, owner.user)
        await _record(tx, owner, visit, "password.choose", {})
        await notices.password_changed(tx, post, _person(owner, visit), visit)
    log.info("Password set by a link", user=owner.user, address=visit.address)
    return owner


def _person(owner: Owner, visit: Visit) -> Actor:
    return Actor(owner.role, owner.email, user=owner.user, cloud=owner.cloud, address=visit.address)


async def _hashed(owner: Owner, password: str, names: tuple[str, ...]) -> str:
    about = (owner.email, owner.place, *names)
    refused = await passwords.refusal(password, about=about, present=owner.password_before)
    if refused:
        raise Invalid({"password": refused})
    return await passwords.hash(password)


async def _give(tx: Transaction, owner: Owner, password: str) -> None:
    given = await update(
        tx,
        tables.PortalUser,
        (tables.PortalUser.id == owner.user) & tables.PortalUser.active.eq(True),  # noqa: FBT003 - a value
        {"password": password},
        through="credential",
    )
    if not given:
        raise sign_in_links.over(replace(owner, state="used"))


async def _record(
    tx: Transaction, owner: Owner, visit: Visit, action: str, facts: dict[str, Any]
) -> None:
    after = {**facts, "password": audit.CHANGED}
    await audit.record(
        tx,
        _person(owner, visit),
        action,
        f"user {owner.user}",
        cloud=owner.cloud,
        after=after,
    )
