"""Days of readings, some of them failing, and then the truth: histories and recorded time agree."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from portal.billing.readings import (
    Interval,
    Range,
    daily_facts,
    from_ms,
    recorded_seconds,
    step,
    union,
)
from portal.demo.simulator import truth
from portal.demo.simulator.clock import to_ms
from portal.demo.simulator.faults import Fault
from portal.demo.simulator.seed import Seed, SeedCamera, SeedOrganization, SeedPreset
from portal.demo.simulator.simulation import Simulation
from portal.values.watcher import WatcherAccess, WatcherFailed
from tests.gateways.watcher.watching import BY_KEY, BY_LOGIN, simulation, watching
from tests.simulator.watchers import NORTH

ROME = "Europe/Rome"
ZONE = ZoneInfo(ROME)
BEGINS = datetime(2026, 10, 22, 1, tzinfo=ZONE)  # the clocks go back on the 25th
READ_EVERY_MS = 6 * 3_600_000
READINGS = 24
SEED = Seed(
    system_key="north-key",
    organizations=[SeedOrganization(1, "Default"), SeedOrganization(6, "Sue's house")],
    presets=[
        SeedPreset(1, "2 days", dvr_depth=2),
        SeedPreset(2, "7 days", dvr_depth=7, alg="plates"),
        SeedPreset(3, "1 day and 5 of motion", dvr_depth=1, dvr_lock_days=5, alg="faces"),
    ],
    users=NORTH.users,
    cameras=[SeedCamera(f"cam{n}", 1 + 5 * (n % 2), 1 + n % 3) for n in range(6)],
)


@dataclass
class Books:
    """What a billing system keeps of its readings."""

    ended: dict[str, list[Interval]] = field(default_factory=dict)
    current: dict[str, Interval] = field(default_factory=dict)
    footage: dict[str, tuple[Range, ...]] = field(default_factory=dict)
    facts: list[tuple[str, date, str, int]] = field(default_factory=list)
    read_at: list[datetime] = field(default_factory=list)

    async def read(self, connection: WatcherAccess, now: datetime) -> None:
        async with watching(connection) as watcher:
            seen = {}
            async for batch in watcher.cameras(self.current):
                seen.update({reading.name: reading for reading in batch})
            found = dict([one async for one in watcher.ranges(seen)])
            watcher.require_ranges()
        before = self.read_at[-1] if self.read_at else None
        for name in {*seen, *self.current}:
            result = step(self.current.get(name), seen.get(name), now, before)
            if result.ended is not None:
                self.ended.setdefault(name, []).append(result.ended)
            if result.current is not None:
                self.current[name] = result.current
            else:
                self.current.pop(name, None)
        for name, reading in seen.items():
            day = now.astimezone(ZONE).date()
            self.facts += [(name, day, *fact) for fact in daily_facts(reading).items()]
            self.footage[name] = union(self.footage.get(name, ()), found[name] or (), until=now)
        self.read_at.append(now)

    def intervals(self, name: str) -> list[Interval]:
        now = [self.current[name]] if name in self.current else []
        return [*self.ended.get(name, []), *now]


def happen(running: Simulation, rng: random.Random, at_ms: int, lost: set[str]) -> None:
    """Something of what happens in the field or in Watcher, at a whole second."""
    running.world.advance(at_ms)
    world, name = running.world, f"cam{rng.randrange(6)}"
    what = rng.choice(["alive", "enabled", "move", "preset", "edit", "delete", "again"])
    if what == "edit":
        depth = rng.choice([2, 3, 5]) * 86_400_000
        world.edit_preset(rng.choice([1, 2]), {"dvr": {"depth_ms": depth}})
    elif name not in world.cameras:
        world.add_camera({"organization_id": 6, "preset_id": 2}, name)
    elif what in {"delete", "again"}:
        # What was recorded since the last reading goes with it, unread.
        lost.add(name)
        world.delete_camera(name)
        if what == "again":
            world.advance(at_ms + 1000)
            world.add_camera({"organization_id": 1, "preset_id": 1}, name)
    else:
        state = world.camera(name).now
        if what == "alive":
            world.edit_camera(name, {"alive": not state.alive})
        elif what == "enabled":
            world.edit_camera(name, {"enabled": not state.enabled})
        elif what == "move":
            world.edit_camera(name, {"organization_id": 7 - state.organization_id})
        else:
            world.edit_camera(name, {"preset_id": rng.randrange(1, 4)})


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("connection", [BY_KEY, BY_LOGIN], ids=["v2", "v3"])
async def test_books_agree_with_the_truth(connection: WatcherAccess, number: int) -> None:
    rng = random.Random(number)
    running = simulation(SEED)
    running.restart(SEED, BEGINS)
    books, lost = Books(), set[str]()
    for _ in range(READINGS):
        now_ms = running.world.now_ms
        moments = sorted(
            rng.sample(range(60, READ_EVERY_MS // 1000 - 60), rng.choice([0, 0, 1, 3]))
        )
        for moment in moments:
            happen(running, rng, now_ms + moment * 1000, lost)
        running.clock.move(now_ms + READ_EVERY_MS)
        now = from_ms(running.present().now_ms)
        if rng.random() < 0.2:
            silent = rng.choice(["/v", "/dvr/ranges"])
            running.faults.arm(Fault(silent, status=500, times=None))
            with pytest.raises(WatcherFailed):
                await books.read(connection, now)
            running.faults.clear()
        else:
            await books.read(connection, now)
    assert len(books.read_at) > READINGS // 2
    await books.read(connection, from_ms(running.world.now_ms))
    for name in running.world.all_names():
        compare_lives(running, books, name, api=connection.api)
        compare_days(running, books, name, loses=name in lost)


def compare_lives(running: Simulation, books: Books, name: str, *, api: str) -> None:
    """Every stretch that a reading fell into is known, with bounds between event and reading."""
    now_ms = running.world.now_ms
    read = [to_ms(at) for at in books.read_at]

    def first_after(ms: int) -> int:
        return min(at for at in read if at >= ms)

    expected: list[truth.Interval] = []
    for one in truth.intervals(running.world.cameras_named(name), now_ms):
        ends = now_ms + 1 if one.to_ms is None else one.to_ms
        if not any(one.from_ms <= at < ends for at in read):
            continue
        if expected and goes_on(expected[-1], one, read, api=api):
            expected[-1] = replace(expected[-1], to_ms=one.to_ms)
        else:
            expected.append(one)
    known = books.intervals(name)
    shown = [(one.organization, one.preset, one.enabled) for one in known]
    assert shown == [settings(one) for one in expected]
    for interval, one in zip(known, expected, strict=True):
        since = to_ms(interval.since)
        # What a camera was before its first reading is not known: it is taken to have been made so.
        assert one.from_ms <= since <= first_after(one.from_ms) or since == one.created_ms
        if one.to_ms is not None:
            assert interval.until is not None
            assert to_ms(interval.until) <= first_after(one.to_ms)


def settings(one: truth.Interval) -> tuple[int, int | None, bool]:
    return one.organization_id, one.preset_id, one.enabled


def goes_on(last: truth.Interval, one: truth.Interval, read: list[int], *, api: str) -> bool:
    """Whether readings cannot tell two stretches apart: v2 does not say when a camera was made."""
    was_missed = last.to_ms is not None and any(last.to_ms <= at < one.from_ms for at in read)
    is_one_life = api == "v2" or last.created_ms == one.created_ms
    return settings(last) == settings(one) and is_one_life and not was_missed


def compare_days(running: Simulation, books: Books, name: str, *, loses: bool) -> None:
    cameras = running.world.cameras_named(name)
    facts: dict[tuple[date, str], int] = {}
    for who, day, meter, quantity in books.facts:
        if who == name:
            facts[day, meter] = max(quantity, facts.get((day, meter), 0))
    recorded = recorded_seconds(books.footage.get(name, ()), ROME)
    span = (to_ms(BEGINS), running.world.now_ms)
    for day, opens, closes in truth.local_days(*span, ZONE):
        real = truth.day_of(cameras, day, opens, closes)
        seconds = recorded.get(day, 0)
        if real is None:
            assert seconds == 0
            continue
        if loses:
            assert seconds <= real.recorded_ms // 1000
        else:
            assert seconds == real.recorded_ms // 1000, (name, day)
        depth = facts.get((day, "recording.continuous.depth"), 0)
        assert depth <= real.continuous_depth_ms // 86_400_000
        assert facts.get((day, "camera.enabled"), 0) <= real.enabled
        assert facts.get((day, "analytics.plates"), 0) <= real.plates
