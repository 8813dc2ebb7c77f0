"""Missing days of a large cloud are kept with its drafts, and pages say what counting would say."""

from __future__ import annotations

from datetime import date

import pytest

from portal.access import SYSTEM
from portal.billing.coverage import Gap
from portal.billing.period import Period, local_date
from portal.db import atomic, bound_by_policies
from portal.kit.actions.drafts import mark_drafts
from portal.kit.queries import tenancy
from portal.usage.actions.coverage import keep_missing_days
from portal.usage.actions.sums import CAMERAS_MAX
from portal.usage.queries import coverage
from tests.cast import CARL, NORA, NORTH, SOUTH
from tests.conftest import NOW, Database
from tests.factories import World, camera, days, subscribe, use, worked_example

OCTOBER, NOVEMBER = Period.month("2026-10"), Period.month("2026-11")
TODAY = local_date(NOW, "Europe/Rome")
MANY = CAMERAS_MAX + 1


@pytest.fixture
async def world(worker: Database) -> World:
    """The worked example, with a camera that has usage of some days only, in both months."""
    found = await worked_example()
    async with atomic(SYSTEM) as tx:
        motion = found.meters["recording.motion.depth"]
        late = await camera(tx, NORTH, "late", 2)
        await subscribe(tx, NORTH, late, 2, found.tariffs["home-7"], "2026-10-08")
        await use(tx, NORTH, late, motion, days("2026-10-10", "2026-10-20"), 3)
        await use(tx, NORTH, late, motion, days("2026-11-02", "2026-11-03"), 3)
        await forget_marks()
    return found


async def forget_marks() -> None:
    """As the job does that drafts the months: what it had seen before it began."""
    async with atomic(SYSTEM) as tx:
        await tx.execute("delete from draft_mark")


async def keep(cloud: int = NORTH, cameras: int = MANY, late_since: date | None = None) -> None:
    async with atomic(SYSTEM) as tx:
        rows = await tx.fetch("select starts_on from period where cloud = $1", cloud)
        begun = {row["starts_on"] for row in rows}
        await keep_missing_days(
            tx,
            cloud,
            cameras,
            open_months=[one for one in (NOVEMBER, OCTOBER) if one.start not in begun],
            late_since=late_since,
            today=TODAY,
        )


async def told(period: Period) -> list[Gap]:
    """What a page tells, as the web process reads it."""
    with bound_by_policies():
        return await coverage.of_month(NORA, await tenancy.own_cloud(NORA), period, now=NOW)


async def counted(period: Period) -> list[Gap]:
    async with atomic(SYSTEM) as tx:
        cloud = await tenancy.cloud_facts_by_id(tx, NORTH)
        return await coverage.gaps(tx, cloud, period, until=TODAY)


async def spoil() -> None:
    """Let kept rows say what no count would, so that it shows whether they were read."""
    async with atomic(SYSTEM) as tx:
        await tx.execute("update missing_days set missing = '{}', subscribed = '{}'")


async def close_october() -> None:
    async with atomic(SYSTEM) as tx:
        await tx.execute(
            "insert into period (cloud, starts_on, state, closed_at) values ($1, $2, 'closed', $3)",
            *(NORTH, OCTOBER.start, NOW),
        )
    await forget_marks()


async def test_what_is_kept_is_what_is_counted_until_something_changes(world: World) -> None:
    before = {month: await counted(month) for month in (OCTOBER, NOVEMBER)}
    assert all(before.values()), "both months lack days"
    await keep()
    assert {month: await told(month) for month in before} == before
    await spoil()
    assert await told(OCTOBER) == [], "nothing is counted while no mark says so"
    async with atomic(SYSTEM) as tx:
        meter = world.meters["recording.motion.depth"]
        await use(tx, NORTH, world.cameras["gate"], meter, [date(2026, 11, 3)], 5)
        await mark_drafts(tx, NORTH, date(2026, 11, 3))
    assert await told(NOVEMBER) == await counted(NOVEMBER) != []
    assert await told(OCTOBER) == [], "usage of November says nothing of October"
    async with atomic(SYSTEM) as tx:
        await tx.execute("update subscription set ends_on = '2026-10-15' where subscriber = 2")
    assert await told(OCTOBER) == await counted(OCTOBER) != before[OCTOBER]


async def test_a_month_whose_close_has_begun_changes_by_usage_alone(world: World) -> None:
    await keep()
    await close_october()
    await spoil()
    async with atomic(SYSTEM) as tx:
        await mark_drafts(tx, NORTH)
    assert await told(OCTOBER) == await counted(OCTOBER), "it was counted while it was open"
    await keep()
    await spoil()
    assert await told(OCTOBER) == []
    async with atomic(SYSTEM) as tx:
        await mark_drafts(tx, NORTH, date(2026, 10, 3))
    assert await told(OCTOBER) == await counted(OCTOBER) != []
    await keep()
    await forget_marks()
    assert await told(OCTOBER) == [], "nobody said that usage came"
    await keep(late_since=OCTOBER.start)
    assert await told(OCTOBER) == await counted(OCTOBER) != []


async def test_a_day_that_is_over_since_is_counted(world: World) -> None:
    await keep()
    async with atomic(SYSTEM) as tx:
        await tx.execute(
            "update missing_days set until = until - 1, subscribed = '{}', missing = '{}'"
        )
    assert await told(NOVEMBER) == await counted(NOVEMBER) != []


async def test_a_cloud_of_few_cameras_and_another_one_keep_none(world: World) -> None:
    await keep()
    await keep(SOUTH, CAMERAS_MAX)
    with bound_by_policies():
        async with atomic(CARL) as tx:
            assert await tx.fetchval("select count(*) from missing_days") > 0
    await keep(cameras=CAMERAS_MAX)
    async with atomic(SYSTEM) as tx:
        assert await tx.fetchval("select count(*) from missing_days") == 0
