"""Bringing a database to the current migration, from any number of machines at once."""

from __future__ import annotations

import importlib
import pkgutil
from contextlib import redirect_stdout
from io import StringIO
from types import ModuleType
from typing import Final

import asyncpg
from piccolo.apps.migrations.tables import Migration

from portal import piccolo_migrations
from portal.db import ENGINE, configure
from portal.piccolo_app import APP_CONFIG
from portal.roles import connect

LOCK: Final = 0x6D696772  # "migr"


async def migrate(database_url: str) -> list[str]:
    """Run, as the owner, the migrations that have not run yet; their ids, in order.

    Each is one transaction together with the mark that it ran: a killed one leaves nothing. Others
    who migrate the same database at the same time wait, and then find nothing to do.
    The roles that policies name must exist: `portal.roles.ensure_roles`.
    """
    configure(database_url)
    guard = await connect(database_url)
    try:
        await guard.execute("select pg_advisory_lock($1)", LOCK)
        await Migration.create_table(if_not_exists=True).run()
        todo = await _not_run(guard)
        modules = _modules()
        for migration in todo:
            await _run(migration, modules[migration])
        return todo
    finally:
        await guard.close()


async def pending(connection: asyncpg.Connection[asyncpg.Record]) -> list[str]:
    """The ids of the migrations that have not run on a connection's database."""
    if await connection.fetchval("select to_regclass('public.migration') is null"):
        return sorted(_modules())
    return await _not_run(connection)


async def _not_run(connection: asyncpg.Connection[asyncpg.Record]) -> list[str]:
    rows = await connection.fetch(
        "select name from migration where app_name = $1", APP_CONFIG.app_name
    )
    return sorted(_modules().keys() - {row["name"] for row in rows})


def _modules() -> dict[str, ModuleType]:
    """Migrations by id, whose order is theirs: they begin with the time of writing."""
    found = {}
    for module in pkgutil.iter_modules(piccolo_migrations.__path__):
        migration = importlib.import_module(f"{piccolo_migrations.__name__}.{module.name}")
        found[str(migration.ID)] = migration
    assert found, "the migrations were not installed"
    return found


async def _run(name: str, module: ModuleType) -> None:
    async with ENGINE.transaction():
        manager = await module.forwards()
        with redirect_stdout(StringIO()):  # Piccolo tells its progress to whoever reads our answer
            await manager.run()
        await Migration.insert(Migration(name=name, app_name=APP_CONFIG.app_name)).run()
