"""What is written to Watcher, and read back."""

from __future__ import annotations

import pytest

from portal.billing.provisioning import PresetWanted
from portal.demo.simulator.faults import Fault
from portal.values.watcher import (
    CredentialsRefused,
    NotApplied,
    NotThere,
    RequestRefused,
    Unreachable,
    WatcherAccess,
)
from tests.gateways.watcher.watching import (
    ADDRESS,
    BY_KEY,
    BY_LOGIN,
    Meddling,
    simulation,
    watching,
)

both = pytest.mark.parametrize("connection", [BY_KEY, BY_LOGIN], ids=["v2", "v3"])
HOME = PresetWanted("Home 7", motion_depth_days=7, plates=True)


@both
async def test_a_tariff_becomes_a_preset_once(connection: WatcherAccess) -> None:
    world = simulation().world
    async with watching(connection) as watcher:
        made = await watcher.writer.make_preset(HOME)
        again = await watcher.writer.make_preset(HOME)
    assert made == again
    assert (made.title, made.motion_depth_days, made.continuous_depth_days) == ("Home 7", 7, 0)
    assert (made.plates, bool(made.faces), made.is_adjustable) == (True, False, False)
    assert len(world.presets) == 5


@both
async def test_a_preset_is_changed_in_place(connection: WatcherAccess) -> None:
    world = simulation().world
    async with watching(connection) as watcher:
        changed = await watcher.writer.change_preset(7, PresetWanted("7 days", 14, faces=True))
        assert (changed.continuous_depth_days, changed.faces) == (14, True)
        with pytest.raises(NotThere):
            await watcher.writer.change_preset(99, HOME)
        with pytest.raises(RequestRefused, match="not for both"):
            await watcher.writer.make_preset(PresetWanted("All", faces=True, plates=True))
    assert world.camera("gate-0000000001").now.alg == "faces"


@both
async def test_a_subscription_becomes_the_preset_of_a_camera(connection: WatcherAccess) -> None:
    simulation()
    for name in ("gate-0000000001", "yard/north-0000000002"):
        async with watching(connection) as watcher:
            reading = await watcher.writer.put_on_preset(name, 9)
        assert (reading.preset, reading.continuous_depth_days) == (9, 3)


@both
async def test_a_camera_is_suspended_and_goes_on(connection: WatcherAccess) -> None:
    world = simulation().world
    async with watching(connection) as watcher:
        off = await watcher.writer.switch("gate-0000000001", enabled=False)
        assert (off.enabled, off.continuous_depth_days) == (False, 7)
        assert not world.camera("gate-0000000001").now.enabled
        assert (await watcher.writer.switch("gate-0000000001", enabled=True)).enabled


@both
async def test_a_camera_that_is_gone_is_not_made_by_writing_to_it(
    connection: WatcherAccess,
) -> None:
    world = simulation().world
    async with watching(connection) as watcher:
        for attempt in (
            watcher.writer.put_on_preset("nobody", 7),
            watcher.writer.switch("nobody", enabled=False),
        ):
            with pytest.raises(NotThere):
                await attempt
    assert len(world.cameras) == 3


@both
async def test_what_is_swallowed_is_noticed(connection: WatcherAccess) -> None:
    simulation()

    class Swallowing(Meddling):
        async def handle_async_request(self, request):
            if request.method == "PUT":
                request.method = "GET"
            return await super().handle_async_request(request)

    async with watching(connection, Swallowing()) as watcher:
        with pytest.raises(NotApplied):
            await watcher.writer.put_on_preset("gate-0000000001", 9)
        with pytest.raises(NotApplied):
            await watcher.writer.switch("gate-0000000001", enabled=False)
        with pytest.raises(NotApplied):
            await watcher.writer.change_preset(7, HOME)


@both
async def test_making_a_preset_is_not_repeated_blindly(connection: WatcherAccess) -> None:
    running = simulation()
    running.faults.arm(Fault("/presets", status=500, method="POST"))
    async with watching(connection) as watcher:
        with pytest.raises(Unreachable, match="after 1 attempt at"):
            await watcher.writer.make_preset(HOME)
        assert (await watcher.writer.make_preset(HOME)).title == "Home 7"
    running.faults.arm(Fault("gate", status=500, method="PUT", times=2))
    async with watching(connection) as watcher:
        assert (await watcher.writer.put_on_preset("gate-0000000001", 9)).preset == 9


async def test_who_may_not_write_is_refused() -> None:
    simulation()
    async with watching(
        WatcherAccess("v2", ADDRESS, login="sue", password="sue-password")
    ) as watcher:
        with pytest.raises(CredentialsRefused):
            await watcher.writer.switch("gate-0000000001", enabled=False)
