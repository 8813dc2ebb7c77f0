"""Connecting a Watcher to a cloud, changing that, trying it, and ending it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from portal import jobs, tables
from portal.access import Actor, Permission
from portal.db import Transaction, advisory_lock, atomic
from portal.errors import Conflict, Invalid
from portal.kit.actions import audit
from portal.kit.actions.locks import lock_count
from portal.kit.actions.permit import require
from portal.kit.actions.queueing import enqueue_after_commit
from portal.kit.actions.rows import insert, update
from portal.kit.forms.form import values_of
from portal.kit.queries.tenancy import CloudFacts
from portal.ports import Connect, Queue, Vault, WatcherAddresses
from portal.values.watcher import Check, WatcherFailed
from portal.values.watcher import WatcherAccess as Access
from portal.watcher.forms.connection import ConnectionChange, NewConnection
from portal.watcher.queries import connections, watchers
from portal.watcher.queries.connections import WatcherConnection
from portal.words import _

SECRETS: Final = ("api_key", "login", "password")
CONNECTIONS_MAX: Final = 50
"""Of one cloud, besides those that have ended."""
TESTS_A_CLOUD: Final = 2
"""Tests of one cloud at a time, by all web processes together."""
TEST_SECONDS_MAX: Final = 60
"""Less than an idempotency key is claimed for: see `idempotency.LEASE_SECONDS`."""
_ANOTHER_SERVER: Final = (
    "the address leads to another server, and what is stored is not sent there:"
    " enter it again, or remove it"
)
_LOCKED: Final = """
select s.secret from connection c join connection_secret s on s.id = c.id
where c.id = $1 for update of c
"""
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
PROVISIONED_ANEW: Final = {
    "provision_failures": 0,
    "provision_failed_at": None,
    "provision_retry_at": None,
    "provision_message": "",
}


@dataclass(frozen=True, slots=True)
class Integrations:
    """What an installation calls Watchers with: its keys, a client, rules for addresses.

    `connect` is for a person who waits: it gives up soon.
    """

    vault: Vault
    connect: Connect
    addresses: WatcherAddresses


async def create(
    actor: Actor, cloud: CloudFacts, new: NewConnection, *, integrations: Integrations
) -> WatcherConnection:
    """Connect a Watcher. Its secrets are stored encrypted and never come out again.

    Raises `Invalid` for an address that may not be called, or credentials that cannot sign in, and
    `Conflict` when the cloud has as many connections as it may have.
    """
    _check_one_direction(follow_presets=new.follow_presets, provision=new.provision)
    secrets = _secrets(new)
    _refuse(_problems(new.api, new.url, cloud.slug, secrets, integrations))
    async with atomic(actor) as tx:
        require(actor, Permission.CONNECTIONS_WRITE)
        await _refuse_more(tx, cloud.id)
        columns = {
            **values_of(new, but=SECRETS),
            "cloud": cloud.id,
            "secret": integrations.vault.lock(secrets),
            "same_as": await watchers.at(tx, cloud.id, new.url),
        }
        made = await insert(tx, tables.Connection, columns)
        for table in ("watcher_organization", "watcher_preset"):
            await tx.execute(
                f"update {table} w set watcher = coalesce(n.same_as, n.id)"  # noqa: S608 - ours
                " from connection n where w.cloud = $1 and w.watcher = $3 and n.id = $2",
                cloud.id,
                made,
                watchers.TO_COME,
            )
        connection = await connections.get_in(tx, cloud.id, made)
        await audit.record(
            tx,
            actor,
            "connection.create",
            f"connection {made}",
            cloud=cloud.id,
            after=_told(connection, has_new_secrets=True),
        )
        return connection


async def change(
    actor: Actor,
    cloud: CloudFacts,
    connection: int,
    change: ConnectionChange,
    *,
    integrations: Integrations,
    queue: Queue,
) -> WatcherConnection:
    """Change what was sent of a connection.

    Beginning to follow presets makes the subscriptions of the cameras that are there already;
    provisioning that was left alone after failures is tried anew. Another server's address needs
    every secret that is stored anew, or its removal: raises `Invalid` for each that is neither.
    """
    wanted = values_of(change)
    async with atomic(actor) as tx:
        before = await connections.get_in(tx, cloud.id, connection)
        require(actor, Permission.CONNECTIONS_WRITE)
        locked = await tx.fetchval(_LOCKED, connection)
        secrets = _stored(locked, wanted, integrations.vault)
        has_new_secrets = not wanted.keys().isdisjoint(SECRETS)
        left = _replace(secrets, wanted)
        url = wanted.get("url", before.url)
        problems = _problems(before.api, url, cloud.slug, secrets, integrations)
        if "url" not in problems and not integrations.addresses.is_same_origin(before.url, url):
            problems |= dict.fromkeys(left, _ANOTHER_SERVER)
        _refuse(problems)
        _check_one_direction(
            follow_presets=wanted.get("follow_presets", before.follow_presets),
            provision=wanted.get("provision", before.provision),
        )
        if url.rstrip("/") != before.url.rstrip("/"):
            await watchers.refuse_move(tx, cloud.id, connection, url)
        columns = {
            **values_of(change, but=SECRETS),
            "secret": integrations.vault.lock(secrets),
            **PROVISIONED_ANEW,
        }
        await update(tx, tables.Connection, connection, columns)
        if url.rstrip("/") != before.url.rstrip("/"):
            await tx.execute(_DISOWN, cloud.id, connection)
        if wanted.get("provision", before.provision):
            await _provision_anew(tx, cloud.id, connection, queue)
        after = await connections.get_in(tx, cloud.id, connection)
        if after.follow_presets and not before.follow_presets:
            await _follow_all(tx, cloud.id, queue)
        await audit.record(
            tx,
            actor,
            "connection.change",
            f"connection {connection}",
            cloud=cloud.id,
            before=before,
            after=_told(after, has_new_secrets=has_new_secrets),
        )
        return after


async def _follow_all(tx: Transaction, cloud: int, queue: Queue) -> None:
    """Mark that every mapping is to be followed anew."""
    await tx.execute(_TO_FOLLOW, cloud)

    enqueue_after_commit(queue, jobs.FOLLOW_MAPPINGS, cloud)


async def _provision_anew(tx: Transaction, cloud: int, connection: int, queue: Queue) -> None:
    """Let everything be tried again now that failed and was left alone."""
    for table in ("provisioned_preset", "provisioned_camera"):
        await tx.execute(
            f"update {table} set retry_at = null, failures = 0"  # noqa: S608 - names of ours
            " where cloud = $1 and connection = $2 and retry_at is not null",
            cloud,
            connection,
        )

    enqueue_after_commit(queue, jobs.PROVISION, cloud)


async def end(actor: Actor, cloud: CloudFacts, connection: int, *, now: datetime) -> None:
    """Read a Watcher no more. What was read stays, and the cameras' histories as last seen."""
    async with atomic(actor) as tx:
        await connections.get_in(tx, cloud.id, connection)
        require(actor, Permission.CONNECTIONS_WRITE)
        await update(tx, tables.Connection, connection, {"ended_at": now})
        await audit.record(tx, actor, "connection.end", f"connection {connection}", cloud=cloud.id)


async def test(
    actor: Actor, cloud: CloudFacts, connection: int, *, integrations: Integrations
) -> Sequence[Check]:
    """Try everything that a reading needs and store nothing; what keeps it from starting, too.

    Raises `Conflict` while as many tests of the cloud are running as there may be: a server that
    does not answer keeps each of them waiting.
    """
    async with atomic(actor) as tx:
        await connections.get_in(tx, cloud.id, connection)
        require(actor, Permission.CONNECTIONS_WRITE)
        row = await tx.fetchrow(
            "select c.api, c.url, s.secret, c.organizations"
            " from connection c join connection_secret s on s.id = c.id where c.id = $1",
            connection,
        )
    access = access_of({**dict(row or {}), "slug": cloud.slug}, integrations.vault)
    return await _in_turn(cloud, access, integrations)


async def test_new(
    actor: Actor, cloud: CloudFacts, new: NewConnection, *, integrations: Integrations
) -> Sequence[Check]:
    """Try a connection before it is made, by the rules and bounds of `test`. Nothing is stored.

    Raises `Invalid` as `create` does, `Conflict` as `test` does.
    """
    require(actor, Permission.CONNECTIONS_WRITE)
    secrets = _secrets(new)
    _refuse(_problems(new.api, new.url, cloud.slug, secrets, integrations))
    access = Access(
        api=new.api,
        url=new.url,
        api_key=secrets.get("api_key"),
        login=secrets.get("login"),
        password=secrets.get("password"),
        organizations=new.organizations,
        cloud=cloud.slug,
    )
    return await _in_turn(cloud, access, integrations)


async def _in_turn(
    cloud: CloudFacts, access: Access, integrations: Integrations
) -> Sequence[Check]:
    async with AsyncExitStack() as place:
        for number in range(TESTS_A_CLOUD):
            if await place.enter_async_context(advisory_lock(f"test {number} of cloud {cloud.id}")):
                return await _tested(access, integrations)
    raise Conflict(
        _(
            "%(tests_a_cloud)s tests of this cloud's connections are running: "
            "wait until one has ended"
        )
        % {"tests_a_cloud": TESTS_A_CLOUD}
    )


async def _tested(access: Access, integrations: Integrations) -> Sequence[Check]:
    try:
        integrations.addresses.refuse(access.url, access.cloud)
        async with asyncio.timeout(TEST_SECONDS_MAX), integrations.connect(access) as watcher:
            return await watcher.check()
    except TimeoutError:
        return [Check("connection", ok=False, message=f"no end after {TEST_SECONDS_MAX} seconds")]
    except WatcherFailed as error:
        return [Check("connection", ok=False, message=error.message)]


def _secrets(new: NewConnection) -> dict[str, str]:
    """The credentials that were given, by name."""
    return {name: value for name in SECRETS if (value := getattr(new, name))}


def _told(connection: WatcherConnection, *, has_new_secrets: bool) -> dict[str, Any]:
    """What the audit log is told of a connection: credentials, that they are others now."""
    told: dict[str, Any] = audit.as_json(connection)
    return {**told, "credentials": audit.CHANGED} if has_new_secrets else told


def access_of(row: Mapping[str, Any], vault: Vault) -> Access:
    """How a stored connection is reached; `slug` is its cloud's."""
    secrets = vault.open(row["secret"])
    organizations = row["organizations"]
    return Access(
        api=row["api"],
        url=row["url"],
        api_key=secrets.get("api_key"),
        login=secrets.get("login"),
        password=secrets.get("password"),
        organizations=None if organizations is None else tuple(organizations),
        cloud=row["slug"],
    )


def _stored(locked: bytes, wanted: Mapping[str, Any], vault: Vault) -> dict[str, str]:
    """The secrets that are stored; none where they cannot be read and are entered again."""
    try:
        return vault.open(locked)
    except Conflict:
        if not any(wanted.get(name) for name in SECRETS):
            raise
        return {}


def _replace(secrets: dict[str, str], wanted: dict[str, Any]) -> list[str]:
    """Take what is wanted of secrets over into those that are stored; names of those left as is."""
    left = [name for name in secrets if name not in wanted]
    for name in SECRETS:
        if name in wanted:
            value = wanted.pop(name)
            secrets.pop(name, None)
            if value:
                secrets[name] = value
    return left


def _check_one_direction(*, follow_presets: bool, provision: bool) -> None:
    if follow_presets and provision:
        message = _(
            "either presets make subscriptions (follow_presets), or subscriptions make presets"
        )
        raise Invalid({"provision": message})


async def _refuse_more(tx: Transaction, cloud: int) -> None:
    """Raise `Conflict` when a cloud has as many connections as it may have; holds their number."""
    await lock_count(tx, "connections", cloud)
    there = await tx.fetchval(
        "select count(*) from connection where cloud = $1 and ended_at is null", cloud
    )
    if there >= CONNECTIONS_MAX:
        raise Conflict(
            _("A cloud has %(connections_max)s connections at most: end one that is not needed")
            % {"connections_max": CONNECTIONS_MAX}
        )


def _refuse(problems: dict[str, str]) -> None:
    if problems:
        raise Invalid(problems)


def _problems(
    api: str, url: str, cloud: str, secrets: Mapping[str, str], integrations: Integrations
) -> dict[str, str]:
    """What is wrong with an address and the credentials for it, by field."""
    problems: dict[str, str] = {}
    try:
        integrations.addresses.refuse(url, cloud)
    except WatcherFailed as error:
        problems["url"] = error.message
    if ("login" in secrets) != ("password" in secrets):
        problems["password" if "login" in secrets else "login"] = _(
            "login and password go together"
        )
    if api == "v3" and "login" not in secrets:
        problems.setdefault("login", "API v3 is read with a login and a password")
    if api == "v2" and not secrets:
        problems["api_key"] = _("API v2 is read with a key, a login and a password, or all three")
    return problems
