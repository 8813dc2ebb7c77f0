"""API keys, as those who manage them see them: never their secrets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from asyncpg import Record

from portal.access import Actor, Role, role_in_words
from portal.db import Transaction, snapshot
from portal.errors import no_such
from portal.kit.queries.keyed import Keyed
from portal.kit.queries.pages import Sorts, numbered
from portal.kit.queries.tenancy import CloudFacts, id_of
from portal.words import _


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key. `public_id` is the part of it that may be known; `cloud` a slug, None the platform's.

    `user` is the address of the person for whom it stands, `scopes` what it is narrowed to.
    """

    row: int
    public_id: str
    name: str
    role: Role
    cloud: str | None
    cloud_id: int | None
    user: str | None
    user_active: bool
    scopes: tuple[str, ...] | None
    created_at: datetime
    used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None

    @property
    def role_in_words(self) -> str:
        """The role as it is spoken where the key belongs."""
        return role_in_words(self.role)

    def state(self, now: datetime) -> str:
        """What it is worth at `now`: active, expired, revoked or blocked with its person."""
        if self.revoked_at is not None:
            return "revoked"
        if self.expires_at is not None and self.expires_at <= now:
            return "expired"
        return "active" if self.user_active else "blocked"


_SELECT: Final = """
select k.id as row, k.public_id, k.name, k.role, c.slug as cloud, k.cloud as cloud_id,
       u.email as user, k.user_id is null or coalesce(u.active and u.role = k.role, false)
         as user_active,
       k.scopes, k.created_at, k.used_at, k.expires_at, k.revoked_at
from api_key k
left join cloud c on c.id = k.cloud
left join portal_user u on u.id = k.user_id
"""


def _key(row: Record) -> KeyRow:
    scopes = None if row["scopes"] is None else tuple(row["scopes"])
    return KeyRow(**{**row, "role": Role(row["role"]), "scopes": scopes})


_KEYS: Final = Keyed(_SELECT, "k.id", _("API key"), _key, owner="k.cloud is not distinct from $1")
_BY_PUBLIC_ID: Final = replace(_KEYS, key="k.public_id")


async def list_page(
    actor: Actor, cloud: CloudFacts | None, *, after: int = 0, limit: int = 100
) -> list[KeyRow]:
    """Keys of a cloud, or of the platform, oldest first, those after a row id."""
    return await _KEYS.page(actor, id_of(cloud), after=after, limit=limit)


async def get(actor: Actor, public_id: str) -> KeyRow:
    """One key that the actor sees. Raises `NotFound`."""
    return await _BY_PUBLIC_ID.get(actor, public_id)


async def get_of(actor: Actor, cloud: str | None, public_id: str) -> KeyRow:
    """One key of a cloud (its slug), or of the platform. Raises `NotFound`."""
    found = await get(actor, public_id)
    if found.cloud != cloud:
        raise no_such(_("API key"), public_id)
    return found


async def get_in(tx: Transaction, public_id: str, *, lock: bool = False) -> KeyRow:
    """As `get`, within a transaction; with `lock` nobody else changes it until that ends."""
    return await _BY_PUBLIC_ID.get_in(tx, public_id, lock="no key update" if lock else "")


_LISTED: Final = """
where k.cloud is not distinct from $1
  and ($2::text is null or strpos(lower(k.name), lower($2)) > 0 or k.public_id = $2)
"""
_COUNT: Final = "select count(*)::int from api_key k" + _LISTED  # noqa: S608 - ours
_SORTS: Final = Sorts(
    {"name": "lower(k.name)", "created": "k.created_at", "used": "k.used_at"},
    tie="k.id desc",
    optional=frozenset({"used"}),
)


@dataclass(frozen=True, slots=True)
class Keys:
    """A page of keys, and how many there are in all."""

    rows: Sequence[KeyRow]
    total: int


async def list_for_portal(
    actor: Actor,
    cloud: CloudFacts | None,
    *,
    text: str | None = None,
    sort: str = "-created",
    offset: int = 0,
    limit: int = 50,
) -> Keys:
    """Keys of a cloud or of the platform; `sort` is name, created or used, "-" is downwards."""
    async with snapshot(actor) as tx:
        narrowed = id_of(cloud), text
        total = await tx.fetchval(_COUNT, *narrowed)
        ordered = _SELECT + _LISTED + _SORTS.order_by(sort)
        rows = await numbered(tx, ordered, narrowed, total, offset=offset, limit=limit)
    return Keys([_key(row) for row in rows], total)
