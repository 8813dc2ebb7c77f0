"""A Watcher whose past is played: it begins with its seed, and goes on with somebody's time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from portal.access import SYSTEM
from portal.demo.simulator import create_simulator
from portal.demo.simulator.footage import DAY_MS
from portal.demo.simulator.seed import Scripted, SeedCamera, build
from portal.gateways.queue import NullQueue
from portal.kit.actions import clock as clock_actions
from portal.kit.queries.clock import TestClock, WallClock
from tests.conftest import Database
from tests.simulator.watchers import KEY, NOON, NORTH, V2, client_of

STORY = msgspec.structs.replace(
    NORTH,
    now=NOON,
    script=[
        Scripted(NOON + timedelta(days=2), "delete", "lobby-0000000003"),
        Scripted(
            NOON + timedelta(days=3),
            "create",
            "roof",
            fields={"organization_id": 1, "preset_id": 7},
        ),
    ],
)


async def names(client) -> list[str]:
    answer = await client.get(f"{V2}/cameras", headers=KEY)
    assert answer.status_code == 200, answer.text
    return [one["name"].partition("-")[0] for one in answer.json()]


@pytest.mark.parametrize(
    ("days", "there"),
    [
        (1, ["gate", "lobby", "yard/north"]),
        (2.5, ["gate", "yard/north"]),
        (9, ["gate", "roof", "yard/north"]),
    ],
)
async def test_a_story_is_played_up_to_the_time_that_stands(days: float, there: list[str]) -> None:
    app = create_simulator(STORY, now=NOON + timedelta(days=days))
    async with client_of(app) as client:
        assert await names(client) == there
        if days > 3:
            roof = app.state["simulation"].present().camera("roof")
            assert roof.history.stored(roof.created_ms + DAY_MS).duration_ms == DAY_MS
            assert roof.created_ms == round((NOON + timedelta(days=3)).timestamp() * 1000)


async def test_by_the_machines_clock_all_of_it_is_long_past() -> None:
    async with client_of(create_simulator(STORY, clock=WallClock())) as client:
        before = datetime.now(UTC)
        told = datetime.fromisoformat((await client.get("/_sim/clock")).json()["now"])
        whole = timedelta(milliseconds=1)
        assert before - whole <= told <= datetime.now(UTC) + whole
        assert await names(client) == ["gate", "roof", "yard/north"]


async def test_it_goes_on_with_the_test_clock_of_the_installation(worker: Database) -> None:
    """Whoever moves the clock by the API moves the cameras, too: the next request sees them."""
    await clock_actions.start(NOON)
    clock = TestClock(NOON)
    async with client_of(create_simulator(STORY, now=clock(), clock=clock)) as client:
        assert await names(client) == ["gate", "lobby", "yard/north"]
        await clock_actions.move(SYSTEM, NOON + timedelta(days=2), queue=NullQueue())
        assert await names(client) == ["gate", "yard/north"]
        await clock_actions.move(SYSTEM, NOON + timedelta(days=3), queue=NullQueue())
        assert await names(client) == ["gate", "roof", "yard/north"]


def test_days_typed_in_for_a_camera_count_under_an_adjustable_preset_alone() -> None:
    seed = msgspec.structs.replace(
        NORTH,
        cameras=[
            SeedCamera("by-hand", 1, 9, dvr_depth=20),
            SeedCamera("swallowed", 1, 7, dvr_depth=20),
        ],
        script=[
            Scripted(NOON + timedelta(days=1), "change", "by-hand", fields={"dvr_lock_days": 5})
        ],
    )
    world = build(seed, NOON)
    world.advance(world.now_ms + 2 * DAY_MS)
    kept = {name: camera.now.dvr for name, camera in world.cameras.items()}
    assert (kept["by-hand"].depth_ms, kept["by-hand"].lock_ms) == (20 * DAY_MS, 5 * DAY_MS)
    assert (kept["swallowed"].depth_ms, kept["swallowed"].lock_ms) == (7 * DAY_MS, 0)
