"""A camera that moves from Sue to Bob within a month: each sees the days on which it served them.

A row of usage holds the whole month, so PostgreSQL leaves days out of rows; every way to usage is
tried, by everybody.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date

import asyncpg
import pytest

from portal.access import SYSTEM, Actor
from portal.billing.period import MonthAt, Period
from portal.books.queries import rating
from portal.db import atomic, snapshot
from portal.kit.queries import tenancy
from portal.usage.queries import camera_month, coverage, usage, usage_sums
from tests.cast import ADA, ANN, BOB, CARL, LIZ, MAX, NORA, NORTH, REX, SAM, SOUTH, SUE, TIM
from tests.conftest import NOW, Database
from tests.factories import World, camera, days, subscribe, two_clouds, use

OCTOBER = Period.month("2026-10")
MOTION = "recording.motion.depth"
FIRST, SECOND, LAST = range(1, 11), range(11, 21), range(26, 32)
WHOLE = range(1, 32)


def quantity(day: int) -> int:
    """Another one on each day, so that a sum says of which days it is."""
    return 1 << day


SEES = {
    SUE: [*FIRST, *LAST],
    BOB: [*SECOND],
    REX: [*FIRST, *LAST],
    # Sue's manager: also the days on which her camera served nobody.
    ANN: [*FIRST, *range(21, 26), *LAST],
    **{one: [*WHOLE] for one in (NORA, CARL, ADA, MAX)},
    **{one: [] for one in (SAM, TIM, LIZ)},
}
"""The days of October on which each of the cast sees what *gate* recorded."""


@pytest.fixture
async def world(database: Database) -> World:
    """Sue has gate until the 10th, Bob until the 20th, nobody until the 25th, then Sue again."""
    async with database.as_worker():
        found = await two_clouds()
        async with atomic(SYSTEM) as tx:
            gate = found.cameras["gate"] = await camera(tx, NORTH, "gate", 1)
            plan = found.tariffs["home-7"]
            for subscriber, first, after in (
                (1, "2026-09-01", "2026-10-11"),
                (2, "2026-10-11", "2026-10-21"),
                (1, "2026-10-26", None),
            ):
                await subscribe(tx, NORTH, gate, subscriber, plan, first, after)
            for day in WHOLE:
                used = [date(2026, 10, day)]
                await use(tx, NORTH, gate, found.meters[MOTION], used, quantity(day))
            dock = found.cameras["dock"] = await camera(tx, SOUTH, "dock", 3)
            await subscribe(tx, SOUTH, dock, 3, found.tariffs["south-7"], "2026-10-01")
            await use(tx, SOUTH, dock, found.meters[MOTION], days("2026-10-01", "2026-11-01"), 1)
    return found


@pytest.fixture
async def web(database: Database, world: World) -> AsyncIterator[World]:
    async with database.as_web():
        yield world


def of(numbers: list[int]) -> dict[date, int]:
    return {date(2026, 10, day): quantity(day) for day in numbers}


async def seen(actor: Actor, query: str, *arguments: object) -> list[asyncpg.Record]:
    async with snapshot(actor) as tx:
        return await tx.fetch(query, *arguments)


@pytest.mark.parametrize("who", SEES, ids=lambda who: who.name)
async def test_postgresql_shows_the_days_of_ones_own(web: World, who: Actor) -> None:
    gate = web.cameras["gate"]
    daily = await seen(who, "select day, quantity from usage_day where camera = $1", gate)
    assert {row["day"]: row["quantity"] for row in daily} == of(SEES[who])
    whole = await seen(who, "select days from usage where camera = $1", gate)
    assert [row["days"] for row in whole] == ([2**31 - 1] if SEES[who] == [*WHOLE] else [])
    masked = await seen(who, "select * from served_usage where camera = $1", gate)
    if who in (SUE, BOB, REX, ANN):
        (row,) = masked
        assert int(row["total"]) == sum(of(SEES[who]).values())
        assert row["peak"] == max(of(SEES[who]).values())
        assert row["days"] == sum(1 << (day - 1) for day in SEES[who])
    else:
        assert masked == []


async def test_nothing_set_nothing_seen(database: Database, world: World) -> None:
    web = await asyncpg.connect(database.web_url)
    try:
        for source in ("usage", "served_usage", "usage_day"):
            assert await web.fetchval(f"select count(*) from {source}") == 0, source
            async with web.transaction():
                # A role alone is nobody: whose customers, it does not say.
                await web.execute("select set_config('app.role', 'subscriber', true)")
                assert await web.fetchval(f"select count(*) from {source}") == 0, source
    finally:
        await web.close()


@pytest.mark.parametrize("who", [one for one in SEES if SEES[one]], ids=lambda who: who.name)
async def test_rows_pages_sums_and_rating_are_of_ones_own_days(web: World, who: Actor) -> None:
    own = of(SEES[who])
    async with snapshot(who) as tx:
        cloud = await tenancy.cloud_facts(tx, "north")
    if who is not REX:  # whose customers' cameras are not his to name
        listed, _ = await usage.list_page(who, cloud, OCTOBER, limit=100)
        assert {row.day: row.quantity for row in listed} == own
        month = MonthAt(OCTOBER, OCTOBER.end)
        page = await camera_month.get(who, cloud, month, "gate")
        (meter,) = page.meters
        shown = dict(zip(OCTOBER, meter.values, strict=True))
        assert {day: one for day, one in shown.items() if one is not None} == own
        table = await usage_sums.sum_by_camera(who, cloud, OCTOBER, until=OCTOBER.end)
        assert table.sum.days == len(own)
        assert table.sum.quantities["motion-day"] * 31 == pytest.approx(sum(own.values()))
        async with snapshot(who) as tx:
            book = await rating.price_book(tx, cloud, OCTOBER)
            fleet = await rating.of_cameras(tx, book, [web.cameras["gate"]])
        (rated,) = fleet.cameras
        daily = dict(zip(OCTOBER, rated.daily[MOTION], strict=True))
        assert {day: one for day, one in daily.items() if one is not None} == own
    served = [day for day in own if day.day in (*FIRST, *SECOND, *LAST)]
    table = await usage_sums.sum_by_subscriber(who, cloud, OCTOBER, until=OCTOBER.end)
    total = sum(quantity(day.day) for day in served)
    assert table.sum.quantities["motion-day"] * 31 == pytest.approx(total)
    assert [
        one for one, count in zip(OCTOBER, table.cameras_by_day, strict=True) if count
    ] == served


async def test_a_month_that_runs_is_summed_until_yesterday(web: World) -> None:
    cloud = await tenancy.own_cloud(NORA)
    for who in (NORA, SUE, BOB, ANN):
        until = date(2026, 10, 6)
        table = await usage_sums.sum_by_camera(who, cloud, OCTOBER, until=until)
        own = sum(quantity(day) for day in SEES[who] if day < 6)
        if own:
            assert table.sum.quantities["motion-day"] * 31 == pytest.approx(own)
        assert table.sum.days == len([day for day in SEES[who] if day < 6])


async def test_what_is_missing_is_missed_by_whom_it_served(web: World, database: Database) -> None:
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute(
        "update usage set d05 = null, d15 = null where camera = $1", web.cameras["gate"]
    )
    await owner.close()
    cloud = await tenancy.own_cloud(NORA)
    for who, missed in ((NORA, [5, 15]), (CARL, [5, 15]), (ANN, [5])):
        gaps = await coverage.of_month(who, cloud, OCTOBER, now=NOW)
        assert [gap.day.day for gap in gaps] == missed, who.name
