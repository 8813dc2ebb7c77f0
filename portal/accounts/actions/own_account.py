"""What a person says of themself: name, zone, how figures are written, keys, mails, address."""

from __future__ import annotations

from dataclasses import replace

import asyncpg
import structlog

from portal import tables
from portal.access import DOORKEEPER, Actor
from portal.accounts.actions import sign_in_links
from portal.accounts.actions.sessions import Visit
from portal.accounts.actions.sign_in import check_password
from portal.accounts.actions.sign_in_links import EMAIL, Owner
from portal.accounts.forms.user import NewEmail, OwnProfile
from portal.accounts.queries import users
from portal.db import atomic
from portal.errors import Conflict, Invalid
from portal.kit.actions import audit, mail
from portal.kit.actions.mail import Post
from portal.kit.actions.rows import update
from portal.kit.forms.form import parse, values_of
from portal.values.mail import EMAIL_CHANGED
from portal.words import _

log = structlog.get_logger()
TAKEN = _("Somebody else signs in with this address.")


async def change_profile(actor: Actor, profile: OwnProfile) -> None:
    """Keep what a person says of themself; an empty zone or locale is the cloud's."""
    async with atomic(actor) as tx:
        before = await users.profile_in(tx, actor)
        wanted = {
            **values_of(profile),
            "zone": profile.zone or None,
            "locale": profile.locale or None,
        }
        after = {name: value for name, value in wanted.items() if getattr(before, name) != value}
        if not after:
            return
        await update(tx, tables.PortalUser, tables.PortalUser.id == actor.user, wanted)
        await audit.record(
            tx,
            actor,
            "user.own-profile",
            f"user {actor.user}",
            cloud=actor.cloud,
            before={name: getattr(before, name) for name in after},
            after=after,
        )


async def ask_email(actor: Actor, email: str, password: str, visit: Visit, *, post: Post) -> str:
    """Send a link to the address that the actor wants to sign in with; the address.

    Whether somebody else has it is not said: then no letter comes. Raises `Invalid` by field,
    `Blocked` when the password is guessed at, and `Conflict` where no mail is sent.
    """
    wanted = parse(NewEmail, {"email": email}).email
    if not post.is_set_up:
        raise Conflict(
            _("This installation sends no e-mail: ask your administrator for another address.")
        )
    if wanted == actor.name:
        raise Invalid({"email": _("You sign in with this address already.")})
    await check_password(actor, password, visit, "email_password")
    async with atomic(actor) as tx:
        assert actor.user is not None, "who has an account is somebody"
        link = await sign_in_links.make(
            tx, actor.user, EMAIL, now=visit.now, cloud=actor.cloud, email=wanted
        )
        await mail.write(
            tx,
            post,
            EMAIL,
            f"{EMAIL} by link {link.id}",
            wanted,
            now=visit.now,
            cloud=actor.cloud,
            user=actor.user,
            link=link.id,
        )
        await audit.record(
            tx,
            actor,
            "user.ask-email",
            f"user {actor.user}",
            cloud=actor.cloud,
            after={"email": wanted},
        )
    return wanted


async def confirm_email(token: str, visit: Visit, *, post: Post) -> Owner:
    """Give somebody the address that their link confirms; the earlier one is told.

    Sessions go on: whoever confirms has the new mailbox, and has given the password before. Raises
    `NotFound`, `LinkOver`, and `Conflict` for an address that is somebody else's by now.
    """
    owner = await sign_in_links.find_open(token, EMAIL, visit.now)
    assert owner.new_email is not None, "such a link confirms one"
    async with atomic(replace(DOORKEEPER, address=visit.address)) as tx:
        if await tx.fetchval(
            "select exists (select from portal_user where email = $1)", owner.new_email
        ):
            raise Conflict(TAKEN)
    person = Actor(
        role=owner.role,
        name=owner.email,
        user=owner.user,
        cloud=owner.cloud,
        address=visit.address,
    )
    try:
        async with atomic(person) as tx:
            await sign_in_links.use(tx, owner, visit.now)
            await update(tx, tables.PortalUser, owner.user, {"email": owner.new_email})
            await mail.write(
                tx,
                post,
                EMAIL_CHANGED,
                f"{EMAIL_CHANGED} by link {owner.link}",
                owner.email,
                now=visit.now,
                cloud=owner.cloud,
                user=owner.user,
                facts={"address": owner.new_email},
            )
            await audit.record(
                tx,
                person,
                "user.change-email",
                f"user {owner.user}",
                cloud=owner.cloud,
                before={"email": owner.email},
                after={"email": owner.new_email},
            )
    except asyncpg.UniqueViolationError as error:
        raise Conflict(TAKEN) from error
    log.info("E-mail address changed", user=owner.user, address=visit.address)
    return owner
