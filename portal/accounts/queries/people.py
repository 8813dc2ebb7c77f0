"""People of the platform and of clouds, as those who manage them see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from asyncpg import Record

from portal.access import Actor, Role, role_in_words
from portal.db import Transaction, snapshot
from portal.errors import no_such
from portal.kit.queries.keyed import Keyed
from portal.kit.queries.pages import Sorts, numbered
from portal.kit.queries.tenancy import CloudFacts, id_of
from portal.values.address import normal
from portal.words import _


@dataclass(frozen=True, slots=True)
class PersonRow:
    """Somebody who may sign in. `cloud` is a slug, None for the platform's people.

    `invited` while no password was chosen, by a link that is good until `invited_until`;
    `asked_again` is when they asked for another one, `mail_error` why the last one could not be
    delivered, "" where nothing is known to be wrong. `clouds` are the slugs that a manager is
    responsible for, `subscribers` how many an account manager has. `subscriber` is a number and
    `referral` a code, each None for everybody else.
    """

    id: int
    email: str
    name: str
    role: Role
    cloud: str | None
    cloud_id: int | None
    active: bool
    invited: bool
    invited_until: datetime | None
    asked_again: datetime | None
    mail_error: str
    subscriber: int | None
    referral: str | None
    clouds: tuple[str, ...]
    created_at: datetime
    signed_in_at: datetime | None
    second_factor: bool
    subscribers: int

    @property
    def role_in_words(self) -> str:
        """The role as it is spoken where the person belongs."""
        return role_in_words(self.role)

    @property
    def state(self) -> str:
        """In one word: blocked, invited or active."""
        if not self.active:
            return "blocked"
        return "invited" if self.invited else "active"


_SELECT: Final = """
select u.id, u.email, u.name, u.role, c.slug as cloud, u.cloud as cloud_id, u.active,
       not u.has_password as invited,
       case when not u.has_password then l.until end as invited_until,
       case when not u.has_password then l.asked end as asked_again,
       case when u.has_password then '' else coalesce((
         select d.error from delivery d where d.user_id = u.id and d.kind = 'invitation'
         order by d.id desc limit 1), '') end as mail_error,
       s.number as subscriber, r.code as referral,
       array(select m.slug from cloud m where m.manager = u.id order by m.slug) as clouds,
       u.created_at, u.signed_in_at, u.has_totp as second_factor,
       case u.role when 'account-manager' then
         (select count(*)::int from subscriber_terms x where x.account_manager = u.id)
       else 0 end as subscribers
from portal_user u
left join cloud c on c.id = u.cloud
left join subscriber s on s.id = u.subscriber
left join referral r on r.id = u.referral
left join lateral (
  select max(l.expires_at) filter (where l.kind = 'invitation') as until,
         max(l.asked_at) as asked
  from sign_in_link l where l.user_id = u.id and l.state = 'open'
) l on true
"""


def _person(row: Record) -> PersonRow:
    return PersonRow(**{**row, "role": Role(row["role"]), "clouds": tuple(row["clouds"])})


_PEOPLE: Final = Keyed(
    _SELECT, "u.id", _("person"), _person, owner="u.cloud is not distinct from $1"
)


async def list_page(
    actor: Actor, cloud: CloudFacts | None, *, after: int = 0, limit: int = 100
) -> list[PersonRow]:
    """People of a cloud, or of the platform, by id, those after `after`."""
    return await _PEOPLE.page(actor, id_of(cloud), after=after, limit=limit)


async def get(actor: Actor, user: int) -> PersonRow:
    """One person by row id, of whichever cloud the actor sees. Raises `NotFound`."""
    return await _PEOPLE.get(actor, user)


async def get_of(actor: Actor, cloud: str | None, user: int) -> PersonRow:
    """One person of a cloud (its slug), or of the platform. Raises `NotFound`."""
    found = await get(actor, user)
    if found.cloud != cloud:
        raise no_such(_("person"), user)
    return found


async def get_in(tx: Transaction, user: int, *, lock: bool = False) -> PersonRow:
    """As `get`, within a transaction; with `lock` nobody else changes them until that ends."""
    return await _PEOPLE.get_in(tx, user, lock="no key update" if lock else "")


async def get_by_email(actor: Actor, email: str) -> PersonRow:
    """One person by the address they sign in with. Raises `NotFound`."""
    async with snapshot(actor) as tx:
        row = await tx.fetchrow(_SELECT + " where u.email = $1", normal(email) or "")
    if row is None:
        raise no_such(_("person"), email)
    return _person(row)


_ACCOUNT_MANAGERS: Final = """
select u.email, u.name from portal_user u
where u.cloud = $1 and u.active and u.role = 'account-manager' and u.id <> $2
order by lower(u.name), u.id limit $3
"""


async def other_account_managers(
    actor: Actor, cloud: CloudFacts, user: int
) -> list[tuple[str, str]]:
    """Who may take over the subscribers of `user`, (e-mail, name)."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(_ACCOUNT_MANAGERS, cloud.id, user, OF_ONE_MAX)
    return [(row["email"], f"{row['name']} ({row['email']})") for row in rows]


async def list_of(
    actor: Actor, cloud: CloudFacts, *, subscriber: int | None = None, referral: str | None = None
) -> list[PersonRow]:
    """The people of one subscriber (by number) or of one referral (by code), by name."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(
            _SELECT + " where u.cloud = $1 and (s.number = $2 or r.code = $3)"
            " order by lower(u.name), u.id limit $4",
            cloud.id,
            subscriber,
            referral,
            OF_ONE_MAX,
        )
    return [_person(row) for row in rows]


OF_ONE_MAX: Final = 1_000
_RESPONSIBLE: Final = """
select u.email, u.name from portal_user u
where u.cloud is null and u.active and u.role in ('manager', 'administrator')
order by u.role = 'administrator', lower(u.name), u.id limit $1
"""


async def may_be_responsible(actor: Actor) -> list[tuple[str, str]]:
    """Whom a cloud may have as its manager, (e-mail, name): managers first, as the actor sees."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(_RESPONSIBLE, OF_ONE_MAX)
    return [(row["email"], f"{row['name']} ({row['email']})") for row in rows]


STATES: Final = ("active", "invited", "blocked")
_SORTS: Final = Sorts(
    {
        "name": "lower(u.name)",
        "email": "u.email",
        "role": "u.role",
        "signed_in": "u.signed_in_at",
    },
    tie="u.id",
    optional=frozenset({"signed_in"}),
)
_LISTED: Final = """
where u.cloud is not distinct from $1
  and ($2::text is null or strpos(lower(u.name || ' ' || u.email), lower($2)) > 0)
  and ($3::text is null or $3 = case when not u.active then 'blocked'
                                     when u.has_password then 'active' else 'invited' end)
"""
_COUNT: Final = "select count(*)::int from portal_user u" + _LISTED  # noqa: S608 - ours


@dataclass(frozen=True, slots=True)
class People:
    """A page of people, and how many there are in all."""

    rows: Sequence[PersonRow]
    total: int


async def list_for_portal(
    actor: Actor,
    cloud: CloudFacts | None,
    *,
    text: str | None = None,
    state: str | None = None,
    sort: str = "name",
    offset: int = 0,
    limit: int = 50,
) -> People:
    """People of a cloud or of the platform by name; `sort` is name, email, role or signed_in.

    "-" in front of `sort` is downwards; `text` is a part of a name or address.
    """
    async with snapshot(actor) as tx:
        narrowed = id_of(cloud), text, state
        total = await tx.fetchval(_COUNT, *narrowed)
        ordered = _SELECT + _LISTED + _SORTS.order_by(sort)
        rows = await numbered(tx, ordered, narrowed, total, offset=offset, limit=limit)
    return People([_person(row) for row in rows], total)
