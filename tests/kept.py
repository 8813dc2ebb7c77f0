"""A process's database, kept from test to test: emptied before each instead of copied anew.

A copy costs a twentieth of a second, and every connection to it begins without plans and catalogues.
What a test wrote is deleted, what migrations had written is put back, sequences count from one. Where
a test changed more than rows (a table, a function, a grant), or left something running, a new copy is
made.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Final, TypeAlias

import asyncpg

from portal import db
from tests.patience import PATIENCE_SECONDS

POOL_SIZE: Final = 6
LARGE_BYTES: Final = 1_000_000
"""A table above it is truncated; below, deleting is quicker and leaves plans as they are."""
CLOSE_SECONDS: Final = 2
VACUUM_EVERY: Final = 50
"""Tests after which what they deleted is taken out of the files."""

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

_TABLES: Final = """
select format('%I.%I', nspname, relname) as name
from pg_class join pg_namespace on pg_namespace.oid = relnamespace
where relkind = 'r' and relpersistence <> 't' and nspname !~ '^(pg_|information_schema)'
order by 1
"""
# The newest change of any kind of thing, and how many there are of it: what a migration would change.
_SHAPE: Final = """
select string_agg(kind || ' ' || things || ' ' || newest, ', ' order by kind) from (
  select 'class' as kind, count(*) as things, max(xmin::text::bigint) as newest
  from pg_class where relpersistence <> 't' and relnamespace <> 'pg_toast'::regnamespace
  union all select 'column', count(*), max(xmin::text::bigint) from pg_attribute
    where attrelid in (select oid from pg_class where relpersistence <> 't')
  union all select 'policy', count(*), max(xmin::text::bigint) from pg_policy
  union all select 'trigger', count(*), max(xmin::text::bigint) from pg_trigger
  union all select 'function', count(*), max(xmin::text::bigint) from pg_proc
  union all select 'constraint', count(*), max(xmin::text::bigint) from pg_constraint
) as found
"""
_SIZES: Final = """
select name, pg_relation_size(name::regclass) as bytes from unnest($1::text[]) as name
"""
_BUSY: Final = """
select count(*) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'
"""
_SEQUENCES: Final = """
select format('%I.%I', schemaname, sequencename) as name, start_value, last_value from pg_sequences
"""


async def make_copy(maintenance_url: str, template: str, name: str) -> None:
    """A database `name` as the template is, in place of one that a killed run has left."""
    server: Connection = await asyncpg.connect(maintenance_url)
    try:
        await server.execute(f'drop database if exists "{name}" with (force)')
        await server.execute(f'create database "{name}" template "{template}" strategy file_copy')
    finally:
        await server.close()


async def drop(maintenance_url: str, name: str) -> None:
    """Remove a copy, whoever is still connected."""
    server: Connection = await asyncpg.connect(maintenance_url)
    try:
        await server.execute(f'drop database if exists "{name}" with (force)')
    finally:
        await server.close()


@dataclass
class KeptDatabase:
    """`name` is copied from `template` on the server of `maintenance_url`; `url` leads to it."""

    maintenance_url: str
    template: str
    name: str
    url: str
    pools: dict[str, Any] = field(default_factory=dict)
    users: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    """How to end whatever else is connected to this copy."""
    _connection: Connection | None = None
    _tables: tuple[str, ...] = ()
    _seeded: dict[str, bytes] = field(default_factory=dict)
    _sequences: Mapping[str, int | None] = field(default_factory=dict)
    _shape: str = ""
    _cleared: int = 0

    async def ready(self) -> None:
        """Make it as it was migrated, whatever the test before has done."""
        if self._connection is None or self._connection.is_closed() or not await self._clear():
            await self._copy()

    async def close(self) -> None:
        """Drop it."""
        await self._cut()
        await drop(self.maintenance_url, self.name)

    @asynccontextmanager
    async def connections(self, url: str) -> AsyncIterator[None]:
        """Inside, actions run on the connections to `url`, which stay open."""
        before = db.ENGINE.pool, db.ENGINE.config, db.ENGINE.acquire_timeout
        try:
            if url in self.pools:
                db.configure(url)
                db.ENGINE.pool, db.ENGINE.acquire_timeout = self.pools[url], PATIENCE_SECONDS
            else:
                db.ENGINE.pool = None
                await db.open_pool(url, size=POOL_SIZE, acquire_timeout=PATIENCE_SECONDS)
                self.pools[url] = db.ENGINE.pool
            yield
        finally:
            db.ENGINE.pool, db.ENGINE.config, db.ENGINE.acquire_timeout = before

    async def _cut(self) -> None:
        while self.users:
            await self.users.pop()()
        for pool in self.pools.values():
            await _close(pool)
        self.pools.clear()
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def _copy(self) -> None:
        await self._cut()
        await make_copy(self.maintenance_url, self.template, self.name)
        self._connection = connection = await asyncpg.connect(self.url)
        self._tables = tuple(row["name"] for row in await connection.fetch(_TABLES))
        self._seeded = {
            table: await self._content(table) for table in await self._filled(connection)
        }
        self._sequences = {
            row["name"]: row["last_value"] for row in await connection.fetch(_SEQUENCES)
        }
        self._shape = await connection.fetchval(_SHAPE)

    async def _filled(self, connection: Connection) -> list[str]:
        asked = " union all ".join(
            f"select '{table}' as name where exists (select from {table})" for table in self._tables
        )
        return [row["name"] for row in await connection.fetch(asked)]

    async def _content(self, table: str) -> bytes:
        assert self._connection is not None
        content = BytesIO()
        schema, _, name = table.partition(".")
        await self._connection.copy_from_table(
            name, schema_name=schema, output=content, format="binary"
        )
        return content.getvalue()

    async def _clear(self) -> bool:
        """Whether it could be emptied; if not, a new copy is needed."""
        connection = self._connection
        assert connection is not None
        try:
            if any(pool.get_idle_size() < pool.get_size() for pool in self.pools.values()):
                return False
            if await connection.fetchval(_BUSY) or await connection.fetchval(_SHAPE) != self._shape:
                return False
            async with connection.transaction():
                await connection.execute(
                    "set local session_replication_role = replica; set local lock_timeout = '2s'"
                )
                await self._delete(connection)
                await self._put_back(connection)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            return False
        self._cleared += 1
        if self._cleared % VACUUM_EVERY == 0:
            await connection.execute("vacuum")
        return True

    async def _delete(self, connection: Connection) -> None:
        changed = [
            table
            for table in await self._filled(connection)
            if table not in self._seeded or await self._content(table) != self._seeded[table]
        ]
        sizes = await connection.fetch(_SIZES, changed)
        small = [row["name"] for row in sizes if row["bytes"] < LARGE_BYTES]
        large = [row["name"] for row in sizes if row["bytes"] >= LARGE_BYTES]
        if small:
            await connection.execute("; ".join(f"delete from {table}" for table in small))
        if large:
            await connection.execute(f"truncate {', '.join(large)} cascade")

    async def _put_back(self, connection: Connection) -> None:
        filled = set(await self._filled(connection))
        for table, content in self._seeded.items():
            if table not in filled:
                schema, _, name = table.partition(".")
                await connection.copy_to_table(
                    name, schema_name=schema, source=BytesIO(content), format="binary"
                )
        for row in await connection.fetch(_SEQUENCES):
            before = self._sequences.get(row["name"])
            if row["last_value"] != before:
                await connection.execute(
                    "select setval($1::regclass, $2, $3)",
                    row["name"],
                    row["start_value"] if before is None else before,
                    before is not None,
                )


async def _close(pool: Any) -> None:
    """Also where a test has kept one of its connections."""
    try:
        await asyncio.wait_for(pool.close(), CLOSE_SECONDS)
    except TimeoutError:
        pool.terminate()
