"""Stored credentials and the keys they are encrypted with: bringing all under the first key."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from asyncpg import Record

from portal import tables
from portal.access import SYSTEM
from portal.db import atomic, snapshot
from portal.errors import Conflict
from portal.kit.actions import audit
from portal.kit.actions.rows import update
from portal.ports import Vault

_STORED: Final = """
select c.id, c.cloud, l.slug, c.secret, c.ended_at is not null as has_ended
from connection c join cloud l on l.id = c.cloud
"""
# A lock that lets readings of the connection begin meanwhile.
_NEXT: Final = _STORED + " where c.id > $1 order by c.id limit 1 for no key update of c"
_ACCOUNTS: Final = """
select a.id, a.cloud, l.slug, a.secret, a.gateway from card_account a join cloud l on l.id = a.cloud
"""
_NEXT_ACCOUNT: Final = _ACCOUNTS + " where a.id > $1 order by a.id limit 1 for no key update of a"
_WEBHOOKS: Final = """
select e.id, e.cloud, l.slug, e.secret, e.old_secret
from webhook_endpoint e join cloud l on l.id = e.cloud where e.removed_at is null
"""
_NEXT_WEBHOOK: Final = _WEBHOOKS + " and e.id > $1 order by e.id limit 1 for no key update of e"
_PEOPLE: Final = """
select u.id, u.cloud, coalesce(l.slug, '') as slug, u.totp
from portal_user u left join cloud l on l.id = u.cloud where u.totp is not null
"""
_NEXT_PERSON: Final = _PEOPLE + " and u.id > $1 order by u.id limit 1 for no key update of u"


@dataclass(frozen=True, slots=True)
class Stored:
    """Whose credentials they are: a cloud's slug and a connection's number, or a person's.

    Of a person (by row id) it is the secret of the second factor; `cloud` is "" for the platform's.
    Of a card gateway (by name) it is what a cloud's account is spoken to with, of a webhook (by row
    id) what its events are signed with.
    """

    cloud: str
    connection: int
    has_ended: bool
    person: int | None = None
    gateway: str = ""
    webhook: int | None = None


@dataclass(slots=True)
class Keys:
    """Stored credentials by what opens them: the first key, an older one, or none."""

    current: list[Stored] = field(default_factory=list)
    older: list[Stored] = field(default_factory=list)
    none: list[Stored] = field(default_factory=list)


async def rekey(*, vault: Vault) -> Keys:
    """Encrypt with the first key what an older one opens; what was found, before that.

    Each connection, ended ones included, and each person is a transaction of its own: killed in the
    middle, begun again or done twice at once, it comes to the same. What no key opens stays.
    """
    found = Keys()
    for rekey_after in (
        *(_rekey_after, _rekey_person_after),
        *(_rekey_account_after, _rekey_webhook_after),
    ):
        last = 0
        while (row := await rekey_after(last, vault, found)) is not None:
            last = row["id"]
    return found


async def _rekey_after(last: int, vault: Vault, found: Keys) -> Record | None:
    """Look after the connection that comes next, if there is one."""
    async with atomic(SYSTEM) as tx:
        row = await tx.fetchrow(_NEXT, last)
        if row is None:
            return None
        kind = _kind(vault, row["secret"], found)
        if kind is found.older:
            locked = vault.relock(row["secret"])
            await update(tx, tables.Connection, row["id"], {"secret": locked})
            await audit.record(
                tx,
                SYSTEM,
                "connection.rekey",
                f"connection {row['id']}",
                cloud=row["cloud"],
            )
    kind.append(_stored(row))
    return row


async def _rekey_person_after(last: int, vault: Vault, found: Keys) -> Record | None:
    """Look after the person with a second factor who comes next, if there is one."""
    async with atomic(SYSTEM) as tx:
        row = await tx.fetchrow(_NEXT_PERSON, last)
        if row is None:
            return None
        kind = _kind(vault, row["totp"], found)
        if kind is found.older:
            locked = vault.relock(row["totp"])
            await update(tx, tables.PortalUser, row["id"], {"totp": locked})
            await audit.record(
                tx, SYSTEM, "second-factor.rekey", f"user {row['id']}", cloud=row["cloud"]
            )
    kind.append(Stored(row["slug"], 0, has_ended=False, person=row["id"]))
    return row


async def _rekey_account_after(last: int, vault: Vault, found: Keys) -> Record | None:
    """Look after the account at a card gateway that comes next, if there is one."""
    async with atomic(SYSTEM) as tx:
        row = await tx.fetchrow(_NEXT_ACCOUNT, last)
        if row is None:
            return None
        kind = _kind(vault, row["secret"], found)
        if kind is found.older:
            locked = vault.relock(row["secret"])
            await update(tx, tables.CardAccount, row["id"], {"secret": locked})
            about = f"gateway {row['gateway']}"
            await audit.record(tx, SYSTEM, "gateway.rekey", about, cloud=row["cloud"])
    kind.append(_of_account(row))
    return row


async def _rekey_webhook_after(last: int, vault: Vault, found: Keys) -> Record | None:
    """Look after the webhook that comes next; the secret of before a rotation goes with it."""
    async with atomic(SYSTEM) as tx:
        row = await tx.fetchrow(_NEXT_WEBHOOK, last)
        if row is None:
            return None
        kinds = [_kind(vault, one, found) for one in (row["secret"], row["old_secret"]) if one]
        kind = found.current
        for worse in (found.older, found.none):
            if any(one is worse for one in kinds):
                kind = worse
        if kind is found.older:
            old = row["old_secret"]
            locked = {
                "secret": vault.relock(row["secret"]),
                "old_secret": None if old is None else vault.relock(old),
            }
            await update(tx, tables.WebhookEndpoint, row["id"], locked)
            about = f"webhook {row['id']}"
            await audit.record(tx, SYSTEM, "webhook.rekey", about, cloud=row["cloud"])
    kind.append(_of_webhook(row))
    return row


async def keys_in_use(*, vault: Vault) -> Keys:
    """What opens the credentials that are stored now; nothing is changed."""
    found = Keys()
    async with snapshot(SYSTEM) as tx:
        for row in await tx.fetch(_STORED + " order by c.id"):
            _kind(vault, row["secret"], found).append(_stored(row))
        for row in await tx.fetch(_PEOPLE + " order by u.id"):
            stored = Stored(row["slug"], 0, has_ended=False, person=row["id"])
            _kind(vault, row["totp"], found).append(stored)
        for row in await tx.fetch(_ACCOUNTS + " order by a.id"):
            _kind(vault, row["secret"], found).append(_of_account(row))
        for row in await tx.fetch(_WEBHOOKS + " order by e.id"):
            _kind(vault, row["secret"], found).append(_of_webhook(row))
    return found


def _kind(vault: Vault, locked: bytes, found: Keys) -> list[Stored]:
    if vault.is_current(locked):
        return found.current
    try:
        vault.open(locked)
    except Conflict:
        return found.none
    return found.older


def _stored(row: Record) -> Stored:
    return Stored(cloud=row["slug"], connection=row["id"], has_ended=row["has_ended"])


def _of_account(row: Record) -> Stored:
    return Stored(cloud=row["slug"], connection=0, has_ended=False, gateway=row["gateway"])


def _of_webhook(row: Record) -> Stored:
    return Stored(cloud=row["slug"], connection=0, has_ended=False, webhook=row["id"])
