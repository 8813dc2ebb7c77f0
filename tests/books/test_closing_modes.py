"""When months close by themselves: at once, once everything is fine, or never."""

from __future__ import annotations

from datetime import UTC, datetime

from portal.access import SYSTEM
from portal.billing.period import Period
from portal.books.actions import drafts
from portal.books.actions.estimates import estimate_cloud
from portal.books.queries import worklist
from portal.books.queries.drafts import kept
from portal.db import atomic, snapshot
from portal.kit.actions.mail import NO_POST, Post
from portal.kit.queries import tenancy
from portal.overview.actions import looking
from portal.usage.actions import usage
from tests.books.test_drafts import one_day
from tests.cast import CARL, NORTH
from tests.conftest import NOW, Database
from tests.factories import worked_example

OCTOBER = Period.month("2026-10")
POST = Post(is_set_up=True)


async def mode(name: str) -> None:
    async with atomic(SYSTEM) as tx:
        await tx.execute("update cloud set close_mode = $1 where id = $2", name, NORTH)
        await tx.execute("update cloud set suspended = true where id <> $1", NORTH)


async def due(now: datetime = NOW) -> list[Period]:
    """The months of North whose close the sweep would begin."""
    return [period for cloud, period in await worklist.periods(now) if cloud == NORTH]


async def all_fine() -> int:
    """Carl finds everything fine; how much that was."""
    cloud = await tenancy.get(CARL, "north")
    waiting = (await kept.get(CARL, cloud, OCTOBER, now=NOW)).to_look_at
    for one in waiting:
        await drafts.find_fine(CARL, cloud, OCTOBER, one.id)
    return len(waiting)


async def test_a_month_with_surprises_waits_until_everything_is_fine(worker: Database) -> None:
    world = await worked_example()
    await mode("look")
    assert await due() == [], "without a draft nobody knows"
    await estimate_cloud(NORTH, now=NOW)
    assert await due() == []
    assert await all_fine() > 0
    assert await due() == [OCTOBER]
    # What changes is looked at first: the draft may have other surprises by then.
    async with atomic(SYSTEM) as tx:
        columns = one_day(world, "gate", OCTOBER.start, 99)
        await usage.merge(tx, NORTH, columns)
    assert await due() == []
    await estimate_cloud(NORTH, now=NOW)
    assert await due() == [], "99 days of archive are more than was looked at"


async def test_an_automatic_close_asks_nobody_and_one_by_hand_never_begins(
    worker: Database,
) -> None:
    await worked_example()
    await mode("automatic")
    assert await due() == [OCTOBER]
    await mode("hand")
    assert await due() == []
    async with atomic(SYSTEM) as tx:
        await tx.execute("update cloud set close_automatically = true where id = $1", NORTH)
        assert await tx.fetchval("select close_mode from cloud where id = $1", NORTH) == "automatic"


async def test_history_is_never_closed_by_itself_however_fine_it_is(worker: Database) -> None:
    await worked_example()
    await mode("look")
    await estimate_cloud(NORTH, now=NOW)
    await all_fine()
    async with atomic(SYSTEM) as tx:
        await tx.execute("update cloud set created_at = '2026-11-05T00:00Z'")
    assert await due() == []


async def test_people_are_told_once_that_a_month_waits_for_them(worker: Database) -> None:
    """On 4 November in Rome October is due; administrators and accountants get one mail each."""
    await worked_example()
    await mode("look")
    async with atomic(SYSTEM) as tx:
        await tx.execute("update portal_user set password = 'x'")
    await estimate_cloud(NORTH, now=NOW)
    early = datetime(2026, 11, 2, 12, tzinfo=UTC)
    assert await looking.tell_due(now=early, wall=early, post=POST) == 0, "it is not due yet"
    assert await looking.tell_due(now=NOW, wall=NOW, post=NO_POST) == 0
    assert await looking.tell_due(now=NOW, wall=NOW, post=POST) == 2
    assert await looking.tell_due(now=NOW, wall=NOW, post=POST) == 0
    async with snapshot(SYSTEM) as tx:
        rows = await tx.fetch("select recipient, facts from delivery order by recipient")
    assert [row["recipient"] for row in rows] == ["carl@north.test", "nora@north.test"]
    assert rows[0]["facts"]["month"] == "2026-10-01"
