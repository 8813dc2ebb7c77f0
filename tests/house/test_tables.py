"""Tables, migrations and policies agree, and no table is outside the rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator

import asyncpg
import pytest
from piccolo.columns import Array, BigSerial, ForeignKey, Serial
from piccolo.columns.base import Column, OnDelete
from piccolo.table import Table

from portal import tables
from portal.tables.policies import POLICIES, WITHOUT_POLICY
from tests.conftest import Database

TABLES: list[type[Table]] = [getattr(tables, name) for name in tables.__all__]
GLOBAL = {
    # Not a tenant's: the platform's own, or a person's and a key's.
    "platform", "test_clock", "meter", "service", "recovery_code", "user_session", "sign_in_attempt", "idempotent_answer", "kept_form", "sent_form", "verification", "backup",
    # The tenant itself, and numbering, whose issuer is a cloud or the platform.
    "cloud", "series",
}  # fmt: skip


@pytest.fixture
async def connection(database: Database) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    found = await asyncpg.connect(database.owner_url)
    yield found
    await found.close()


def _type(column: Column) -> str:
    """A column's type as PostgreSQL calls it."""
    if isinstance(column, BigSerial):
        return "bigint"
    if isinstance(column, Serial):
        return "integer"
    if isinstance(column, ForeignKey):
        return "bigint"
    if isinstance(column, Array):
        return "ARRAY"
    name = column.column_type.lower().partition("(")[0]
    return {
        "varchar": "character varying",
        "timestamptz": "timestamp with time zone",
        "serial": "integer",
    }.get(name, name)


async def test_tables_are_as_the_migrations_made_them(
    connection: asyncpg.Connection[asyncpg.Record],
) -> None:
    rows = await connection.fetch(
        "select table_name, column_name, data_type, is_nullable = 'YES' as nullable"
        " from information_schema.columns where table_schema = 'public'"
    )
    made: dict[str, dict[str, tuple[str, bool]]] = defaultdict(dict)
    for row in rows:
        made[row["table_name"]][row["column_name"]] = (row["data_type"], row["nullable"])
    for table in TABLES:
        name = table._meta.tablename
        said = {
            column._meta.db_column_name: (_type(column), column._meta.null)
            for column in table._meta.columns
        }
        if "id" in made[name]:
            said.setdefault("id", ("bigint", False))
        assert made[name] == said, name


async def test_tables_have_the_lengths_and_constraints_that_their_files_say(
    connection: asyncpg.Connection[asyncpg.Record],
) -> None:
    rows = await connection.fetch(
        "select table_name, column_name, character_maximum_length as longest"
        " from information_schema.columns where table_schema = 'public'"
        " and character_maximum_length is not null"
    )
    named = await connection.fetch(
        "select relname, conname from pg_constraint join pg_class t on t.oid = conrelid"
    )
    for table in TABLES:
        name = table._meta.tablename
        said = {
            column._meta.db_column_name: length
            for column in table._meta.columns
            if (length := getattr(column, "length", None))
        }
        made = {row["column_name"]: row["longest"] for row in rows if row["table_name"] == name}
        assert made == said, name
        constraints = {row["conname"] for row in named if row["relname"] == name}
        assert {one._meta.name for one in table._meta.constraints} <= constraints, name


async def test_no_table_is_unknown_to_piccolo(
    connection: asyncpg.Connection[asyncpg.Record],
) -> None:
    rows = await connection.fetch(
        "select c.relname from pg_class c where c.relnamespace = 'public'::regnamespace"
        " and c.relkind in ('r', 'p') and not c.relispartition"
    )
    assert {row["relname"] for row in rows} - WITHOUT_POLICY == {
        table._meta.tablename for table in TABLES
    }


async def test_every_table_is_under_a_forced_policy(
    connection: asyncpg.Connection[asyncpg.Record],
) -> None:
    rows = await connection.fetch(
        "select c.relname, c.relrowsecurity and c.relforcerowsecurity as forced,"
        " exists (select from pg_policy p where p.polrelid = c.oid) as has_policy"
        " from pg_class c where c.relnamespace = 'public'::regnamespace"
        " and c.relkind in ('r', 'p') and not c.relispartition"
    )
    integrations = {row["relname"] for row in rows if not (row["forced"] and row["has_policy"])}
    assert integrations == WITHOUT_POLICY


def test_a_tenants_table_carries_its_cloud() -> None:
    without = {
        table._meta.tablename
        for table in TABLES
        if "cloud" not in {column._meta.name for column in table._meta.columns}
    }
    assert without == GLOBAL


def test_every_table_has_one_policy() -> None:
    names = [policy.table for policy in POLICIES]
    assert sorted(names) == sorted(table._meta.tablename for table in TABLES)


def test_foreign_keys_keep_what_they_point_at() -> None:
    loose = [
        f"{table._meta.tablename}.{key._meta.name}"
        for table in TABLES
        for key in table._meta.foreign_key_columns
        if key._foreign_key_meta.on_delete is not OnDelete.restrict
    ]
    assert loose == []


async def test_partitions_cannot_be_read_around_the_policies(
    connection: asyncpg.Connection[asyncpg.Record],
) -> None:
    await connection.execute("select ensure_usage_partition('2026-10-01')")
    row = await connection.fetchrow(
        "select relrowsecurity and relforcerowsecurity as forced,"
        " has_table_privilege('camledger_web', oid, 'select') as readable"
        " from pg_class where relname = 'usage_202610'"
    )
    assert row is not None
    assert row["forced"]
    assert not row["readable"]


async def test_the_web_login_cannot_bypass_policies(database: Database) -> None:
    connection = await asyncpg.connect(database.web_url)
    try:
        row = await connection.fetchrow(
            "select rolsuper or rolbypassrls or rolcreaterole as privileged from pg_roles"
            " where rolname = current_user"
        )
        assert row is not None
        assert not row["privileged"]
        # No actor set: nothing seen.
        assert await connection.fetchval("select count(*) from meter") == 0
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("set role camledger_worker")
    finally:
        await connection.close()
