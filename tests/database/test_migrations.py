"""A database of the version before becomes one of this version, with what is in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import asyncpg
import pytest

from portal.migrations import POLICIES, Schema, SchemaError, current, migrate, pending
from portal.sql_migration import sql_migration
from portal.tables import policies
from portal.tables.policy import Policy
from tests.cast import NORTH, SOUTH
from tests.conftest import Database
from tests.factories import two_clouds
from tests.services import TestServices

TABLE = """
create table camera_note (
  id bigserial primary key,
  cloud bigint not null references cloud,
  text text not null
);
insert into camera_note (cloud, text) select id, 'from before' from cloud;
"""
POLICY = Policy("camera_note", ("operator",), insert=("cloud administrator",))


@pytest.fixture
async def owner(database: Database) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    found = await asyncpg.connect(database.owner_url)
    yield found
    await found.close()


@pytest.fixture
def next_version(tmp_path) -> Schema:
    """This version's schema and one more: a tenant's table with its policy."""
    sql = tmp_path / "0002_camera_note.sql"
    sql.write_text(TABLE)
    migration_id = "2099-01-01T00:00:00:000001"
    added = SimpleNamespace(
        SQL=str(sql), forwards=sql_migration(migration_id, str(sql), "A note on a camera")
    )
    now = current()
    return Schema(
        {**now.migrations, migration_id: added},
        policies.script((*policies.POLICIES, POLICY)),
    )


async def test_a_new_table_of_a_tenant_reaches_a_database_with_data(
    database: Database, owner, next_version: Schema
) -> None:
    async with database.as_worker():
        await two_clouds()

    added = [*next_version.migrations][-1]
    assert await migrate(database.owner_url, next_version) == [added, POLICIES]
    assert await migrate(database.owner_url, next_version) == []

    web = await asyncpg.connect(database.web_url)
    try:
        for cloud in (NORTH, SOUTH):
            async with web.transaction():
                await web.execute("select set_config('app.role', 'cloud-administrator', true)")
                await web.execute("select set_config('app.cloud', $1, true)", str(cloud))
                seen = await web.fetch("select cloud, text from camera_note")
                assert [tuple(row) for row in seen] == [(cloud, "from before")]
        assert await web.fetchval("select count(*) from camera_note") == 0
    finally:
        await web.close()


async def test_policies_are_those_of_the_version_that_migrated_last(
    database: Database, owner, next_version: Schema
) -> None:
    """What a version before granted and this one does not is gone."""
    await migrate(database.owner_url, next_version)
    fewer = replace(next_version, policies=policies.script(policies.POLICIES))
    readable = "select has_table_privilege('camledger_web', 'camera_note', 'select')"

    assert await owner.fetchval(readable)
    assert await migrate(database.owner_url, fewer) == [POLICIES]
    assert not await owner.fetchval(readable)
    assert not await owner.fetchval(
        "select has_database_privilege('camledger_web', current_database(), 'temporary')"
    )
    assert (
        await owner.fetchval("select count(*) from pg_policies where tablename = 'camera_note'")
        == 0
    )


async def test_a_migration_that_has_run_is_never_edited(
    database: Database, owner, next_version: Schema, tmp_path
) -> None:
    await migrate(database.owner_url, next_version)
    (tmp_path / "0002_camera_note.sql").write_text(TABLE + "-- a second thought")

    with pytest.raises(SchemaError, match="another version of Camledger"):
        await migrate(database.owner_url, next_version)
    with pytest.raises(SchemaError):
        await pending(owner, current())  # the version before, on a database of the one after


async def test_a_migration_that_fails_leaves_nothing(
    database: Database, owner, next_version: Schema, tmp_path
) -> None:
    (tmp_path / "0002_camera_note.sql").write_text(TABLE + "select 1 / 0;")

    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(database.owner_url, next_version)
    assert await owner.fetchval("select to_regclass('camera_note') is null")
    assert await pending(owner, current()) == []


USED = """
insert into usage (cloud, camera, meter, day, quantity)
select cloud, camera, meter, day, camera * 1000 + (day - '2026-01-01'::date)
from generate_series(1, 2) cloud, generate_series(1, 40) camera, generate_series(1, 3) meter,
     (select d::date as day from generate_series('2026-01-30'::date, '2026-03-02', '1 day') d) d
where (camera + meter + (day - '2026-01-01'::date)) % 5 > 0
"""
BEFORE = "2026-11-30T00:00:00:000024"
"""The last migration of a version that kept usage a day a row."""


@pytest.fixture
async def of_before(services: TestServices, database: Database) -> AsyncIterator[str]:
    """An empty database as that version made it."""
    name = f"{database.name}_before"
    server = await asyncpg.connect(services.database_url)
    await server.execute(f'drop database if exists "{name}" with (force)')
    await server.execute(f'create database "{name}"')
    migrations = {key: one for key, one in current().migrations.items() if key <= BEFORE}
    await migrate(services.database(name), Schema(migrations, policies.FUNCTIONS))
    yield services.database(name)
    await server.execute(f'drop database if exists "{name}" with (force)')
    await server.close()


async def test_usage_a_day_a_row_becomes_a_month_a_row(of_before: str) -> None:
    """Every quantity is on its day, of both clouds; nothing is left of how it was kept."""
    before = await asyncpg.connect(of_before)
    for month in (date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1), date(2026, 5, 1)):
        await before.execute("select ensure_usage_partition($1)", month)
    await before.execute(USED)
    await before.execute(
        "insert into usage values (1, 50, 1, '2026-03-01', $1), (1, 50, 1, '2026-03-02', $1)",
        2**63 - 1,
    )
    rows = await before.fetch(
        "select cloud, camera, meter, day, quantity from usage order by 1, 2, 3, 4"
    )
    await before.close()

    await migrate(of_before)

    after = await asyncpg.connect(of_before)
    try:
        found = await after.fetch(
            "select cloud, camera, meter, day, quantity from usage_day order by 1, 2, 3, 4"
        )
        assert len(found) > 5000
        assert [tuple(row) for row in found] == [tuple(row) for row in rows]
        assert await after.fetchval("select total from usage where camera = 50") == 2**64 - 2
        left = await after.fetch("select relname from pg_class where relname like 'usage%by_day%'")
        assert left == []
        made = await after.fetch(
            "select relname, array_to_string(reloptions, ',') as options,"
            " (select string_agg(indexrelid::regclass::text, ',') from pg_index where indrelid = c.oid)"
            " as key from pg_inherits join pg_class c on c.oid = inhrelid"
            " where inhparent = 'usage'::regclass order by 1"
        )
        assert [tuple(row) for row in made] == [
            (f"usage_{month}", "fillfactor=50", f"usage_{month}_pkey")
            for month in ("202601", "202602", "202603")
        ]
        await after.execute("select ensure_usage_partition('2026-05-01')")
    finally:
        await after.close()
