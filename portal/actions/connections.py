"""Connecting a Watcher to a cloud, changing that, trying it, and ending it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from portal.access import Permission
from portal.actions import audit
from portal.actions.permit import demand
from portal.db import atomic
from portal.errors import Invalid
from portal.forms.form import changes
from portal.gateways.watcher import Connection as Access
from portal.gateways.watcher import WatcherFailed, checked_url
from portal.queries import connections, tenancy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from portal.access import Actor
    from portal.forms.connection import ConnectionChange, NewConnection
    from portal.gateways.vault import Vault
    from portal.gateways.watcher import Check, Connect
    from portal.queries.connections import Connection

SECRETS: Final = ("api_key", "login", "password")


async def create(actor: Actor, cloud: str, new: NewConnection, *, vault: Vault) -> Connection:
    """Connect a Watcher. Its secrets are stored encrypted and never come out again.

    Raises `Invalid` for an address that is none, or credentials that cannot sign in.
    """
    secrets = {name: value for name in SECRETS if (value := getattr(new, name))}
    _check(new.api, new.url, secrets)
    async with atomic(actor) as tx:
        facts = await tenancy.cloud_facts(tx, cloud)
        demand(actor, Permission.CONNECTIONS_WRITE)
        made = await tx.fetchval(
            "insert into connection (cloud, kind, api, url, secret, organizations,"
            " read_every_minutes, follow_presets) values ($1, $2, $3, $4, $5, $6, $7, $8)"
            " returning id",
            facts.id,
            new.kind,
            new.api,
            new.url,
            vault.lock(secrets),
            new.organizations,
            new.read_every_minutes,
            new.follow_presets,
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
    actor: Actor, cloud: str, connection: int, change: ConnectionChange, *, vault: Vault
) -> Connection:
    """Change what was sent of a connection."""
    wanted = changes(change)
    async with atomic(actor) as tx:
        facts = await tenancy.cloud_facts(tx, cloud)
        before = await connections.find(tx, facts.id, connection)
        demand(actor, Permission.CONNECTIONS_WRITE)
        locked = await tx.fetchval("select secret from connection where id = $1", connection)
        secrets = vault.open(locked)
        for name in SECRETS:
            if name in wanted:
                value = wanted.pop(name)
                secrets.pop(name, None)
                if value:
                    secrets[name] = value
        _check(before.api, wanted.get("url", before.url), secrets)
        columns: dict[str, Any] = {**wanted, "secret": vault.lock(secrets)}
        sets = ", ".join(f"{name} = ${place}" for place, name in enumerate(columns, 2))
        await tx.execute(
            f"update connection set {sets} where id = $1",  # noqa: S608 - names of a form's fields
            connection,
            *columns.values(),
        )
        after = await connections.find(tx, facts.id, connection)
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


async def end(actor: Actor, cloud: str, connection: int, *, now: datetime) -> None:
    """Read a Watcher no more. What was read stays, and the cameras' lives as last seen."""
    async with atomic(actor) as tx:
        facts = await tenancy.cloud_facts(tx, cloud)
        await connections.find(tx, facts.id, connection)
        demand(actor, Permission.CONNECTIONS_WRITE)
        await tx.execute("update connection set ended_at = $2 where id = $1", connection, now)
        await audit.record(tx, actor, "connection.end", f"connection {connection}", cloud=facts.id)


async def test(
    actor: Actor, cloud: str, connection: int, *, vault: Vault, connect: Connect
) -> Sequence[Check]:
    """Try everything that a reading needs and store nothing. Raises what keeps it from starting."""
    async with atomic(actor) as tx:
        facts = await tenancy.cloud_facts(tx, cloud)
        await connections.find(tx, facts.id, connection)
        demand(actor, Permission.CONNECTIONS_WRITE)
        row = await tx.fetchrow(
            "select api, url, secret, organizations from connection where id = $1", connection
        )
    async with connect(access_of(dict(row or {}), vault)) as watcher:
        return await watcher.check()


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


def _check(api: str, url: str, secrets: Mapping[str, str]) -> None:
    problems: dict[str, str] = {}
    try:
        checked_url(url)
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
