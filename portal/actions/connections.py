"""Connecting a Watcher to a cloud, changing that, trying it, and ending it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from portal.access import Permission
from portal.actions import audit
from portal.actions.mappings import FOLLOW_JOB
from portal.actions.permit import demand
from portal.actions.provisioning import PROVISION_JOB
from portal.db import after_commit, atomic
from portal.errors import Conflict, Invalid
from portal.forms.form import changes
from portal.gateways.watcher import Check, WatcherFailed, refuse_address
from portal.gateways.watcher import Connection as Access
from portal.queries import connections, tenancy

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from portal.access import Actor
    from portal.db import Connection as Transaction
    from portal.forms.connection import ConnectionChange, NewConnection
    from portal.gateways.queue import Queue
    from portal.gateways.vault import Vault
    from portal.gateways.watcher import Connect
    from portal.queries.connections import Connection

SECRETS: Final = ("api_key", "login", "password")
_TO_FOLLOW: Final = """
with organizations as (
  update watcher_organization set is_followed = false where cloud = $1 and subscriber is not null
)
update watcher_preset set is_followed = false where cloud = $1 and tariff is not null
"""
# What has the same number at another address may be somebody else's: it is not edited any more.
_DISOWN: Final = """
update provisioned_preset set preset = null, before = null where cloud = $1 and connection = $2
"""
_ANEW: Final = {
    "provision_failures": 0,
    "provision_failed_at": None,
    "provision_retry_at": None,
    "provision_message": "",
}


@dataclass(frozen=True, slots=True)
class Outside:
    """An installation's way to the outside: its keys, its doors, and where these may lead.

    `connect` is for a person who waits: it gives up soon. Private addresses are called where all or
    `trusted` ones may be.
    """

    vault: Vault
    connect: Connect
    allow_private: bool
    trusted: Collection[str] = frozenset()

    def refuse(self, url: str) -> None:
        """Raise `AddressRefused` for an address that may not be called."""
        refuse_address(url, allow_private=self.allow_private, trusted=self.trusted)


async def create(actor: Actor, cloud: str, new: NewConnection, *, outside: Outside) -> Connection:
    """Connect a Watcher. Its secrets are stored encrypted and never come out again.

    Raises `Invalid` for an address that may not be called, or credentials that cannot sign in.
    """
    _refuse_two_masters(follow_presets=new.follow_presets, provision=new.provision)
    secrets = {name: value for name in SECRETS if (value := getattr(new, name))}
    _check(new.api, new.url, secrets, outside)
    async with atomic(actor) as tx:
        facts = await tenancy.cloud_facts(tx, cloud)
        demand(actor, Permission.CONNECTIONS_WRITE)
        made = await tx.fetchval(
            "insert into connection (cloud, kind, api, url, secret, organizations,"
            " read_every_minutes, follow_presets, provision)"
            " values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
            " returning id",
            facts.id,
            new.kind,
            new.api,
            new.url,
            outside.vault.lock(secrets),
            new.organizations,
            new.read_every_minutes,
            new.follow_presets,
            new.provision,
        )
        connection = await connections.find(tx, facts.id, made)
        await audit.record(
            tx,
            actor,
            "connection.create",
            f"connection {made}",
            cloud=facts.id,
            after=connection,
        )
        return connection


async def change(
    actor: Actor,
    cloud: str,
    connection: int,
    change: ConnectionChange,
    *,
    outside: Outside,
    queue: Queue,
) -> Connection:
    """Change what was sent of a connection.

    Beginning to follow presets makes the subscriptions of the cameras that are there already;
    provisioning that was left alone after failures is tried anew.
    """
    wanted = changes(change)
    async with atomic(actor) as tx:
        facts = await tenancy.cloud_facts(tx, cloud)
        before = await connections.find(tx, facts.id, connection)
        demand(actor, Permission.CONNECTIONS_WRITE)
        locked = await tx.fetchval(
            "select secret from connection where id = $1 for update", connection
        )
        secrets = _stored(locked, wanted, outside.vault)
        for name in SECRETS:
            if name in wanted:
                value = wanted.pop(name)
                secrets.pop(name, None)
                if value:
                    secrets[name] = value
        _check(before.api, wanted.get("url", before.url), secrets, outside)
        _refuse_two_masters(
            follow_presets=wanted.get("follow_presets", before.follow_presets),
            provision=wanted.get("provision", before.provision),
        )
        columns: dict[str, Any] = {**wanted, "secret": outside.vault.lock(secrets), **_ANEW}
        sets = ", ".join(f"{name} = ${place}" for place, name in enumerate(columns, 2))
        await tx.execute(
            f"update connection set {sets} where id = $1",  # noqa: S608 - names of a form's fields
            connection,
            *columns.values(),
        )
        if wanted.get("url", before.url).rstrip("/") != before.url.rstrip("/"):
            await tx.execute(_DISOWN, facts.id, connection)
        if wanted.get("provision", before.provision):
            await _provision_anew(tx, facts.id, connection, queue)
        after = await connections.find(tx, facts.id, connection)
        if after.follow_presets and not before.follow_presets:
            await _follow_all(tx, facts.id, queue)
        await audit.record(
            tx,
            actor,
            "connection.change",
            f"connection {connection}",
            cloud=facts.id,
            before=before,
            after=after,
        )
        return after


async def _follow_all(tx: Transaction, cloud: int, queue: Queue) -> None:
    """Leave word that every mapping is to be followed anew."""
    await tx.execute(_TO_FOLLOW, cloud)

    async def ring() -> None:
        await queue.ring(FOLLOW_JOB, cloud)

    after_commit(ring)


async def _provision_anew(tx: Transaction, cloud: int, connection: int, queue: Queue) -> None:
    """Let everything be tried again now that failed and was left alone."""
    for table in ("provisioned_preset", "provisioned_camera"):
        await tx.execute(
            f"update {table} set retry_at = null, failures = 0"  # noqa: S608 - names of ours
            " where cloud = $1 and connection = $2 and retry_at is not null",
            cloud,
            connection,
        )

    async def ring() -> None:
        await queue.ring(PROVISION_JOB, cloud)

    after_commit(ring)


async def end(actor: Actor, cloud: str, connection: int, *, now: datetime) -> None:
    """Read a Watcher no more. What was read stays, and the cameras' lives as last seen."""
    async with atomic(actor) as tx:
        facts = await tenancy.cloud_facts(tx, cloud)
        await connections.find(tx, facts.id, connection)
        demand(actor, Permission.CONNECTIONS_WRITE)
        await tx.execute("update connection set ended_at = $2 where id = $1", connection, now)
        await audit.record(tx, actor, "connection.end", f"connection {connection}", cloud=facts.id)


async def test(actor: Actor, cloud: str, connection: int, *, outside: Outside) -> Sequence[Check]:
    """Try everything that a reading needs and store nothing; what keeps it from starting, too."""
    async with atomic(actor) as tx:
        facts = await tenancy.cloud_facts(tx, cloud)
        await connections.find(tx, facts.id, connection)
        demand(actor, Permission.CONNECTIONS_WRITE)
        row = await tx.fetchrow(
            "select api, url, secret, organizations from connection where id = $1", connection
        )
    access = access_of(dict(row or {}), outside.vault)
    try:
        outside.refuse(access.url)
        async with outside.connect(access) as watcher:
            return await watcher.check()
    except WatcherFailed as error:
        return [Check("connection", ok=False, message=error.message)]


def access_of(row: Mapping[str, Any], vault: Vault) -> Access:
    """How a stored connection is reached."""
    secrets = vault.open(row["secret"])
    organizations = row["organizations"]
    return Access(
        api=row["api"],
        url=row["url"],
        api_key=secrets.get("api_key"),
        login=secrets.get("login"),
        password=secrets.get("password"),
        organizations=None if organizations is None else tuple(organizations),
    )


def _stored(locked: bytes, wanted: Mapping[str, Any], vault: Vault) -> dict[str, str]:
    """The secrets that are stored; none where they cannot be read and are entered again."""
    try:
        return vault.open(locked)
    except Conflict:
        if not any(wanted.get(name) for name in SECRETS):
            raise
        return {}


def _refuse_two_masters(*, follow_presets: bool, provision: bool) -> None:
    if follow_presets and provision:
        message = (
            "either presets make subscriptions (follow_presets), or subscriptions make presets"
        )
        raise Invalid({"provision": message})


def _check(api: str, url: str, secrets: Mapping[str, str], outside: Outside) -> None:
    problems: dict[str, str] = {}
    try:
        outside.refuse(url)
    except WatcherFailed as error:
        problems["url"] = error.message
    if ("login" in secrets) != ("password" in secrets):
        problems["password" if "login" in secrets else "login"] = "login and password go together"
    if api == "v3" and "login" not in secrets:
        problems.setdefault("login", "API v3 is read with a login and a password")
    if api == "v2" and not secrets:
        problems["api_key"] = "API v2 is read with a key, a login and a password, or all three"
    if problems:
        raise Invalid(problems)
