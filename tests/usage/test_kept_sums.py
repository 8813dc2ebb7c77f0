"""Sums of a large cloud are kept with its estimate: they are those of a page, and say of when."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from portal.access import SYSTEM, Actor
from portal.billing.period import MonthAt, Period, local_date
from portal.books.actions.estimates import estimate_cloud
from portal.db import atomic, bound_by_policies
from portal.kit.queries import tenancy
from portal.usage.actions.sums import CAMERAS_MAX, keep_sums
from portal.usage.queries import usage_sums
from portal.usage.queries.usage_sums import UsageTable
from tests.cast import ADA, ANN, CARL, MAX, NORA, NORTH, SAM, SOUTH
from tests.conftest import NOW, Database
from tests.factories import World, camera, days, subscribe, use, worked_example

OCTOBER, NOVEMBER = Period.month("2026-10"), Period.month("2026-11")
MANY = CAMERAS_MAX + 1
TODAY = local_date(NOW, "Europe/Rome")


@pytest.fixture
async def world(worker: Database) -> World:
    """The worked example, with a camera that moves to Bob, one of nobody, and a running month."""
    found = await worked_example()
    async with atomic(SYSTEM) as tx:
        plan, motion = found.tariffs["home-7"], found.meters["recording.motion.depth"]
        mover = await camera(tx, NORTH, "mover", 2)
        await subscribe(tx, NORTH, mover, 1, plan, "2026-10-01", "2026-10-11")
        await subscribe(tx, NORTH, mover, 2, plan, "2026-10-11")
        loose = await camera(tx, NORTH, "loose")
        for one in (mover, loose, found.cameras["gate"]):
            await use(tx, NORTH, one, motion, days("2026-10-05", "2026-10-20"), one)
            await use(tx, NORTH, one, motion, days("2026-11-01", "2026-11-06"), one)
    return found


async def keep(cloud: int, cameras: int = MANY, now: datetime = NOW) -> None:
    async with atomic(SYSTEM) as tx:
        await keep_sums(tx, cloud, cameras, today=TODAY, now=now)


async def tables(actor: Actor, period: Period) -> list[UsageTable]:
    """What each page of usage says to somebody, as the web process reads it."""
    with bound_by_policies():
        cloud = (
            await tenancy.get(actor, "north")
            if actor.cloud is None
            else await tenancy.own_cloud(actor)
        )
        until = MonthAt(period, TODAY).until
        found = [
            await usage_sums.sum_by_subscriber(actor, cloud, period, until=until),
            await usage_sums.sum_by_camera(actor, cloud, period, until=until),
        ]
        if actor.cloud is None:
            found.append(await usage_sums.sum_by_cloud(actor, period, now=NOW))
        return found


def as_if_exact(found: list[UsageTable]) -> list[UsageTable]:
    return [replace(one, as_of=None) for one in found]


async def kept_rows(cloud: int) -> int:
    async with atomic(SYSTEM) as tx:
        return int(await tx.fetchval("select count(*) from usage_sum where cloud = $1", cloud))


async def test_kept_sums_are_what_pages_sum(world: World) -> None:
    people = (NORA, CARL, ADA, MAX, ANN, SAM)
    exact = {
        (who, month.key): await tables(who, month)
        for who in people
        for month in (OCTOBER, NOVEMBER)
    }
    await keep(NORTH)
    for who in people:
        for month in (OCTOBER, NOVEMBER):
            found = await tables(who, month)
            assert as_if_exact(found) == exact[who, month.key], (who.name, month.key)
            # Whoever sees a part of a cloud has their part summed, and South is not large.
            of = NOW if who in (NORA, CARL, ADA, MAX) else None
            assert [one.as_of for one in found] == [of] * len(found), who.name


async def test_what_came_since_is_in_the_next_ones_and_in_no_line_missing(world: World) -> None:
    await keep(NORTH)
    (before, *_) = await tables(NORA, NOVEMBER)
    async with atomic(SYSTEM) as tx:
        meter = world.meters["recording.motion.depth"]
        await use(tx, NORTH, world.cameras["yard"], meter, [date(2026, 11, 2)], 50)
    (now, *_) = await tables(NORA, NOVEMBER)
    assert now.sum == before.sum
    assert now.lines != before.lines, "a line is summed as it is asked for"
    await keep(NORTH, now=NOW + timedelta(hours=1))
    (later, *_) = await tables(NORA, NOVEMBER)
    assert later.sum.quantities["motion-day"] > before.sum.quantities["motion-day"]
    assert later.as_of == NOW + timedelta(hours=1)


async def test_a_cloud_of_few_cameras_keeps_none(world: World) -> None:
    await keep(NORTH)
    await keep(SOUTH)
    assert await kept_rows(NORTH) > 0
    await estimate_cloud(NORTH, now=NOW)
    assert (await kept_rows(NORTH), await kept_rows(SOUTH) > 0) == (0, True)


async def test_a_closed_month_is_summed_anew_when_usage_came_late(world: World) -> None:
    async with atomic(SYSTEM) as tx:
        await tx.execute(
            "insert into period (cloud, starts_on, state, closed_at) values ($1, $2, 'closed', $3)",
            *(NORTH, OCTOBER.start, NOW - timedelta(days=1)),
        )

    async def made() -> dict[date, datetime]:
        async with atomic(SYSTEM) as tx:
            rows = await tx.fetch("select month, min(as_of) as of from usage_sum group by month")
        return {row["month"]: row["of"] for row in rows}

    await keep(NORTH)
    later = NOW + timedelta(hours=1)
    await keep(NORTH, now=later)
    assert await made() == {OCTOBER.start: NOW, NOVEMBER.start: later}
    async with atomic(SYSTEM) as tx:
        await tx.execute(
            "insert into usage_change (cloud, month, camera, changed_at) values ($1, $2, 1, $3)",
            *(NORTH, OCTOBER.start, later),
        )
    latest = NOW + timedelta(hours=2)
    await keep(NORTH, now=latest)
    assert await made() == {OCTOBER.start: latest, NOVEMBER.start: latest}
