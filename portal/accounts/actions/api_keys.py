"""Keys of other systems: made and shown once, checked at every request, revoked."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Final

from asyncpg import Record

from portal import tables
from portal.access import (
    DOORKEEPER,
    KEY_ROLES,
    Actor,
    Permission,
    Role,
    may_give,
    role_named,
)
from portal.accounts.actions import refusals, throttle
from portal.accounts.queries import api_keys
from portal.accounts.queries.api_keys import KeyRow
from portal.db import Transaction, atomic, snapshot
from portal.errors import Conflict, Forbidden, Invalid, NotThere, Unauthorized
from portal.kit.actions import audit
from portal.kit.actions.locks import lock_count
from portal.kit.actions.permit import require
from portal.kit.actions.rows import insert, update
from portal.kit.queries.tenancy import CloudFacts, id_of
from portal.values.address import normal
from portal.values.roles import role_label
from portal.values.text import NAME_MAX, complaint
from portal.words import _

KEYS_MAX: Final = 500
"""Of the platform or of one cloud, those that are not revoked."""
ID_BYTES: Final = 6
SECRET_BYTES: Final = 32
USED_EVERY: Final = timedelta(minutes=1)
"""How exactly `used_at` is kept: a request that reads is not a write."""

_TOKEN: Final = re.compile(r"clk_([0-9a-f]{12})_([0-9a-f]{64})", re.ASCII)
_PERSONAL: Final = frozenset({Role.MANAGER, Role.ACCOUNT_MANAGER})
"""Roles that see what is entrusted to a person; a key of theirs stands for one."""

# A key that stands for a person is worth what the person is: active, and in that role still.
_FIND: Final = """
select k.id, k.public_id, c.secret_hash, k.name, k.role, k.scopes, k.cloud, k.user_id,
       case when k.revoked_at is not null then 'revoked'
         when k.user_id is not null and not (u.active and u.role = k.role)
         then 'of a person without that role'
         when k.expires_at <= $3 then 'expired' end as trouble,
       (k.used_at is null or k.used_at < $2) as stale
from api_key k join key_credential c on c.id = k.id left join portal_user u on u.id = k.user_id
where k.public_id = $1
"""
_PERSON: Final = """
select id from portal_user
where email = $1 and role = $2 and cloud is not distinct from $3 and active
"""


async def create(
    actor: Actor,
    *,
    name: str,
    role: str,
    cloud: CloudFacts | None = None,
    user_email: str | None = None,
    scopes: Iterable[str] | None = None,
    expires_at: datetime | None = None,
    now: datetime | None = None,
) -> str:
    """A new key, "clk_<id>_<secret>"; the secret cannot be had again.

    `role` is as it is spoken on the platform, or within the cloud. A manager's or
    account manager's key stands for the person with `user_email`, or else with an address equal to
    `name`; without one it sees nobody's. `scopes` narrow it to permissions. It ends at
    `expires_at`, which lies after `now`. Raises `Invalid`, `Forbidden` for one that could do more
    than the actor, and `Conflict` when there are KEYS_MAX.
    """
    require(actor, _writes(cloud))
    chosen = None if scopes is None else sorted(set(scopes))
    meant = _checked(name, role, cloud, chosen)
    if expires_at is not None and now is not None and expires_at <= now:
        raise Invalid({"expires_at": _("must be in the future")})
    if not may_give(actor, meant, None if chosen is None else frozenset(chosen)):
        raise Forbidden(_("A key cannot do more than whoever makes it."))
    public_id, secret = secrets.token_hex(ID_BYTES), secrets.token_hex(SECRET_BYTES)
    async with atomic(actor) as tx:
        of_cloud = id_of(cloud)
        await _refuse_many(tx, of_cloud)
        user = await _person(tx, name, user_email, meant, of_cloud)
        facts = {"name": name, "role": str(meant), "scopes": chosen, "expires_at": expires_at}
        columns = {
            **facts,
            "public_id": public_id,
            "secret_hash": _hash(secret),
            "cloud": of_cloud,
            "user_id": user,
        }
        await insert(tx, tables.ApiKey, columns)
        after = {**facts, "user": user}
        await audit.record(
            tx, actor, "api-key.create", f"API key {public_id}", cloud=of_cloud, after=after
        )
    return f"clk_{public_id}_{secret}"


def _checked(name: str, role: str, cloud: CloudFacts | None, scopes: list[str] | None) -> Role:
    """The role meant. Raises `Invalid`."""
    meant = role_named(role, in_cloud=cloud is not None)
    problems = {}
    if problem := complaint(name, minimum=1, maximum=NAME_MAX):
        problems["name"] = problem
    if meant is None or meant not in KEY_ROLES:
        wrong = _("there is no role %(role)r for a key")
        if cloud is not None:
            wrong = _("there is no role %(role)r for a key of a cloud")
        problems["role"] = wrong % {"role": role}
    unknown = [scope for scope in scopes or () if scope not in frozenset(Permission)]
    if unknown:
        problems["scopes"] = _("there is no permission %(unknown)r") % {"unknown": unknown[0]}
    if problems or meant is None:
        raise Invalid(problems)
    return meant


async def revoke(actor: Actor, public_id: str, *, now: datetime) -> KeyRow:
    """End a key at once; again changes nothing. Raises `NotFound` for what it does not see."""
    require(actor, Permission.USERS_WRITE, Permission.STAFF_WRITE)
    async with atomic(actor) as tx:
        key = await api_keys.get_in(tx, public_id)
        require(actor, _writes(key.cloud))
        if not may_give(actor, key.role):
            raise Forbidden(
                _("%(role)s does not manage keys of the role %(managed)s.")
                % {"role": role_label(actor.role), "managed": role_label(key.role)}
            )
        before = await api_keys.get_in(tx, public_id, lock=True)
        if before.revoked_at is not None:
            return before
        await update(tx, tables.ApiKey, before.row, {"revoked_at": now})
        after = await api_keys.get_in(tx, public_id)
        await audit.record(
            tx,
            actor,
            "api-key.revoke",
            f"API key {public_id}",
            cloud=before.cloud_id,
            before={"name": before.name, "revoked_at": None},
            after={"name": after.name, "revoked_at": after.revoked_at},
        )
        return after


async def verify(
    token: str, *, now: datetime, tried_at: datetime | None = None, address: str = ""
) -> Actor:
    """Whom a key stands for. Raises `Unauthorized`, in the same words whatever is wrong with it.

    `address` is where the request comes from, and `tried_at` when, by the machine's clock (the
    books' may stand still): too many keys from there that open nothing are
    `Blocked`, while those that open something go on.
    """
    match = _TOKEN.fullmatch(token)
    public_id, secret = match.groups() if match else ("", "")
    async with snapshot(DOORKEEPER) as tx:
        row = await tx.fetchrow(_FIND, public_id, now - USED_EVERY, now)
    known = row["secret_hash"] if row else _hash("")
    if not compare_digest(_hash(secret), known) or row is None or not match or row["trouble"]:
        is_its_secret = row is not None and compare_digest(_hash(secret), row["secret_hash"])
        reason = row["trouble"] if row is not None and is_its_secret else "not known"
        await _refuse(row, reason or "not known", tried_at or now, address)
        raise Unauthorized(_("This API key is not known."))
    if row["stale"]:
        await _touch(row["id"], now)
    scopes = None if row["scopes"] is None else frozenset(row["scopes"])
    return Actor(
        role=Role(row["role"]),
        name=row["name"],
        user=row["user_id"],
        cloud=row["cloud"],
        key=row["id"],
        scopes=scopes,
        address=address,
    )


def public_id_of(key: str) -> str:
    """The part of a key that may be known."""
    return key.split("_")[1]


def _writes(cloud: CloudFacts | str | None) -> Permission:
    return Permission.STAFF_WRITE if cloud is None else Permission.USERS_WRITE


async def _refuse_many(tx: Transaction, cloud: int | None) -> None:
    await lock_count(tx, "API keys", cloud)
    count = await tx.fetchval(
        "select count(*) from api_key where cloud is not distinct from $1 and revoked_at is null",
        cloud,
    )
    if count >= KEYS_MAX:
        raise Conflict(
            _("There are %(keys_max)s keys already: revoke those that nobody uses.")
            % {"keys_max": KEYS_MAX}
        )


async def _refuse(row: Record | None, reason: str, now: datetime, address: str) -> None:
    """Count a key that opens nothing, and tell it: of a known one whose it is."""
    outsider = replace(DOORKEEPER, address=address)
    limits = throttle.with_keys(address)
    try:
        async with atomic(outsider) as tx:
            await throttle.count(tx, limits, now, "API keys that are not known")
    finally:
        await refusals.note(
            outsider,
            "api-key.refused",
            f"API key {row['public_id']}" if row else "API key",
            cloud=row["cloud"] if row else None,
            now=now,
            reason=reason,
        )


def _hash(secret: str) -> str:
    """What is stored: 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


async def _touch(key: int, now: datetime) -> None:
    async with atomic(DOORKEEPER) as tx:
        used_at = tables.ApiKey.used_at
        is_due = used_at.is_null() | (used_at < now - USED_EVERY)
        await update(tx, tables.ApiKey, (tables.ApiKey.id == key) & is_due, {"used_at": now})


async def _person(
    tx: Transaction, name: str, email: str | None, role: Role, cloud: int | None
) -> int | None:
    """The id of the person that a key stands for; None for a key that is a system's own."""
    if role not in _PERSONAL and email is None:
        return None
    found: int | None = await tx.fetchval(_PERSON, normal(email or name), str(role), cloud)
    if email is not None and found is None:
        raise NotThere(
            {
                "user": _("%(email)r is not active with the role %(role)s there")
                % {"email": email, "role": role_label(role)}
            }
        )
    return found
