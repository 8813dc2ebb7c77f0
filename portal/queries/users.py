"""People who sign in, and the browsers they are signed in with."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from portal.access import DOORKEEPER, Actor, Role
from portal.db import reading

if TYPE_CHECKING:
    from datetime import datetime

    from portal.db import Connection


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is signed in. `tenant` is the name of their cloud, "" for the platform's people.

    `locale`, `zone` and `currency` are the cloud's; the platform has a zone, English, no currency.
    """

    actor: Actor
    email: str
    name: str
    theme: str
    tenant: str
    locale: str
    zone: str
    currency: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A live session: its row, whose it is, and what it keeps between two pages (JSON)."""

    id: int
    person: Person
    data: bytes
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a sign-in is checked against. `password` is a hash, None until one is set."""

    id: int
    password: str | None
    active: bool


@dataclass(frozen=True, slots=True)
class Browser:
    """One of a person's sessions, as they see it in their list."""

    id: int
    address: str
    agent: str
    created_at: datetime
    seen_at: datetime


def hash_of(key: str) -> str:
    """What is stored of a session's key: whoever reads the table cannot sign in with it."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


# A blocked person's sessions stop at once: `active` is asked at every request.
_SIGNED_IN = """
select s.id as session, s.data, s.seen_at, u.id, u.email, u.name, u.role, u.theme,
       u.cloud, u.subscriber, u.referral,
       coalesce(c.name, '') as tenant, coalesce(c.locale, 'en') as locale,
       coalesce(c.timezone, p.timezone) as zone, coalesce(c.currency, '') as currency
from user_session s
join portal_user u on u.id = s.user_id and u.active
left join cloud c on c.id = u.cloud
cross join platform p
where s.key_hash = $1 and s.expires_at > $2
"""


async def signed_in(key: str, now: datetime) -> SignedIn | None:
    """The session that `key` opens at `now`; None when there is none, or it is over."""
    async with reading(DOORKEEPER) as tx:
        row = await tx.fetchrow(_SIGNED_IN, hash_of(key), now)
    if row is None:
        return None
    return SignedIn(row["session"], person_of(row), row["data"], row["seen_at"])


def person_of(row: Any) -> Person:
    """A row with a user's columns, and the cloud's under `tenant`, `locale`, `zone`, `currency`."""
    actor = Actor(
        role=Role(row["role"]),
        name=row["email"],
        user=row["id"],
        cloud=row["cloud"],
        subscriber=row["subscriber"],
        referral=row["referral"],
    )
    return Person(
        actor=actor,
        email=row["email"],
        name=row["name"],
        theme=row["theme"],
        tenant=row["tenant"],
        locale=row["locale"],
        zone=row["zone"],
        currency=row["currency"],
    )


async def credentials(tx: Connection, email: str) -> Credentials | None:
    """What somebody who says to be `email` is checked against; None when nobody is."""
    row = await tx.fetchrow(
        "select id, password, active from portal_user where lower(email) = lower($1)", email
    )
    return Credentials(**row) if row else None


_BROWSERS = """
select id, address, agent, created_at, seen_at from user_session
where user_id = $1 and expires_at > $2 order by seen_at desc, id desc
"""


async def browsers(actor: Actor, now: datetime) -> tuple[Browser, ...]:
    """The actor's own live sessions, the one seen last first."""
    async with reading(actor) as tx:
        rows = await tx.fetch(_BROWSERS, actor.user, now)
    return tuple(Browser(**row) for row in rows)
