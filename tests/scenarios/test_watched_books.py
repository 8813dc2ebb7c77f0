"""Months that close by themselves, beside a Watcher in which much happens, are worth what the truth is."""

from __future__ import annotations

import pytest

from portal.access import SYSTEM
from portal.billing.period import Period
from portal.db import snapshot
from portal.kit.queries import tenancy
from portal.usage.queries import coverage
from tests.cast import NORTH, SOUTH
from tests.conftest import Database
from tests.scenarios.watched import (
    agrees,
    day,
    office,
    rome,
)
from tests.scenarios.witnessed import books_agree, lively


@pytest.mark.parametrize(
    ("api", "seed", "begins", "hours", "months"),
    [
        ("v2", 1, "2026-09-29 07:00", 24, ["2026-09", "2026-10"]),
        ("v3", 2, "2026-10-18 07:00", 12, ["2026-10"]),
    ],
    ids=["two, read once a day", "most of one, read twice"],
)
async def test_months_close_by_themselves_and_are_worth_what_the_truth_is(
    worker: Database, api: str, seed: int, begins: str, hours: int, months: list[str]
) -> None:
    start, end = rome(begins), rome("2026-11-04 12:00")
    async with office(api, start, seed=lively(seed, start, (end - start).days + 4, 8)) as found:
        found.diary.is_lossy = True
        await found.go(minutes=1)
        while found.now < end:
            await found.go(hours=hours)
        await agrees(found)
        for cloud in (NORTH, SOUTH):
            await books_agree(found, cloud, months)
        async with snapshot(SYSTEM) as tx:
            north = await tenancy.cloud_facts(tx, "north")
            november = Period.of(day("11-01"))
            assert await coverage.gaps(tx, north, november, until=day("11-04")) == []


@pytest.mark.parametrize(
    ("begins", "ends", "months"),
    [
        ("2027-10-29 12:00", "2027-11-09 00:00", ["2027-10"]),
        ("2027-12-28 12:00", "2028-01-04 00:00", ["2027-12"]),
        ("2028-02-25 12:00", "2028-03-05 00:00", ["2028-02"]),
    ],
    ids=["end of summer time in both zones", "turn of the year", "29 February"],
)
async def test_a_winter_by_jumps_of_a_day(
    worker: Database, begins: str, ends: str, months: list[str]
) -> None:
    """Its odd days are read; between them one is like the other. Days of a month that still runs,
    New York's 25 hours of 7 November, are compared by their usage."""
    start, end = rome(begins), rome(ends)
    async with office("v3", start, seed=lively(7, start, (end - start).days, 8)) as found:
        found.diary.is_lossy = True
        await found.go(minutes=1)
        jumps = 0
        while found.now < end:
            await found.go(days=1)
            jumps += 1
        await agrees(found)
        for cloud in (NORTH, SOUTH):
            await books_agree(found, cloud, months)
        readings = await found.readings(found.north)
        assert len(readings) == len({row.started_at for row in readings}) == 1 + jumps
