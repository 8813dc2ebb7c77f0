"""Sessions: begun at sign-in with a key of our own making, ended by the person or by time."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from portal import tables
from portal.access import DOORKEEPER, SYSTEM, Actor
from portal.accounts.actions import throttle
from portal.accounts.queries.users import hash_of
from portal.db import Transaction, atomic
from portal.errors import NotFound
from portal.kit.actions import audit
from portal.kit.actions.rows import insert, update
from portal.words import _

log = structlog.get_logger()

LIFETIME: Final = timedelta(days=30)
SEEN_EVERY: Final = timedelta(minutes=1)
"""How exactly `seen_at` is kept: reading a page is not a write."""
FOR_A_CODE: Final = timedelta(minutes=10)
"""How long a session waits for the second factor."""
DATA_BYTES: Final = 4_096

# What the transaction records from here on was done in the new session.
_ENTER: Final = "select set_config('app.session', $1::text, true)"
_SEEN: Final = """
update user_session
set seen_at = $2, address = $3, agent = $4,
    expires_at = least(
      $2 + (select make_interval(hours => session_hours) from platform), created_at + $5::interval
    )
where id = $1 and seen_at < $2 and not awaits_code
"""


@dataclass(frozen=True, slots=True)
class Visit:
    """A request of somebody's browser: from which address, what it says it is, and when."""

    address: str
    agent: str
    now: datetime


async def begin(
    tx: Transaction, user: int | None, visit: Visit, *, awaits_code: bool = False
) -> str:
    """A new session of `user`; its key, which is in the cookie only and cannot be had again."""
    key = secrets.token_urlsafe(32)
    columns = {
        "key_hash": hash_of(key),
        "user_id": user,
        "data": b"",
        "address": visit.address[:64],
        "agent": readable(visit.agent)[:300],
        "created_at": visit.now,
        "seen_at": visit.now,
        "expires_at": visit.now + (FOR_A_CODE if awaits_code else await _idle(tx)),
        "awaits_code": awaits_code,
    }
    made = await insert(tx, tables.UserSession, columns)
    await tx.execute(_ENTER, str(made))
    return key


async def _idle(tx: Transaction) -> timedelta:
    """How long a session stays open without a page, as the platform has it."""
    return timedelta(hours=await tx.fetchval("select session_hours from platform"))


async def renew(tx: Transaction, session: int) -> str:
    """Give a session that goes on another key, and with it its forms other tokens."""
    key = secrets.token_urlsafe(32)
    await update(tx, tables.UserSession, session, {"key_hash": hash_of(key)})
    return key


async def touch(session: int, visit: Visit) -> None:
    """The session was used: it stays open for the platform's hours, at most LIFETIME in all."""
    async with atomic(DOORKEEPER) as tx:
        await tx.execute(
            _SEEN,
            session,
            visit.now,
            visit.address[:64],
            readable(visit.agent)[:300],
            LIFETIME,
        )


async def save_data(session: int, data: bytes) -> None:
    """Keep `data` (JSON, at most DATA_BYTES) for the session's next page."""
    if len(data) > DATA_BYTES:
        raise ValueError(f"a session keeps at most {DATA_BYTES} bytes")
    async with atomic(DOORKEEPER) as tx:
        await update(tx, tables.UserSession, session, {"data": data})


async def sign_out(actor: Actor) -> None:
    """End the session that the actor is in."""
    async with atomic(actor) as tx:
        await tx.execute("delete from user_session where id = $1", actor.session)
        await audit.record(tx, actor, "sign-out", f"user {actor.user}", cloud=actor.cloud)
    log.info("Signed out", user=actor.user, session=actor.session, address=actor.address)


async def end_hash(tx: Transaction, key_hash: str) -> None:
    """End the session of that hash, if any."""
    await tx.execute(
        "delete from user_session where id = (select id from session_secret where key_hash = $1)",
        key_hash,
    )


async def end(actor: Actor, session: int) -> None:
    """End one of the actor's own sessions. NotFound when it is not theirs, or over already."""
    async with atomic(actor) as tx:
        gone = await tx.fetchval(
            "delete from user_session where id = $1 and user_id = $2 returning id",
            session,
            actor.user,
        )
        if gone is None:
            raise NotFound(_("That session has ended already."))
        await audit.record(tx, actor, "session.end", f"session {session}", cloud=actor.cloud)


async def end_others(actor: Actor, current: int) -> int:
    """End the actor's own sessions except `current`; how many there were."""
    async with atomic(actor) as tx:
        ended = await end_all(tx, actor.user, current)
        await audit.record(
            tx,
            actor,
            "session.end-others",
            f"user {actor.user}",
            cloud=actor.cloud,
            after={"ended": ended},
        )
    return ended


async def end_all(tx: Transaction, user: int | None, except_for: int | None = None) -> int:
    """End somebody's sessions, but for one; how many there were."""
    rows = await tx.fetch(
        "delete from user_session where user_id = $1 and id is distinct from $2 returning id",
        user,
        except_for,
    )
    return len(rows)


async def purge(now: datetime) -> int:
    """Delete what is over at `now`: sessions, sign-in attempts that no longer count, kept forms.

    For the worker's sweep: it connects as a role that sees all rows. How many rows went.
    """
    async with atomic(SYSTEM) as tx:
        sessions = await tx.fetch(
            "delete from user_session where expires_at <= $1 returning 1", now
        )
        attempts = await tx.fetch(
            "delete from sign_in_attempt where at < $1 returning 1", now - throttle.KEPT
        )
        forms = await tx.fetch("delete from kept_form where expires_at <= $1 returning 1", now)
    return len(sessions) + len(attempts) + len(forms)


def readable(text: str) -> str:
    """What a browser says of itself, without what is no character of a text."""
    return "".join(character for character in text if character.isprintable())
