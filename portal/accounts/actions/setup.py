"""The first person of an installation, who comes in by the one-time code that `up` prints."""

from __future__ import annotations

import re
import secrets
from dataclasses import replace
from typing import ClassVar, Final

import structlog

from portal import tables
from portal.access import DOORKEEPER, SYSTEM, Actor, Role
from portal.accounts.actions import sessions, throttle
from portal.accounts.actions.sessions import Visit
from portal.accounts.actions.sign_in import Browser, Entered, entered_with
from portal.accounts.actions.throttle import Limit, network_of, site_of
from portal.accounts.forms.setup import NewInstallation
from portal.accounts.queries.users import hash_of
from portal.crypto import passwords
from portal.db import atomic
from portal.errors import Invalid, NotFound, PortalError
from portal.kit.actions import audit
from portal.kit.actions.rows import ONLY_ROW, insert, update
from portal.words import _

log = structlog.get_logger()

TRIES_A_NETWORK: Final = 10
TRIES_A_SITE: Final = 40
TRIES: Final = _("wrong codes")
_CODE: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_NOBODY: Final = "select not exists (select from portal_user)"


class SetUpAlready(NotFound):
    """Somebody exists: there is nothing to set up."""


class WrongCode(PortalError):
    """Not the address that `up` printed."""

    status: ClassVar[int] = 403
    title: ClassVar[str] = _("Not set up yet")


def set_up_already() -> SetUpAlready:
    """What is said once somebody exists."""
    return SetUpAlready(_("Camledger is set up already. Sign in."))


async def new_code() -> str | None:
    """A new one-time code, instead of any other; None once somebody exists.

    For whoever runs the installation: it is printed, and only its sha256 is kept.
    """
    code = secrets.token_urlsafe(32)
    async with atomic(SYSTEM) as tx:
        if not await tx.fetchval(_NOBODY):
            return None
        await update(tx, tables.Platform, ONLY_ROW, {"setup_hash": hash_of(code)})
    return code


async def check_code(code: str, visit: Visit) -> None:
    """Raise `SetUpAlready`, `WrongCode`, or `Blocked` for somebody who guesses."""
    async with atomic(replace(DOORKEEPER, address=visit.address)) as tx:
        if not await tx.fetchval(_NOBODY):
            raise set_up_already()
        is_right = bool(_CODE.fullmatch(code)) and await tx.fetchval(
            "select exists (select from setup_secret where setup_hash = $1)", hash_of(code)
        )
        if not is_right and code:
            site = site_of(visit.address)
            limits = (
                Limit(f"setup:{network_of(visit.address)}", TRIES_A_NETWORK),
                *([Limit(f"setup-site:{site}", TRIES_A_SITE)] if site else []),
            )
            await throttle.count(tx, limits, visit.now, TRIES)
    if not is_right:
        raise WrongCode(_("Open the address that `camledger up` printed."))


async def set_up(
    code: str, new: NewInstallation, password: str, visit: Visit, browser: Browser
) -> Entered:
    """Make the first administrator, name the company, and begin the session.

    The code is worthless from then on. Raises what `check_code` raises, and `Invalid`.
    """
    await check_code(code, visit)
    about = (new.email, new.name, new.company)
    if refused := await passwords.refusal(password, about=about):
        raise Invalid({"password": refused})
    stored = await passwords.hash(password)
    async with atomic(DOORKEEPER) as tx:
        user = int(await tx.fetchval("select nextval('portal_user_id_seq')"))
    # Whoever sets it up acts as the person they become: nobody gives somebody else a password.
    first = Actor(Role.ADMINISTRATOR, new.email, user=user, address=visit.address)
    async with atomic(first) as tx:
        await tx.execute("select pg_advisory_xact_lock(hashtextextended('setup', 0))")
        if not await tx.fetchval(_NOBODY):
            raise set_up_already()
        person = {"id": user, "email": new.email, "name": new.name, "role": str(first.role)}
        await insert(tx, tables.PortalUser, person)
        await update(tx, tables.PortalUser, user, {"password": stored}, through="credential")
        await update(tx, tables.PortalUser, user, {"signed_in_at": visit.now})
        named = {"name": new.company, "setup_hash": None}
        await update(tx, tables.Platform, ONLY_ROW, named)
        key = await sessions.begin(tx, user, visit)
        after = {"company": new.company, "email": new.email, "credentials": audit.CHANGED}
        await audit.record(tx, first, "user.set-up", f"user {user}", cloud=None, after=after)
    log.info("Set up", user=user, address=visit.address)
    return await entered_with(key, visit, browser, user, stored)
