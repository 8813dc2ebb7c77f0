"""A page of a list reads what it shows and some bounded more of it, however large the cloud is."""

from __future__ import annotations

from datetime import timedelta

import asyncpg

from portal.access import Actor, Role
from portal.bench import world
from portal.db import Transaction, snapshot
from portal.kit.queries import tenancy
from portal.overview.queries import cameras, customers
from tests.conftest import Database

CAMERAS = 3_000
PAGE = 5
COUNTED = 20
READ_MAX = 500
"""Of 3 000 cameras and subscriptions, and 600 customers with what is said of each."""
# A few are special, as many as in a small cloud; a tenth is overdue, more than are counted.
_LIKE_LIFE = """
update subscriber set email = 'somebody-' || number || '@bench.test';
update subscriber set owes_from = '2026-10-10' where number % 10 = 0;
update subscriber set email = '', suspended = true where number in (7, 13);
delete from subscription where camera in (select id from camera where external_id <= 'cam-0000010');
analyze
"""
_READ = """
select coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)::bigint
from pg_stat_xact_user_tables
"""
OF_CUSTOMERS = (
    *(customers.Filters(state=one) for one in customers.STATES if one != "loses"),
    customers.Filters(tariff="home-7"),
)
OF_CAMERAS = (
    *(cameras.Filters(state=one) for one in cameras.STATES),
    cameras.Filters(tariff="home-7"),
    cameras.Filters(tariff=cameras.WITHOUT),
    cameras.Filters(off=cameras.LOSES),
)


async def read_by(database: Database, size: int) -> dict[str, int]:
    """How many rows each list reads of a cloud of so many cameras, as its operator."""
    owner = await asyncpg.connect(database.owner_url)
    try:
        cloud = await world.build(owner, size, used=False)
        for statement in _LIKE_LIFE.split(";"):
            await owner.execute(statement)
    finally:
        await owner.close()
    actor = Actor(Role.CLOUD_ADMINISTRATOR, "Olga", user=1, cloud=cloud)
    read = {}
    async with database.as_web(), snapshot(actor) as tx:
        # Small tables are read whole: what counts is whether a large one has to be.
        await tx.execute("set local enable_seqscan = off")
        await tx.execute("set local plan_cache_mode = auto")  # as installations plan
        facts = await tenancy.get(actor, world.SLUG)
        later = world.NOW + timedelta(days=30)
        for who in OF_CUSTOMERS:
            before = await rows_read(tx)
            await customers.list_page(actor, facts, who, now=later, limit=PAGE, counted=COUNTED)
            read[str(who)] = await rows_read(tx) - before
        for which in OF_CAMERAS:
            before = await rows_read(tx)
            await cameras.list_page(actor, facts, which, now=later, limit=PAGE, counted=COUNTED)
            read[str(which)] = await rows_read(tx) - before
    return read


async def rows_read(tx: Transaction) -> int:
    found: int = await tx.fetchval(_READ)
    return found


async def test_a_page_reads_no_more_of_a_large_cloud(database: Database) -> None:
    read = await read_by(database, CAMERAS)
    assert min(read.values()) > 0
    assert not {of: rows for of, rows in read.items() if rows > READ_MAX}
