"""The demo's population: made the same every time, and full of life."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from portal.demo.simulator import truth
from portal.demo.simulator.believable import EXAMPLE_PRESET, FIRST_ID, population, together
from portal.demo.simulator.clock import to_ms
from portal.demo.simulator.seed import build

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ROME = ZoneInfo("Europe/Rome")


def test_the_same_number_makes_the_same_population() -> None:
    assert population("north", NOW) == population("north", NOW)
    assert population("north", NOW) != population("north", NOW, seed=8)


def test_north_and_south_live_in_one_watcher() -> None:
    seed = together(
        population("north", NOW, example=date(2026, 10, 1)),
        population("south", NOW, organizations=8, cameras=40),
    )
    assert seed.now is not None
    world = build(seed, seed.now)
    world.advance(to_ms(NOW))
    assert len(world.organizations) == 48
    assert len({one.title for one in world.organizations.values()}) == 48
    assert 280 <= len(world.cameras) <= 340
    lives = [truth.intervals(world.lives(name), world.now_ms) for name in world.all_names()]
    assert sum(len(one) > 1 for one in lives) > 20
    assert any(one[-1].to_ms is not None for one in lives)
    assert any(not interval.enabled for one in lives for interval in one)
    depths = {camera.now.dvr for camera in world.cameras.values()}
    assert len(depths) > 5
    world.advance(world.now_ms + 100 * 86_400_000)


def test_the_worked_example_is_lived_to_the_day() -> None:
    seed = population("north", NOW, example=date(2026, 10, 1))
    assert seed.now is not None
    world = build(seed, seed.now)
    world.advance(to_ms(NOW))
    october = (
        to_ms(datetime(2026, 9, 30, 22, tzinfo=UTC)),
        to_ms(datetime(2026, 10, 31, 23, tzinfo=UTC)),
    )
    told = {
        one["name"]: one["days"]
        for one in truth.report(world, *october, ROME, names=["gate", "yard"])
    }
    gate, yard = told["gate"], told["yard"]
    assert isinstance(gate, list)
    assert isinstance(yard, list)
    assert (len(gate), len(yard)) == (31, 16)
    assert (gate[0]["day"], yard[0]["day"]) == ("2026-10-01", "2026-10-16")
    for day in [*gate, *yard]:
        assert (day["motion_depth_days"], day["plates"], day["enabled"]) == (7, True, True)
        assert day["recorded_seconds"] > 0
    state = world.camera("gate").now
    assert state.preset_id == FIRST_ID["north"] + EXAMPLE_PRESET
    assert world.organizations[state.organization_id].title == "Sue"
