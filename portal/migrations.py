"""Bringing a database to the current schema, from any number of machines at once.

Two kinds of scripts, as `schema_script` remembers them:

- numbered migrations, `piccolo_migrations/`: each runs once, and is never edited afterwards;
- policies and grants, `tables/policies.py`: dropped and made anew, all of them, whenever their
  text is another than the one that ran last.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from typing import Any, ClassVar, Final

import asyncpg
from piccolo.apps.migrations.tables import Migration

from portal import piccolo_migrations
from portal.db import ENGINE, configure
from portal.errors import PortalError
from portal.piccolo_app import APP_CONFIG
from portal.roles import connect
from portal.sql_migration import sha256, statements
from portal.tables import policies

LOCK: Final = 0x6D696772  # "migr"
POLICIES: Final = "policies"
"""The name under which the policies' script is remembered."""

_REMEMBERS: Final = """
create table if not exists schema_script (
  name text primary key,
  sha256 text not null,
  ran_at timestamptz not null default now()
)
"""
_REMEMBER: Final = """
insert into schema_script (name, sha256) values ($1, $2)
on conflict (name) do update set sha256 = excluded.sha256, ran_at = now()
"""


class SchemaError(PortalError):
    """The database was made by other migrations than these."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Another schema"


@dataclass(frozen=True, slots=True)
class Schema:
    """What a version makes of a database: its migrations by id, in order, and its policies.

    A migration has `SQL`, the file with its statements, and Piccolo's `forwards`.
    """

    migrations: Mapping[str, Any]
    policies: str


def current() -> Schema:
    """The schema of this version."""
    found = {}
    for module in pkgutil.iter_modules(piccolo_migrations.__path__):
        migration = importlib.import_module(f"{piccolo_migrations.__name__}.{module.name}")
        found[str(migration.ID)] = migration
    assert found, "the migrations were not installed"
    return Schema(dict(sorted(found.items())), policies.script())


async def migrate(database_url: str, schema: Schema | None = None) -> list[str]:
    """Run, as the owner, the migrations that have not run yet and the policies if they changed.

    Returns the names of what ran, in order. Each is one transaction together with the mark that it
    ran: a killed one leaves nothing. Others who migrate the same database at the same time wait,
    and then find nothing to do. The roles that policies name must exist:
    `portal.roles.ensure_roles`. Raises SchemaError, before anything is changed, when a migration
    that ran here is unknown or has another text today.
    """
    schema = schema or current()
    configure(database_url)
    async with _guarded(database_url) as guard:
        await Migration.create_table(if_not_exists=True).run()
        await guard.execute(_REMEMBERS)
        todo = await pending(guard, schema)
        for name in todo:
            if name == POLICIES:
                await _renew_policies(guard, schema.policies)
            else:
                await _run(name, schema.migrations[name])
        return todo


async def pending(
    connection: asyncpg.Connection[asyncpg.Record], schema: Schema | None = None
) -> list[str]:
    """What has not run on a connection's database: ids of migrations, and "policies" if changed.

    Raises SchemaError, as `migrate` does.
    """
    schema = schema or current()
    if await connection.fetchval("select to_regclass('public.migration') is null"):
        return [*schema.migrations, POLICIES]
    ran = {
        row["name"]
        for row in await connection.fetch(
            "select name from migration where app_name = $1", APP_CONFIG.app_name
        )
    }
    remembered = await _remembered(connection)
    _check_same(schema, ran, remembered)
    todo = [name for name in schema.migrations if name not in ran]
    if remembered.get(POLICIES) != sha256(schema.policies):
        todo.append(POLICIES)
    return todo


async def _remembered(connection: asyncpg.Connection[asyncpg.Record]) -> dict[str, str]:
    if await connection.fetchval("select to_regclass('public.schema_script') is null"):
        return {}
    rows = await connection.fetch("select name, sha256 from schema_script")
    return {row["name"]: row["sha256"] for row in rows}


def _check_same(schema: Schema, ran: set[str], remembered: dict[str, str]) -> None:
    for name in sorted(ran):
        module = schema.migrations.get(name)
        if module is None or remembered.get(name) != sha256(statements(module.SQL)):
            message = (
                f"This database was made by another version of Camledger: its migration {name} is"
                " not the one of this version. Use the version that made it, or an empty database."
            )
            raise SchemaError(message)


@asynccontextmanager
async def _guarded(database_url: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """A connection that holds the lock of all who migrate this database."""
    guard = await connect(database_url)
    try:
        await guard.execute("select pg_advisory_lock($1)", LOCK)
        yield guard
    finally:
        await guard.close()


async def _run(name: str, module: Any) -> None:
    async with ENGINE.transaction() as running:
        manager = await module.forwards()
        with redirect_stdout(StringIO()):  # Piccolo tells its progress to whoever reads our answer
            await manager.run()
        await Migration.insert(Migration(name=name, app_name=APP_CONFIG.app_name)).run()
        await running.connection.execute(_REMEMBER, name, sha256(statements(module.SQL)))


async def _renew_policies(guard: asyncpg.Connection[asyncpg.Record], script: str) -> None:
    async with guard.transaction():
        await guard.execute(policies.CLEARING)
        await guard.execute(script)
        await guard.execute(_REMEMBER, POLICIES, sha256(script))
