"""What SQL gathers and what `billing.coverage` decides are one rule: days told one by one agree."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from random import Random

import pytest

from portal.access import SYSTEM
from portal.billing.coverage import Gap
from portal.billing.period import Period, day_start
from portal.db import Transaction, atomic
from portal.kit.queries import tenancy
from portal.usage.queries import coverage
from tests.cast import NORTH, SOUTH
from tests.conftest import Database
from tests.factories import World, camera, days, subscribe, two_clouds, use

OCTOBER = Period.month("2026-10")
ZONE = "Europe/Rome"
METERS = ("recording.motion.depth", "analytics.plates")
SUE = 1


class Told:
    """A month of North by chance, told day by day; `density` is how often a day has its usage."""

    def __init__(self, seed: int) -> None:
        chance = self.chance = Random(seed)
        self.until = OCTOBER.day(chance.choice([1, 12, 31]))
        density = chance.choice([0.0, 0.9, 1.0, 1.0])
        self.subscribed: dict[int, list[date]] = {}
        self.used: dict[int, set[date]] = {}
        for number in range(chance.randint(0, 4)):
            first, after = sorted(chance.sample(range(32), 2))
            served = days(str(OCTOBER.day(first)), str(OCTOBER.day(after)))
            self.subscribed[number] = served
            self.used[number] = {day for day in served if chance.random() < density}
        self.connections: list[tuple[datetime, datetime | None, set[date]]] = []
        for _ in range(chance.randint(0, 2)):
            since, until = sorted(chance.sample(range(-1, 33), 2))
            read = {day for day in OCTOBER if chance.random() < chance.choice([0.5, 1.0])}
            made, ended = start_of(since) + timedelta(hours=5), start_of(until)
            self.connections.append((made, ended if chance.random() < 0.5 else None, read))

    def gaps(self) -> list[Gap]:
        """The rule once more, a day at a time."""
        found = []
        for day in OCTOBER:
            end = day_start(day + timedelta(days=1), ZONE)
            answers = [
                day in read
                for made, ended, read in self.connections
                if made < end and (ended is None or ended >= end)
            ]
            if day >= self.until or (answers and all(answers)):
                continue
            on = [number for number, served in self.subscribed.items() if day in served]
            missing = [number for number in on if day not in self.used[number]]
            if missing:
                found.append(Gap(day, len(on), len(missing)))
        return found

    async def store(self, tx: Transaction, world: World) -> None:
        for table in ("usage", "subscription", "camera", "reading", "connection"):
            await tx.execute(f"delete from {table} where cloud = $1", NORTH)
        for number, served in self.subscribed.items():
            one = await camera(tx, NORTH, f"c{number}", SUE)
            after = served[-1] + timedelta(days=1)
            tariff = world.tariffs["home-7"]
            await subscribe(tx, NORTH, one, SUE, tariff, str(served[0]), str(after))
            for day in sorted(self.used[number]):
                meter = world.meters[METERS[0 if self.chance.random() < 0.9 else 1]]
                await use(tx, NORTH, one, meter, [day], 1)
        for number, (made, ended, read) in enumerate(self.connections, 101):
            await tx.execute(
                "insert into connection (id, cloud, api, url, secret, created_at, ended_at)"
                " values ($1, $2, 'v3', $3, '', $4, $5)",
                *(number, NORTH, f"https://watcher{number}.test", made, ended),
            )
            for day in sorted(read):
                await reading(tx, NORTH, number, day, "complete")
            for day in OCTOBER:
                await reading(tx, NORTH, number, day, "failed")


def start_of(offset: int) -> datetime:
    return day_start(OCTOBER.day(offset), ZONE)


async def reading(tx: Transaction, cloud: int, connection: int, day: date, state: str) -> None:
    await tx.execute(
        "insert into reading (cloud, connection, started_at, state) values ($1, $2, $3, $4)",
        *(cloud, connection, day_start(day, ZONE) + timedelta(hours=3), state),
    )


@pytest.mark.parametrize("seeds", [range(start, start + 20) for start in (0, 20)])
async def test_the_gaps_of_a_month_are_those_of_its_days(worker: Database, seeds: range) -> None:
    world = await two_clouds()
    async with atomic(SYSTEM) as tx:
        dock = await camera(tx, SOUTH, "dock", 3)
        await subscribe(tx, SOUTH, dock, 3, world.tariffs["south-7"], "2026-10-01")
    sizes = set()
    for seed in seeds:
        told = Told(seed)
        async with atomic(SYSTEM) as tx:
            await told.store(tx, world)
            north = await tenancy.cloud_facts(tx, "north")
            found = await coverage.gaps(tx, north, OCTOBER, until=told.until)
            south = await tenancy.cloud_facts(tx, "south")
            assert len(await coverage.gaps(tx, south, OCTOBER, until=OCTOBER.end)) == 31
        assert found == told.gaps(), seed
        sizes.add(min(len(found), 1))
    assert sizes == {0, 1}, "months with and without gaps were met"
