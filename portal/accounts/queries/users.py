"""People who sign in, and the browsers they are signed in with."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from portal.access import DOORKEEPER, SYSTEM, Actor, Role
from portal.accounts.queries.viewing import Viewing
from portal.db import Transaction, snapshot
from portal.values import languages


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is signed in. `tenant` is the name of their cloud, "" for the platform's people.

    `zone` and `currency` are the cloud's; the platform has a zone, English, no currency. `own_zone`
    is for pages about the person: the one they chose, else the cloud's. `language` is the one they
    chose, None without a choice; `locale` is theirs, else the cloud's, in that language.
    """

    actor: Actor
    email: str
    name: str
    theme: str
    tenant: str
    language: str | None
    locale: str
    zone: str
    own_zone: str
    shortcuts: bool
    currency: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A live session: its row, whose it is, and what it keeps between two pages (JSON).

    While it looks at the portal as somebody else, `person` is that one, `viewer` whose session it
    is, and `viewing` why and until when. One that `awaits_code` was begun by a password and waits
    for the second factor; one that `must_set_up` is of somebody who is required to have one and has
    none yet. Neither is let in.
    """

    id: int
    person: Person
    data: bytes
    seen_at: datetime
    awaits_code: bool = False
    must_set_up: bool = False
    viewer: Person | None = None
    viewing: Viewing | None = None

    @property
    def is_let_in(self) -> bool:
        """Whether its pages are open."""
        return not (self.awaits_code or self.must_set_up)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a sign-in is checked against. `password` is a hash, None until one is set.

    Nobody of a `suspended` cloud is let in. `totp` is the locked secret of the second factor, None
    without one; `step` the last one used. `about` are the names that a password of theirs must not
    be made of.
    """

    actor: Actor
    password: str | None
    active: bool
    suspended: bool
    totp: bytes | None
    step: int | None
    has_signed_in: bool
    about: tuple[str, ...]

    @property
    def may_enter(self) -> bool:
        """Whether a right password lets them in."""
        return self.active and not self.suspended


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


# Sessions of a blocked person, and of a suspended cloud, stop at once: it is asked every time.
_SIGNED_IN = """
select s.id as session, k.data, s.seen_at, s.awaits_code, u.id, u.email, u.name, u.role, u.theme,
       u.language, u.locale as own_locale, u.zone as own_zone, u.shortcuts, u.cloud, u.subscriber,
       u.referral,
       not u.has_totp and (case u.role
         when 'cloud-administrator' then c.second_factor
         else u.cloud is null and p.second_factor end) as must_set_up,
       coalesce(c.name, '') as tenant, coalesce(c.locale, 'en') as locale,
       coalesce(c.timezone, p.timezone) as zone, coalesce(c.currency, '') as currency,
       v.id as view_id, v.name as view_name, v.reason as view_reason, v.ends_at as view_ends_at,
       v.role as view_role, v.viewed_user as view_user, v.cloud as view_cloud,
       v.subscriber as view_subscriber, v.referral as view_referral, vc.name as view_tenant,
       vc.locale as view_locale, vc.timezone as view_zone, vc.currency as view_currency
from session_secret k join user_session s on s.id = k.id
join portal_user u on u.id = s.user_id and u.active
left join cloud c on c.id = u.cloud
left join lateral (
  select * from view_as where session = s.id order by id desc limit 1
) v on v.ends_at > $2
left join cloud vc on vc.id = v.cloud
cross join platform p
where k.key_hash = $1 and s.expires_at > $2 and c.suspended is not true
"""


async def signed_in(key: str, now: datetime, address: str = "") -> SignedIn | None:
    """The session that `key` opens at `now`; None when there is none, or it is over.

    `address` is where the request comes from: the actor's entries in the audit log say so.
    """
    async with snapshot(DOORKEEPER) as tx:
        row = await tx.fetchrow(_SIGNED_IN, hash_of(key), now)
    if row is None:
        return None
    person = person_of(row)
    actor = replace(person.actor, session=row["session"], address=address)
    found = SignedIn(
        id=row["session"],
        person=replace(person, actor=actor),
        data=row["data"],
        seen_at=row["seen_at"],
        awaits_code=row["awaits_code"],
        must_set_up=row["must_set_up"],
    )
    return found if row["view_id"] is None or not found.is_let_in else _looking(found, row)


def _looking(found: SignedIn, row: Any) -> SignedIn:
    """A session that looks at the portal as somebody else, in the viewer's own language."""
    viewer = found.person
    actor = Actor(
        role=Role(row["view_role"]),
        name=viewer.actor.name,
        user=row["view_user"],
        cloud=row["view_cloud"],
        subscriber=row["view_subscriber"],
        referral=row["view_referral"],
        session=found.id,
        address=viewer.actor.address,
    )
    person = replace(
        viewer,
        actor=actor,
        name=row["view_name"],
        tenant=row["view_tenant"],
        locale=languages.spoken_in(row["view_locale"], viewer.language),
        zone=row["view_zone"],
        own_zone=row["view_zone"],
        currency=row["view_currency"],
    )
    viewing = Viewing(
        id=row["view_id"],
        name=row["view_name"],
        reason=row["view_reason"],
        ends_at=row["view_ends_at"],
    )
    return replace(found, person=person, viewer=viewer, viewing=viewing)


def person_of(row: Any) -> Person:
    """A row with a user's columns, and the cloud's under `tenant`, `locale`, `zone`, `currency`."""
    return Person(
        actor=_actor_of(row),
        email=row["email"],
        name=row["name"],
        theme=row["theme"],
        tenant=row["tenant"],
        language=row["language"],
        locale=languages.spoken_in(row["own_locale"] or row["locale"], row["language"]),
        zone=row["zone"],
        own_zone=row["own_zone"] or row["zone"],
        shortcuts=row["shortcuts"],
        currency=row["currency"],
    )


def _actor_of(row: Any) -> Actor:
    return Actor(
        role=Role(row["role"]),
        name=row["email"],
        user=row["id"],
        cloud=row["cloud"],
        subscriber=row["subscriber"],
        referral=row["referral"],
    )


async def acting_as(user: int) -> Actor | None:
    """Who somebody is today; None where they may not enter any more. For workers."""
    async with snapshot(SYSTEM) as tx:
        row = await tx.fetchrow(
            "select u.id, u.email, u.role, u.cloud, u.subscriber, u.referral from portal_user u"
            " left join cloud c on c.id = u.cloud"
            " where u.id = $1 and u.active and c.suspended is not true",
            user,
        )
    return None if row is None else _actor_of(row)


_CREDENTIALS = """
select u.id, u.email, u.name, u.role, u.cloud, u.subscriber, u.referral,
       k.password, u.active, c.suspended is true as suspended, k.totp, k.totp_step,
       u.signed_in_at, coalesce(c.name, p.name) as tenant
from credential k join portal_user u on u.id = k.id
left join cloud c on c.id = u.cloud cross join platform p
where u.email = $1
"""


async def credentials(tx: Transaction, email: str) -> Credentials | None:
    """What somebody who says to be `email` (in its normal form) is checked against, if anybody."""
    row = await tx.fetchrow(_CREDENTIALS, email)
    if row is None:
        return None
    return Credentials(
        actor=_actor_of(row),
        password=row["password"],
        active=row["active"],
        suspended=row["suspended"],
        totp=row["totp"],
        step=row["totp_step"],
        has_signed_in=row["signed_in_at"] is not None,
        about=(row["email"], row["name"], row["tenant"]),
    )


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """Whether somebody has one, whether they are required to, and the recovery codes left."""

    is_set_up: bool
    is_required: bool
    codes_left: int


_SECOND_FACTOR = """
select u.has_totp as is_set_up,
       coalesce(case u.role when 'cloud-administrator' then c.second_factor
         else u.cloud is null and p.second_factor end, false) as is_required,
       (select count(*) from recovery_code r
        where r.user_id = u.id and r.used_at is null) as codes_left
from portal_user u left join cloud c on c.id = u.cloud cross join platform p where u.id = $1
"""


async def second_factor(actor: Actor) -> SecondFactor:
    """The actor's own."""
    async with snapshot(actor) as tx:
        row = await tx.fetchrow(_SECOND_FACTOR, actor.user)
    assert row is not None, "who acts is there"
    return SecondFactor(**row)


async def platform_requires(actor: Actor) -> bool:
    """Whether the platform's people need a second factor."""
    async with snapshot(actor) as tx:
        return bool(await tx.fetchval("select second_factor from platform"))


_BROWSERS = """
select id, address, agent, created_at, seen_at from user_session
where user_id = $1 and expires_at > $2 and not awaits_code order by seen_at desc, id desc
"""


async def browsers(actor: Actor, now: datetime) -> tuple[Browser, ...]:
    """The actor's own live sessions, the one seen last first."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(_BROWSERS, actor.user, now)
    return tuple(Browser(**row) for row in rows)


@dataclass(frozen=True, slots=True)
class Profile:
    """What a person says of themself, and the `new_email` that waits for its confirmation."""

    name: str
    zone: str | None
    locale: str | None
    shortcuts: bool
    digest: bool
    new_email: str | None


_PROFILE = """
select u.name, u.zone, u.locale, u.shortcuts, u.digest,
       (select l.email from sign_in_link l where l.user_id = u.id and l.kind = 'email'
        and l.state = 'open' and l.expires_at > $2 order by l.id desc limit 1) as new_email
from portal_user u where u.id = $1
"""


async def profile(actor: Actor, now: datetime) -> Profile:
    """The actor's own."""
    async with snapshot(actor) as tx:
        return await profile_in(tx, actor, now)


async def profile_in(tx: Transaction, actor: Actor, now: datetime | None = None) -> Profile:
    """As `profile`, within a transaction; without a time no address waits."""
    row = await tx.fetchrow(_PROFILE, actor.user, now)
    assert row is not None, "who acts is there"
    return Profile(**row)
