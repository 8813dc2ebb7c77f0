"""Signing in by e-mail address and password, and the second factor; one's own password."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final

import structlog

from portal import tables
from portal.access import DOORKEEPER, Actor
from portal.accounts.actions import notices, refusals, sessions, throttle
from portal.accounts.actions.sessions import Visit
from portal.accounts.actions.throttle import Blocked, Limit
from portal.accounts.queries import users
from portal.accounts.queries.users import Credentials, SignedIn
from portal.crypto import one_time_codes as second_factor
from portal.crypto import passwords
from portal.crypto.devices import Devices
from portal.db import Transaction, atomic
from portal.errors import Invalid, Unauthorized
from portal.kit.actions import audit
from portal.kit.actions.mail import NO_POST, Post
from portal.kit.actions.rows import update
from portal.ports import Vault
from portal.values import languages
from portal.values.address import normal
from portal.words import _

log = structlog.get_logger()

THEMES: Final = ("light", "dark", "auto")
WRONG_CODE: Final = _("That code is not right, or was used before.")


@dataclass(frozen=True, slots=True)
class Browser:
    """What a browser comes with: the key of a session, and which people it says to know."""

    devices: Devices
    marks: str = ""
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Entered:
    """A session that has just begun: its key, whose it is, and what the browser is to remember."""

    key: str
    session: SignedIn
    marks: str


async def sign_in(
    email: str, password: str, visit: Visit, browser: Browser, *, post: Post = NO_POST
) -> Entered | None:
    """A new session; None when address and password do not match.

    Nobody of that name, no password yet, blocked, cloud suspended, wrong password: the answer and
    the time it takes are the same. The session that the browser came with ends. Where the person
    has a second factor the new one awaits its code. Raises Blocked after too many failures.
    """
    outsider = replace(DOORKEEPER, address=visit.address)
    address = normal(email)
    try:
        person, limits, attempts = await _look(outsider, address, email, visit, browser)
    except Blocked as blocked:
        await refusals.note(outsider, "sign-in.throttled", "sign-in", now=visit.now)
        raise blocked from None
    matches = await passwords.verify(password, person.password if person else None)
    if person is None or person.password is None or not matches or not person.may_enter:
        await _tell_failure(outsider, person, visit)
        return None
    outdated = passwords.is_outdated(person.password)
    renewed = await passwords.hash(password) if outdated else person.password
    is_known = any(limit.subject.startswith(_DEVICE) for limit in limits)
    key = await _enter(person, renewed, visit, NO_POST if is_known else post)
    if key is None:
        return None
    async with atomic(DOORKEEPER) as tx:
        places = [limit.subject for limit in limits if limit.subject.startswith(_FORGIVEN)]
        await throttle.forgive(tx, attempts, *places)
        if browser.key:  # whosever session it was
            await sessions.end_hash(tx, users.hash_of(browser.key))
    return await _entered(key, visit, browser, person.actor.user or 0, renewed)


_DEVICE: Final = "device:"
_FORGIVEN: Final = ("place:", _DEVICE)
"""What success wipes out; a network's and an address's failures elsewhere stay counted."""


async def _look(
    outsider: Actor, address: str | None, email: str, visit: Visit, browser: Browser
) -> tuple[Credentials | None, tuple[Limit, ...], list[int]]:
    """Who it may be, and the try counted as a failure before the password is looked at."""
    async with atomic(outsider) as tx:
        person = await users.credentials(tx, address) if address else None
        device = None
        if person is not None and person.password and person.actor.user:
            device = browser.devices.known(
                browser.marks, person.actor.user, person.password, visit.now
            )
        limits = throttle.of_stranger(email, visit.address)
        if device is not None and person is not None and person.actor.user:
            limits = throttle.of_device(person.actor.user, device)
        return person, limits, await throttle.count(tx, limits, visit.now)


async def _tell_failure(outsider: Actor, person: Credentials | None, visit: Visit) -> None:
    reason = "wrong password"
    if person is None:
        reason = "nobody of that address"
    elif not person.active:
        reason = "blocked person"
    elif person.suspended:
        reason = "suspended cloud"
    elif person.password is None:
        reason = "no password yet"
    await refusals.note(
        outsider,
        "sign-in.failed",
        f"user {person.actor.user}" if person else "nobody",
        cloud=person.actor.cloud if person else None,
        now=visit.now,
        reason=reason,
    )


async def _enter(person: Credentials, password: str, visit: Visit, post: Post) -> str | None:
    """Begin the session; None when they were blocked, or got another password, meanwhile."""
    actor = replace(person.actor, address=visit.address)
    awaits_code = person.totp is not None
    async with atomic(actor) as tx:
        there = await update(
            tx,
            tables.PortalUser,
            (tables.PortalUser.id == actor.user)
            & tables.PortalUser.active.eq(True)  # noqa: FBT003 - a value
            & (tables.PortalUser.password == person.password),
            {"signed_in_at": visit.now, "password": password},
            through="credential",
        )
        if not there:
            return None
        key = await sessions.begin(tx, actor.user, visit, awaits_code=awaits_code)
        if not awaits_code and person.has_signed_in:
            await notices.new_place(tx, post, actor, visit)
        action = "sign-in.password" if awaits_code else "sign-in"
        await audit.record(tx, actor, action, f"user {actor.user}", cloud=actor.cloud)
    log.info("Signed in", user=actor.user, awaits_code=awaits_code, address=visit.address)
    return key


async def entered_with(
    key: str, visit: Visit, browser: Browser, user: int, password: str
) -> Entered:
    """What the browser is given with the session of `key`. Raises Unauthorized if it has ended."""
    entered = await _entered(key, visit, browser, user, password)
    if entered is None:
        raise Unauthorized(_("Sign in to go on."))
    return entered


async def _entered(
    key: str, visit: Visit, browser: Browser, user: int, password: str
) -> Entered | None:
    found = await users.signed_in(key, visit.now, visit.address)
    if found is None:
        return None
    marks = browser.marks
    if not found.awaits_code:
        marks = browser.devices.mark(marks, user, password, visit.now)
    return Entered(key, found, marks)


async def enter_code(
    waiting: SignedIn,
    code: str,
    visit: Visit,
    browser: Browser,
    *,
    vault: Vault,
    post: Post = NO_POST,
) -> Entered:
    """The second step: a code of the app, or a recovery code. The waiting session is replaced.

    Raises Invalid for a code that is not right or was used, and Blocked for too many of them.
    """
    actor = waiting.person.actor
    key = ""
    async with one_guess(actor, "code", visit):
        async with atomic(actor) as tx:
            person = await users.credentials(tx, actor.name)
            right = person is not None and await use_code(tx, person, code, visit, vault=vault)
            if person is not None and right:
                key = await _replace(tx, waiting, visit)
                if not _is_known(person, visit, browser):
                    await notices.new_place(tx, post, actor, visit)
        if not right:
            await refuse_code(actor, visit)
    assert person is not None, "who is not there has no code"
    log.info("Signed in", user=actor.user, with_code=True, address=visit.address)
    return await entered_with(key, visit, browser, actor.user or 0, person.password or "")


def _is_known(person: Credentials, visit: Visit, browser: Browser) -> bool:
    user, password = person.actor.user or 0, person.password or ""
    return browser.devices.known(browser.marks, user, password, visit.now) is not None


async def _replace(tx: Transaction, waiting: SignedIn, visit: Visit) -> str:
    """Begin the session proper in place of the waiting one; its key. Raises Unauthorized."""
    actor = waiting.person.actor
    gone = await tx.fetchval("delete from user_session where id = $1 returning id", waiting.id)
    if gone is None:
        raise Unauthorized(_("Sign in to go on."))
    key = await sessions.begin(tx, actor.user, visit)
    await audit.record(tx, actor, "sign-in", f"user {actor.user}", cloud=actor.cloud)
    return key


async def refuse_code(actor: Actor, visit: Visit) -> None:
    """Tell that a code was wrong, and raise Invalid."""
    await refusals.note(
        actor, "second-factor.failed", f"user {actor.user}", cloud=actor.cloud, now=visit.now
    )
    raise Invalid({"code": WRONG_CODE})


@asynccontextmanager
async def one_guess(actor: Actor, what: str, visit: Visit) -> AsyncIterator[None]:
    """One try of somebody who is known already, at a "code" or a "password".

    It counts as a failure unless what is inside ends well. Raises Blocked, and tells it.
    """
    limit = Limit(f"{what}:{actor.user}", throttle.FAILURES_A_PERSON)
    doorkeeper = replace(DOORKEEPER, address=visit.address)
    try:
        async with atomic(doorkeeper) as tx:
            attempts = await throttle.count(tx, (limit,), visit.now, f"tries of a {what}")
    except Blocked:
        await refusals.note(
            actor, "sign-in.throttled", limit.subject, cloud=actor.cloud, now=visit.now
        )
        raise
    yield
    async with atomic(doorkeeper) as tx:
        await throttle.forgive(tx, attempts, limit.subject)


async def use_code(
    tx: Transaction, person: Credentials, code: str, visit: Visit, *, vault: Vault
) -> bool:
    """Whether `code` is one of the person's; it is used up with that, whoever asks at once."""
    user = person.actor.user
    if person.totp is None:
        return False
    secret = vault.open(person.totp)["totp"]
    step = second_factor.step_of(secret, code, visit.now, after=person.step)
    if step is not None:
        last = tables.PortalUser.totp_step
        is_later = last.is_null() | (last < step)
        return bool(
            await update(
                tx,
                tables.PortalUser,
                (tables.PortalUser.id == user) & is_later,
                {"totp_step": step},
                through="credential",
            )
        )
    hashed = second_factor.recovery_hash(code)
    used = hashed and await update(
        tx,
        tables.RecoveryCode,
        (tables.RecoveryCode.user_id == user)
        & (tables.RecoveryCode.code_hash == hashed)
        & tables.RecoveryCode.used_at.is_null(),
        {"used_at": visit.now},
    )
    if used:
        await audit.record(
            tx, person.actor, "second-factor.recovery", f"user {user}", cloud=person.actor.cloud
        )
    return bool(used)


async def change_password(
    actor: Actor, current: str, new: str, visit: Visit, browser: Browser, *, post: Post = NO_POST
) -> tuple[str, str]:
    """Give oneself another password; one's other sessions end, and this one gets another key.

    The key, and the marks for the browser. Raises Invalid for a wrong current password or a new one
    that is refused, with its field; and Blocked when the current one is guessed at.
    """
    person = await check_password(actor, current, visit, "current")
    reason = await passwords.refusal(new, about=person.about, present=person.password)
    if reason:
        raise Invalid({"new": reason})
    made = await passwords.hash(new)
    assert actor.session is not None, "who changes a password is signed in"
    async with atomic(actor) as tx:
        changed = await update(
            tx,
            tables.PortalUser,
            (tables.PortalUser.id == actor.user) & (tables.PortalUser.password == person.password),
            {"password": made},
            through="credential",
        )
        if not changed:
            raise Invalid({"current": _("Your password was changed elsewhere in the meantime.")})
        await sessions.end_all(tx, actor.user, except_for=actor.session)
        key = await sessions.renew(tx, actor.session)
        await audit.record(
            tx,
            actor,
            "password.change",
            f"user {actor.user}",
            cloud=actor.cloud,
            after={"password": audit.CHANGED},
        )
        await notices.password_changed(tx, post, actor, visit)
    log.info("Password changed", user=actor.user, address=actor.address)
    return key, browser.devices.mark(browser.marks, actor.user or 0, made, visit.now)


async def check_password(actor: Actor, password: str, visit: Visit, field: str) -> Credentials:
    """The actor's credentials, if `password` is theirs. Raises Invalid with `field`, Blocked."""
    async with one_guess(actor, "password", visit):
        async with atomic(DOORKEEPER) as tx:
            person = await users.credentials(tx, actor.name)
        if person is None or not await passwords.verify(password, person.password):
            await refusals.note(
                actor, "password.wrong", f"user {actor.user}", cloud=actor.cloud, now=visit.now
            )
            raise Invalid({field: _("That is not your current password.")})
    return person


async def choose_theme(actor: Actor, theme: str) -> None:
    """Light, dark, or auto: as the system says. Raises Invalid for anything else."""
    if theme not in THEMES:
        raise Invalid({"theme": _("Choose light, dark or auto.")})
    async with atomic(actor) as tx:
        await update(tx, tables.PortalUser, tables.PortalUser.id == actor.user, {"theme": theme})


async def choose_language(actor: Actor, language: str) -> None:
    """The language of one's pages, one of `languages.known()`; "" is the cloud's. Or Invalid."""
    if language and language not in languages.known():
        raise Invalid({"language": _("Choose one of the languages offered.")})
    async with atomic(actor) as tx:
        oneself = tables.PortalUser.id == actor.user
        await update(tx, tables.PortalUser, oneself, {"language": language or None})
