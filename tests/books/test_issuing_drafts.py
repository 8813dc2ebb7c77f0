"""What a draft rated is what the close issues, unless something of it changed in between.

Cameras in several runs, a pooled service, two customers of one camera and a camera of nobody. The
other cloud's draft is there, too, and stays.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import pytest

from portal.access import SYSTEM
from portal.billing.period import Period
from portal.books.actions.closing.terms import terms_of
from portal.books.actions.estimates import estimate_cloud
from portal.books.queries import rating
from portal.db import atomic
from portal.kit.queries import tenancy
from portal.usage.actions import usage
from portal.usage.actions.usage import UsageColumns
from tests.books.test_closing import close
from tests.cast import NORTH, SOUTH
from tests.conftest import NOW, Database
from tests.factories import World
from tests.workers.test_kill import books, fleet, same, undisturbed, undone

OCTOBER: Final = Period.month("2026-10")
_RUNS: Final = """
select first_camera, facts from {table} where cloud = $1 and {of} order by first_camera
"""
_WORLD: Final = """
update rate set pricing = '{"model": "package", "package_size": "100", "package_price": "9",
  "free_units": "50"}'
where cloud = 1 and service = (select min(service) from rate where cloud = 1);
insert into camera (cloud, external_id, name) values (1, 'of nobody', 'Of nobody');
update subscription set ends_on = '2026-10-21'
where camera = (select id from camera where cloud = 1 and external_id = 'cam-100-1');
insert into subscription (cloud, camera, subscriber, tariff, starts_on)
select 1, c.id, s.id, t.id, '2026-10-25' from camera c, subscriber s, tariff t
where c.cloud = 1 and c.external_id = 'cam-100-1' and s.cloud = 1 and s.number = 101
  and t.cloud = 1 and t.code = 'home-7';
"""


@pytest.fixture
async def world(worker: Database) -> World:
    found = await fleet()
    async with atomic(SYSTEM) as tx:
        await tx.execute(_WORLD)
        nobody = await tx.fetchval("select id from camera where external_id = 'of nobody'")
    await send(found, nobody, 3)
    await estimate_cloud(SOUTH, now=NOW)
    return found


async def send(world: World, camera: int, quantity: int) -> None:
    """Usage of a camera (a row id) on the 7th."""
    columns = UsageColumns()
    meter = world.meters["recording.motion.depth"]
    columns.add(camera, meter, date(2026, 10, 7), quantity)
    async with atomic(SYSTEM) as tx:
        await usage.merge(tx, NORTH, columns)


async def rated(table: str) -> dict[int, str]:
    """By first camera of a run: what it was rated from, by a draft or by a close."""
    of = "month = '2026-10-01'" if table == "draft_batch" else "done_at is not null"
    async with atomic(SYSTEM) as tx:
        rows = await tx.fetch(_RUNS.format(table=table, of=of), NORTH)
    return {row["first_camera"]: row["facts"] for row in rows}


async def closed() -> dict[str, list[tuple[object, ...]]]:
    await close("north", "2026-10", accept_gaps=True)
    return await books()


async def test_a_fresh_draft_is_issued_as_a_close_without_one_would(world: World) -> None:
    """Nothing is rated again, and the other cloud's draft waits for its own close."""
    expected = await undisturbed()
    await estimate_cloud(NORTH, now=NOW)
    drafted = await rated("draft_batch")
    assert len(drafted) > 3
    same(await closed(), expected)
    assert await rated("period_batch") == drafted
    async with atomic(SYSTEM) as tx:
        left = await tx.fetch("select distinct cloud from draft_batch where month = '2026-10-01'")
    assert [row["cloud"] for row in left] == [SOUTH]


async def test_the_draft_is_what_is_stored_where_its_facts_still_hold(world: World) -> None:
    """A draft that kept something else would be issued so: the cameras are not rated."""
    await estimate_cloud(NORTH, now=NOW)
    whole = await measured()
    async with undone():
        async with atomic(SYSTEM) as tx:
            first = min(await rated("draft_batch"))
            poison = (
                "update draft_batch set measurements = '' where cloud = $1 and first_camera = $2"
            )
            await tx.execute(poison, NORTH, first)
        assert await measured() == whole - 125
    async with undone():
        await send(world, first, 9)
        assert await measured() == whole, "of what has changed the draft is worth nothing"


async def measured() -> int:
    """How many cameras the platform measures in a close, which is undone."""
    async with undone():
        found = await closed()
    return sum(row[1] is None for row in found["measurements"])


CHANGES: Final = (
    "update subscription set ends_on = '2026-10-30' where camera = {camera}",
    (
        "insert into subscription (cloud, camera, subscriber, tariff, starts_on, ends_on)"
        " select cloud, camera, subscriber, tariff, '2026-09-01', '2026-09-02' from subscription"
        " where camera = {camera} limit 1"
    ),
    "update camera set external_id = 'a' where id = {camera}",
    "delete from usage where camera = {camera}",
)
"""Of a camera, which rating or a tariff's sums are made of: one for each run."""
PRICES: Final = (
    'update rate set pricing = \'{"model": "per_unit", "unit_price": "7"}\' where cloud = 1',
    "update tariff_version set monthly_price = 77 where cloud = 1",
    "update tariff_item set quantity = 1 where cloud = 1",
    "update service set unit_size = 3",
)


async def test_only_what_changed_since_is_rated_again(world: World) -> None:
    """The books differ from the draft by exactly what came in between."""
    await estimate_cloud(NORTH, now=NOW)
    drafted = await rated("draft_batch")
    firsts = sorted(drafted)
    for count in (1, len(CHANGES)):
        async with undone():
            async with atomic(SYSTEM) as tx:
                for first, change in zip(firsts, CHANGES[-count:], strict=False):
                    await tx.execute(change.format(camera=first + 5))
            expected = await undisturbed()
            same(await closed(), expected)
            moved = dict(drafted.items() ^ (await rated("period_batch")).items())
        assert sorted(moved) == firsts[:count]


async def test_all_that_prices_say_counts(world: World) -> None:
    digests = set()
    for change in ("select 1", *PRICES):
        async with undone(), atomic(SYSTEM) as tx:
            await tx.execute(change)
            cloud = await tenancy.cloud_facts_by_id(tx, NORTH)
            digests.add((await rating.price_book(tx, cloud, OCTOBER)).digest)
    assert len(digests) == 1 + len(PRICES)


BESIDE: Final = "update subscriber set owes_from = owes_from where cloud = 1"
"""What the database keeps of a customer when somebody pays: nothing that a document says."""
CUSTOMER: Final = """
update subscriber set name = 'Villa', discount_percent = 33, referral = null
where cloud = 1 and number = 150
"""
TERMS: Final = (
    "update referral set percent = 7 where cloud = 1",
    "update cloud set tax_percent = 10 where id = 1",
    "update cloud set wholesale_discount_percent = 50 where id = 1",
    "update tariff set name = 'Villa 7' where cloud = 1",
    "update platform set name = 'Above'",
)


async def test_documents_are_the_drafts_unless_whom_they_are_for_has_changed(world: World) -> None:
    """Customers and terms are as they are at the close, whenever that was drafted."""
    await estimate_cloud(NORTH, now=NOW)
    for changes in ((BESIDE,), (CUSTOMER,), TERMS):
        async with undone():
            async with atomic(SYSTEM) as tx:
                for change in changes:
                    await tx.execute(change)
            expected = await undisturbed()
            same(await closed(), expected)
    digests = set()
    for change in ("select 1", *TERMS):
        async with undone(), atomic(SYSTEM) as tx:
            await tx.execute(change)
            cloud = await tenancy.cloud_facts_by_id(tx, NORTH)
            digests.add((await terms_of(tx, cloud, OCTOBER)).digest)
    assert len(digests) == 1 + len(TERMS)


async def test_what_a_draft_says_is_issued_as_it_is(world: World) -> None:
    """Of a draft that says something else that is issued, but for the part of who has changed."""
    await estimate_cloud(NORTH, now=NOW)
    for change, stays in ((BESIDE, True), (CUSTOMER, False)):
        async with undone():
            async with atomic(SYSTEM) as tx:
                await tx.execute("update draft_margin set revenue = 7 where cloud = $1", NORTH)
                await tx.execute(change)
            of_draft = {row[2] == 7 for row in (await closed())["margins"] if row[1] is not None}
        assert of_draft == ({True} if stays else {True, False}), change


async def test_usage_and_cameras_that_came_since_are_in_the_close(world: World) -> None:
    await estimate_cloud(NORTH, now=NOW)
    drafted = await rated("draft_batch")
    last = max(drafted)
    async with atomic(SYSTEM) as tx:
        new = await tx.fetchval(
            "insert into camera (cloud, external_id, name) values ($1, 'new', 'New') returning id",
            NORTH,
        )
    await send(world, new, 7)
    expected = await undisturbed()
    same(await closed(), expected)
    assert "new" in {row[0] for row in expected["charges"]}
    assert {first for first, _facts in drafted.items() ^ (await rated("period_batch")).items()} == {
        last
    }
