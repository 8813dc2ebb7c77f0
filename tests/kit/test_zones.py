"""Where a day ends, the `tzdata` package says: not PostgreSQL, not this machine's zone files.

North is moved into zones that PostgreSQL reads otherwise: CET has no summer time there, the first
of two midnights of Havana and the Azores is the second one there.
"""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from portal.access import SYSTEM
from portal.billing.period import Period
from portal.books.queries import invoices
from portal.books.queries import worklist as books_work
from portal.db import atomic
from portal.errors import Conflict
from portal.kit.queries import tenancy, zones
from portal.overview.queries import system_dashboard
from portal.usage.queries import coverage
from portal.watcher.queries import worklist as watcher_work
from tests.cast import ADA, NORA, NORTH, SOUTH
from tests.conftest import Database
from tests.factories import two_clouds, worked_example

ROOT = Path(__file__).parent.parent.parent
TICK = timedelta(microseconds=1)
# A zone, a day, and its bounds in UTC.
DAYS = [
    ("CET", "2026-07-31", "2026-07-30T22:00Z", "2026-07-31T22:00Z"),
    ("EET", "2026-07-31", "2026-07-30T21:00Z", "2026-07-31T21:00Z"),
    ("MET", "2026-10-25", "2026-10-24T22:00Z", "2026-10-25T23:00Z"),
    ("WET", "2026-03-29", "2026-03-29T00:00Z", "2026-03-29T23:00Z"),
    ("America/Havana", "2024-11-03", "2024-11-03T04:00Z", "2024-11-04T05:00Z"),
    ("Atlantic/Azores", "2024-10-27", "2024-10-27T00:00Z", "2024-10-28T01:00Z"),
    ("America/Vancouver", "2026-11-01", "2026-11-01T07:00Z", "2026-11-02T07:00Z"),
    ("Europe/Rome", "2026-10-25", "2026-10-24T22:00Z", "2026-10-25T23:00Z"),
]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


async def move(zone: str, **facts: object) -> None:
    """North lives in a zone from its beginning, long ago."""
    async with atomic(SYSTEM) as tx:
        await tx.execute(
            "update cloud set timezone = $2, created_at = '2020-01-01', close_after_days = $3"
            " where id = $1",
            NORTH,
            zone,
            facts.get("close_after_days", 0),
        )


async def read_at(*instants: datetime) -> None:
    async with atomic(SYSTEM) as tx:
        await tx.executemany(
            "insert into reading (cloud, connection, started_at, state)"
            " values (1, 1, $1, 'complete')",
            [(instant,) for instant in instants],
        )


async def connection(since: datetime, until: datetime | None = None, minutes: int = 1440) -> None:
    async with atomic(SYSTEM) as tx:
        await tx.execute(
            "insert into connection (id, cloud, api, url, secret, created_at, ended_at,"
            " read_every_minutes)"
            " values (1, 1, 'v3', 'https://watcher.test', '', $1, $2, $3)",
            since,
            until,
            minutes,
        )


async def covered(day: date) -> bool:
    async with atomic(SYSTEM) as tx:
        cloud = await tenancy.cloud_facts(tx, "north")
        around = Period(day - timedelta(days=1), day + timedelta(days=2))
        return day in await coverage.days_read(tx, cloud, around)


@pytest.mark.parametrize(("zone", "day", "starts", "ends"), DAYS)
async def test_a_reading_covers_the_day_that_it_is_in(
    worker: Database, zone: str, day: str, starts: str, ends: str
) -> None:
    await two_clouds()
    await move(zone)
    await connection(at(starts) - timedelta(days=30))
    found = date.fromisoformat(day)
    await read_at(at(starts) - TICK, at(ends))
    assert not await covered(found)
    await read_at(at(starts))
    assert await covered(found)
    async with atomic(SYSTEM) as tx:
        await tx.execute(
            "update reading set started_at = $1 where started_at = $2", at(ends) - TICK, at(starts)
        )
    assert await covered(found)


@pytest.mark.parametrize(("zone", "day", "starts", "ends"), DAYS)
async def test_a_connection_answers_for_days_on_whose_end_it_stands(
    worker: Database, zone: str, day: str, starts: str, ends: str
) -> None:
    """Made in the last moment of a day, it has to read that day; ended before its end, it has not."""
    await two_clouds()
    await move(zone)
    await connection(at(ends) - TICK)
    found = date.fromisoformat(day)
    await read_at(at(ends) - TICK)
    assert await covered(found)
    async with atomic(SYSTEM) as tx:
        await tx.execute("update connection set created_at = $1", at(ends))
    assert not await covered(found)
    async with atomic(SYSTEM) as tx:
        await tx.execute(
            "update connection set created_at = $1, ended_at = $2", at(starts), at(ends) - TICK
        )
    assert not await covered(found)


@pytest.mark.parametrize(
    ("zone", "month", "after", "due_at"),
    [
        ("CET", "2026-07", 0, "2026-07-31T22:00Z"),
        ("EET", "2026-06", 2, "2026-07-02T21:00Z"),
        ("MET", "2026-09", 0, "2026-09-30T22:00Z"),
        ("WET", "2026-07", 0, "2026-07-31T23:00Z"),
        ("America/Havana", "2024-10", 2, "2024-11-03T04:00Z"),
        ("Atlantic/Azores", "2024-09", 26, "2024-10-27T00:00Z"),
        ("America/Vancouver", "2026-10", 1, "2026-11-02T07:00Z"),
        ("Pacific/Kiritimati", "2026-09", 0, "2026-09-30T10:00Z"),
        ("Pacific/Pago_Pago", "2026-09", 0, "2026-10-01T11:00Z"),
    ],
)
async def test_a_close_is_due_at_a_midnight_of_the_zone(
    worker: Database, zone: str, month: str, after: int, due_at: str
) -> None:
    await worked_example()
    await move(zone, close_after_days=after)
    async with atomic(SYSTEM) as tx:
        await tx.execute(
            "update subscription set starts_on = $2, ends_on = null where cloud = $1",
            NORTH,
            Period.month(month).start,
        )
        await tx.execute("update cloud set close_automatically = false where id = $1", SOUTH)
    due = (NORTH, Period.month(month))
    assert due not in await books_work.periods(at(due_at) - TICK)
    assert due in await books_work.periods(at(due_at))


async def test_a_short_day_is_read_before_it_is_over(worker: Database) -> None:
    """Read daily, the 23 hours of 29 March would be passed over: it is read after an hour."""
    await two_clouds()
    await move("CET")
    await connection(at("2026-03-01T00:00Z"))
    await read_at(at("2026-03-28T22:59Z"))
    assert await watcher_work.readings(at("2026-03-28T23:58Z")) == []
    assert await watcher_work.readings(at("2026-03-28T23:59Z")) == [(NORTH, 1)]


async def test_the_running_month_and_late_invoices_go_by_the_zone(worker: Database) -> None:
    await two_clouds()
    await move("CET")
    midnight = at("2026-07-31T22:00Z")
    async with atomic(SYSTEM) as tx:
        await tx.execute("update platform set timezone = 'CET'")
    for now, ended in ((midnight - TICK, date(2026, 6, 1)), (midnight, date(2026, 7, 1))):
        (north,) = [
            line
            for line in (await system_dashboard.get_overview(ADA, now=now)).clouds
            if line.slug == "north"
        ]
        assert north.ended == ended
        async with atomic(SYSTEM) as tx:
            assert (await zones.todays(tx, now))["CET"] == (
                "2026-07-31" if now < midnight else "2026-08-01"
            )


async def test_a_stored_zone_that_is_none_stops_nobody_else(worker: Database) -> None:
    """An update of the zone database may take a name away: others go on, and it is said why."""
    await worked_example()
    await move("Mars/Base")
    now = at("2026-11-05T12:00Z")
    async with atomic(SYSTEM) as tx:
        await tx.execute("update cloud set created_at = '2020-01-01' where id = $1", SOUTH)
    assert {cloud for cloud, _ in await books_work.periods(now)} == {SOUTH}
    assert await books_work.estimates(now) == [SOUTH]
    assert {line.slug for line in (await system_dashboard.get_overview(ADA, now=now)).clouds} == {
        "north",
        "south",
    }
    overdue = invoices.Filters(state="overdue")
    await invoices.list_for_portal(ADA, "wholesale", overdue, now=now)
    with pytest.raises(Conflict, match="Mars/Base"):
        await coverage.of_month(
            NORA, await tenancy.own_cloud(NORA), Period.month("2026-10"), now=now
        )
    found = await zones.compare(now)
    assert found.unknown == ["Mars/Base"]


async def test_the_doctor_compares_postgresql_with_the_package(worker: Database) -> None:
    await two_clouds()
    await move("CET")
    found = await zones.compare(at("2026-11-05T12:00Z"))
    assert {"CET", "America/New_York"} <= set(found.in_use)
    assert "America/New_York" not in found.others
    # Its days of summer begin an hour later in PostgreSQL, unless that is of a later make.
    assert found.others.get("CET") in {None, date(2025, 11, 4), date(2026, 3, 30)}
    async with atomic(SYSTEM) as tx:
        reads_summer = await tx.fetchval(
            "select '2026-07-31'::timestamp at time zone 'CET' = '2026-07-30T22:00Z'::timestamptz"
        )
    assert ("CET" in found.others) is not reads_summer


PROBE = """
from zoneinfo import ZoneInfo
early = ZoneInfo("Europe/Rome")
import sys, {module}
from datetime import date
from portal.billing.period import day_seconds, zones
print(day_seconds(date(2026, 10, 25), "Europe/Rome"), "Mars/Base" in zones())
"""


@pytest.mark.parametrize("module", ["portal", "workers.jobs", "portal.cli", "piccolo_conf"])
def test_neither_the_machines_zone_files_nor_the_environment_count(
    tmp_path: Path, module: str
) -> None:
    """Rome, as UTC in files that Python would find first: its day stays 25 hours long."""
    import importlib.resources

    utc = importlib.resources.files("tzdata.zoneinfo").joinpath("UTC").read_bytes()
    for name in ("Europe/Rome", "Mars/Base"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(utc)
    answer = subprocess.run(
        [sys.executable, "-c", PROBE.format(module=module)],
        env={**os.environ, "PYTHONTZPATH": str(tmp_path), "PYTHONPATH": str(ROOT)},
        text=True,
        capture_output=True,
        check=False,
    )
    assert (answer.stdout, answer.stderr) == ("90000 False\n", "")
