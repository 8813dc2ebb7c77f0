"""Signing in by e-mail address and password, slowed down for guessers; one's own password."""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING, Final

from portal import passwords
from portal.access import DOORKEEPER
from portal.actions import audit, sessions
from portal.db import atomic
from portal.errors import Invalid, TooMany
from portal.queries import users

if TYPE_CHECKING:
    from collections.abc import Sequence

    from portal.access import Actor
    from portal.actions.sessions import Visit
    from portal.db import Connection
    from portal.queries.users import Credentials, Person

WINDOW: Final = timedelta(minutes=15)
FAILURES_A_PERSON: Final = 10
FAILURES_AN_ADDRESS: Final = 50
EMAIL_LENGTH: Final = 254
THEMES: Final = ("light", "dark", "auto")

_RECENT: Final = """
select at from sign_in_attempt where subject = $1 and at > $2 order by at desc limit $3
"""
_FAILED: Final = "insert into sign_in_attempt (subject, at) values ($1, $2) returning id"


class Blocked(TooMany):
    """Too many failures; `retry_after` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        minutes = ceil(retry_after / 60)
        unit = "minute" if minutes == 1 else "minutes"
        super().__init__(f"Too many attempts to sign in. Try again in {minutes} {unit}.")
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class _Limit:
    """`failures` in WINDOW are as many as `subject` may have."""

    subject: str
    failures: int


async def sign_in(
    email: str, password: str, visit: Visit, *, replaces: str | None = None
) -> tuple[str, Person] | None:
    """A new session's key, and whose it is; None when address and password do not match.

    Nobody of that name, no password yet, blocked, wrong password: the answer and the time it takes
    are the same. `replaces` is the key that the browser came with; its session ends. Raises Blocked
    after FAILURES_A_PERSON or FAILURES_AN_ADDRESS within WINDOW.
    """
    email = email.strip()
    # Addresses before people in every try, so that two tries never wait for each other.
    limits = (
        _Limit(f"address:{network_of(visit.address)}", FAILURES_AN_ADDRESS),
        _Limit(f"email:{_digest(email)}", FAILURES_A_PERSON),
    )
    async with atomic(DOORKEEPER) as tx:
        attempts = await _count(tx, limits, visit.now)
        person = await users.credentials(tx, email) if _may_exist(email) else None
    matches = await passwords.verify(password, person.password if person else None)
    if person is None or person.password is None or not matches or not person.active:
        return None
    outdated = passwords.is_outdated(person.password)
    renewed = await passwords.hash(password) if outdated else None
    async with atomic(DOORKEEPER) as tx:
        if not await _let_in(tx, person, renewed, visit.now):
            return None
        await _forgive(tx, attempts, limits[1].subject)
        if replaces:
            await sessions.end_hash(tx, users.hash_of(replaces))
        key = await sessions.begin(tx, person.id, visit)
    entered = await users.signed_in(key, visit.now)
    return (key, entered.person) if entered else None


async def _count(tx: Connection, limits: Sequence[_Limit], now: datetime) -> list[int]:
    """Count a failure for each, before the password is looked at: a hundred at once are a hundred.

    The row ids, to be forgiven if it was none. Raises Blocked.
    """
    ids = []
    for number, limit in enumerate(limits):
        await tx.execute(
            "select pg_advisory_xact_lock($1::int, hashtext($2))", number, limit.subject
        )
        rows = await tx.fetch(_RECENT, limit.subject, now - WINDOW, limit.failures)
        if wait := wait_of([row["at"] for row in rows], limit.failures, now):
            raise Blocked(wait)
        ids.append(await tx.fetchval(_FAILED, limit.subject, now))
    return ids


async def _forgive(tx: Connection, attempts: Sequence[int], subject: str) -> None:
    """It was no failure, and what failed before for `subject` is forgotten."""
    await tx.execute(
        "delete from sign_in_attempt where subject = $1 or id = any($2)", subject, list(attempts)
    )


async def _let_in(tx: Connection, person: Credentials, renewed: str | None, now: datetime) -> bool:
    """False when the person was blocked, or got another password, since it was verified."""
    row = await tx.fetchval(
        "update portal_user set signed_in_at = $2, password = coalesce($3, password)"
        " where id = $1 and active and password = $4 returning id",
        person.id,
        now,
        renewed,
        person.password,
    )
    return row is not None


def wait_of(failures: Sequence[datetime], limit: int, now: datetime) -> int:
    """Seconds until another try is let in; 0 when it is now. `failures` are latest first.

    Example: with a limit of 10, the eleventh waits until the first of the ten is WINDOW old.
    """
    if len(failures) < limit:
        return 0
    return max(1, ceil((failures[limit - 1] + WINDOW - now).total_seconds()))


async def change_password(
    actor: Actor, session: int, current: str, new: str, *, now: datetime
) -> None:
    """Give oneself another password; one's other sessions end.

    Raises Invalid for a wrong current password or a new one that is too easy, with its field; and
    Blocked when the current one is guessed at.
    """
    limit = _Limit(f"change:{actor.user}", FAILURES_A_PERSON)
    async with atomic(DOORKEEPER) as tx:
        attempts = await _count(tx, (limit,), now)
        person = await users.credentials(tx, actor.name)
    stored = person.password if person else None
    if not await passwords.verify(current, stored):
        raise Invalid({"current": "That is not your current password."})
    async with atomic(DOORKEEPER) as tx:
        await _forgive(tx, attempts, limit.subject)
    if reason := passwords.refusal(new, actor.name):
        raise Invalid({"new": reason})
    made = await passwords.hash(new)
    async with atomic(actor) as tx:
        changed = await tx.fetchval(
            "update portal_user set password = $2 where id = $1 and password = $3 returning id",
            actor.user,
            made,
            stored,
        )
        if changed is None:
            raise Invalid({"current": "Your password was changed elsewhere in the meantime."})
        await sessions.end_all(tx, actor, except_for=session)
        await audit.record(tx, actor, "password.change", actor.name, cloud=actor.cloud)


async def choose_theme(actor: Actor, theme: str) -> None:
    """Light, dark, or auto: as the system says. Raises Invalid for anything else."""
    if theme not in THEMES:
        raise Invalid({"theme": "Choose light, dark or auto."})
    async with atomic(actor) as tx:
        await tx.execute("update portal_user set theme = $2 where id = $1", actor.user, theme)


def network_of(address: str) -> str:
    """What counts as one address: an IPv6 guest has a whole /64 to itself."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if parsed.version == 6 and parsed.ipv4_mapped is None:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def _may_exist(email: str) -> bool:
    return 0 < len(email) <= EMAIL_LENGTH and email.isprintable()


def _digest(email: str) -> str:
    """People type passwords into the wrong field: what was typed is not kept."""
    return hashlib.sha256(email.casefold().encode("utf-8", "surrogatepass")).hexdigest()
