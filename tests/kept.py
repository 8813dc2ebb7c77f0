"""A process's database, kept from test to test: emptied before each instead of copied anew.

A copy costs a twentieth of a second, and every connection to it begins without plans and catalogues.
What a test wrote is deleted, what migrations had written is put back, sequences count from one. Where
a test changed more than rows (a table, a function, a grant), or left something running, a new copy is
made.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, TypeVar

import asyncpg

from portal import db
from tests.patience import PATIENCE_SECONDS

POOL_SIZE: Final = 6
LARGE_BYTES: Final = 1_000_000
"""A table above it is truncated; below, deleting is quicker and leaves plans as they are."""
CLOSE_SECONDS: Final = 2
VACUUM_EVERY: Final = 100
"""Tests after which what they deleted is taken out of the files."""

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
T = TypeVar("T")

# A partition is emptied with its table. With its columns, but for those that are calculated.
_TABLES: Final = """
select format('%I.%I', nspname, relname) as name, (
  select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
  where attrelid = pg_class.oid and attnum > 0 and not attisdropped and attgenerated = ''
) as columns, case relkind
  when 'p' then format(
    '(select coalesce(sum(pg_relation_size(relid)), 0) from pg_partition_tree(%s))', pg_class.oid)
  else format('pg_relation_size(%s)', pg_class.oid)
end as size
from pg_class join pg_namespace on pg_namespace.oid = relnamespace
where relkind in ('r', 'p') and not relispartition and relpersistence <> 't'
  and nspname !~ '^(pg_|information_schema)'
order by 1
"""
# The newest change of any kind of thing, and how many there are of it: what a migration would change.
# Partitions of usage come with usage, and may stay.
_SHAPE: Final = """
with kept as materialized (
  select oid, xmin from pg_class
  where relpersistence <> 't' and not relispartition and relnamespace <> 'pg_toast'::regnamespace
)
select string_agg(kind || ' ' || things || ' ' || newest, ', ' order by kind) from (
  select 'class' as kind, count(*) as things, max(xmin::text::bigint) as newest from kept
  union all select 'column', count(*), max(xmin::text::bigint) from pg_attribute
    where attrelid in (select oid from kept)
  union all select 'policy', count(*), max(xmin::text::bigint) from pg_policy
  union all select 'trigger', count(*), max(xmin::text::bigint) from pg_trigger
    where tgrelid in (select oid from kept)
  union all select 'function', count(*), max(xmin::text::bigint) from pg_proc
  union all select 'constraint', count(*), max(xmin::text::bigint) from pg_constraint
    where conrelid = 0 or conrelid in (select oid from kept)
) as found
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
    """`name` is copied from `template` on the server of `maintenance_url`; `url` leads to it.

    It is dropped when the run has ended (`close_all`).
    """

    maintenance_url: str
    template: str
    name: str
    url: str
    pools: dict[str, Any] = field(default_factory=dict)
    users: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    """How to end whatever else is connected to this copy."""
    _connection: Connection | None = None
    _asks: asyncio.Lock = field(default_factory=asyncio.Lock)
    _shape: str = ""
    _cleared: int = 0
    _told: dict[Callable[[], Awaitable[Any]], tuple[str, Any]] = field(default_factory=dict)

    async def ready(self) -> None:
        """Make it as it was migrated, whatever the test before has done."""
        if self._connection is None or self._connection.is_closed() or not await self._clear():
            await self._copy()

    async def told(self, story: Callable[[], Awaitable[T]]) -> T:
        """Let a story happen in a database that is ready, for the story's connections are the
        caller's; what it gives. The first time it happens; then the rows that it left are put there.
        """
        if story not in self._told:
            gives, name = await story(), f"told_{len(self._told)}"
            assert self._connection is not None
            await self._connection.execute(await _how_to_make(self._connection, name))
            self._shape = await self._connection.fetchval(_SHAPE)
            self._told[story] = name, deepcopy(gives)
            return gives
        name, gave = self._told[story]
        await self._make(name)
        return deepcopy(gave)

    @asynccontextmanager
    async def owner(self) -> AsyncIterator[Connection]:
        """The owner's connection, which knows its plans, for one after the other."""
        async with self._asks:
            assert self._connection is not None
            yield self._connection

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
        _open[self.name] = self
        self._told.clear()
        await make_copy(self.maintenance_url, self.template, self.name)
        self._connection = connection = await asyncpg.connect(self.url)
        await connection.execute(await _how_to_make(connection, "clear"))
        self._shape = await connection.fetchval(_SHAPE)

    async def _clear(self) -> bool:
        """Whether it could be emptied; if not, a new copy is needed."""
        connection = self._connection
        assert connection is not None
        try:
            if any(pool.get_idle_size() < pool.get_size() for pool in self.pools.values()):
                return False
            if await connection.fetchval(_BUSY) or await connection.fetchval(_SHAPE) != self._shape:
                return False
            await self._make("clear")
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            return False
        self._cleared += 1
        if self._cleared % VACUUM_EVERY == 0:
            await connection.execute("vacuum")
        return True

    async def _make(self, name: str) -> None:
        """Make every row as it was when this was written down."""
        assert self._connection is not None
        async with self._connection.transaction():
            await self._connection.execute(
                "set local session_replication_role = replica; set local lock_timeout = '2s'"
            )
            if await self._connection.fetchval(f"select pg_temp.{name}()"):
                self._shape = await self._connection.fetchval(_SHAPE)


_open: dict[str, KeptDatabase] = {}


async def close_all() -> None:
    """Drop what this process has kept."""
    while _open:
        await _open.popitem()[1].close()


async def _how_to_make(connection: Connection, name: str) -> str:
    """A script that leaves a function of this name with the session: it makes every row as it is now.

    One call, whose statements are planned once; it gives the number of tables that were truncated,
    which are not as they were by `_SHAPE`. Most tables have no page, and nothing is done to them.
    """
    found = await connection.fetch(_TABLES)
    tables: dict[str, str] = {row["name"]: row["columns"] for row in found}
    seeded = await connection.fetch(
        " union all ".join(
            f"select '{table}' as name where exists (select from {table})" for table in tables
        )
    )
    kept: list[str] = []
    does = [
        f"bytes := {row['size']};"
        f" if bytes > {LARGE_BYTES} then truncate {row['name']} cascade; truncated := truncated + 1;"
        f" elsif bytes > 0 then delete from {row['name']}; end if;"
        for row in found
    ]
    for place, (table,) in enumerate(seeded):
        kept.append(f"create temp table {name}_{place} as table {table};")
        does.append(
            f"insert into {table} ({tables[table]}) overriding system value"
            f" select {tables[table]} from pg_temp.{name}_{place};"
        )
    for sequence, start, last in await connection.fetch(_SEQUENCES):
        is_used = last is not None
        does.append(f"perform setval('{sequence}', {last if is_used else start}, {is_used});")
    return "\n".join(
        [
            *kept,
            f"create function pg_temp.{name}() returns int language plpgsql as $$",
            "declare truncated int := 0; bytes bigint; begin",
            *does,
            "return truncated; end $$",
        ]
    )


async def _close(pool: Any) -> None:
    """Also where a test has kept one of its connections."""
    try:
        await asyncio.wait_for(pool.close(), CLOSE_SECONDS)
    except TimeoutError:
        pool.terminate()
