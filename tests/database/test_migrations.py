"""A database of the version before becomes one of this version, with what is in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
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
