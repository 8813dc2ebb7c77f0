"""Whatever goes wrong while something is written to Watcher is told, and comes right."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from portal.access import SYSTEM
from portal.customers.actions import suspensions
from portal.db import atomic
from portal.demo.simulator.faults import Fault
from portal.kit.queries import tenancy
from tests.cast import NORA, NORTH
from tests.conftest import Database
from tests.factories import tariff
from tests.scenarios.provisioned import (
    LIVE,
    Killed,
    Wire,
    both,
    ours,
    story,
    switched_on,
)


@both
async def test_what_is_swallowed_is_shown_and_left_alone_for_a_while(
    worker: Database, api: str
) -> None:
    found = await switched_on(api)
    found.wire.swallows = lambda request: "gate" in request.url.path
    await suspensions.suspend_camera(
        NORA, await tenancy.get(NORA, "north"), "gate", suspended=True, queue=found.queue
    )
    await found.provision()
    assert await found.message() == "camera gate: camera gate is not switched off"
    assert len(found.wire.written) == 1
    for minutes, tried in ((0.5, 0), (0.5, 1), (1, 0), (1, 1), (3, 0), (1, 1)):
        found.wait(minutes=minutes)
        assert (await found.due() != []) is bool(tried)
        await found.provision()
        assert len(found.wire.written) == tried
    # Another wish is tried at once.
    found.wire.swallows = lambda _request: False
    await suspensions.suspend_camera(
        NORA, await tenancy.get(NORA, "north"), "gate", suspended=False, queue=found.queue
    )
    assert await found.due() == [found.north]
    await found.provision()
    assert await found.message() == ""
    assert found.camera("gate").now.enabled


@both
async def test_a_preset_that_does_not_do_what_it_says_is_reported(
    worker: Database, api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read back are archive and analytics, not only the number of the preset."""
    from portal.demo.simulator import v2_shapes, v3_shapes

    async with story(api) as found:
        shapes, name = (v2_shapes, "camera") if api == "v2" else (v3_shapes, "stream")
        honest = getattr(shapes, name)

        def lying(world, one, **more):
            shown = honest(world, one, **more)
            if one.name == "gate" and one.now.preset_id != LIVE:
                shown |= {
                    "dvr_lock_days": 2,
                    "dvr": {"expiration": 0, "episodes_expiration": 172_800},
                }
            return shown

        monkeypatch.setattr(shapes, name, lying)
        await found.change(provision=True)
        await found.provision()
        made = await ours(found)
        said = f"camera gate: 2 days of motion archive where preset {made} gives 7"
        assert await found.message() == said
        assert found.state()["gate"] == found.state()["yard/north"] == (made, True)
        assert found.wire.written
        assert await found.due() == []
        monkeypatch.setattr(shapes, name, honest)
        found.wait(minutes=1)
        assert await found.due() == [found.north]
        await found.provision()
        assert await found.message() == ""
        assert found.wire.written == [], "it is only looked at"


@both
async def test_wrong_credentials_are_shown_and_not_hammered(worker: Database, api: str) -> None:
    found = await switched_on(api)
    await suspensions.suspend_camera(
        NORA, await tenancy.get(NORA, "north"), "gate", suspended=True, queue=found.queue
    )
    wrong: dict[str, Any] = {"api_key": "old-key"} if api == "v2" else {"password": "forgotten"}
    right: dict[str, Any] = (
        {"api_key": "north-key"} if api == "v2" else {"password": "nora-password"}
    )
    await found.change(**wrong)
    found.wire.count = 0
    began, tries = found.now, 0
    # By the minute, and from a quarter of an hour on by eight: then no pause is shorter.
    for minutes in [1] * 15 + [8] * 179:
        if await found.due():
            tries += 1
            await found.provision()
        found.wait(minutes=minutes)
    # After 1, 2, 4 … 256 minutes and then every six hours.
    assert tries == 12
    assert found.wire.count <= 3 * tries
    assert "refuses the credentials" in await found.message()
    assert await found.value(
        "select provision_retry_at - provision_failed_at from connection where id = $1", found.north
    ) == timedelta(hours=6)
    assert found.now - began >= timedelta(days=1)
    await found.change(**right)
    assert await found.due() == [found.north]
    await found.provision()
    assert not found.camera("gate").now.enabled
    assert await found.message() == ""


async def test_who_may_read_and_not_write_is_told_so(worker: Database) -> None:
    async with story("v2") as found:
        await found.change(provision=True, api_key=None, login="sue", password="sue-password")
        await found.provision()
        assert "tariff home-7: Watcher refuses the credentials (403)" in await found.message()
        assert found.state()["gate"] == (LIVE, True)
        assert await found.due() == []


@both
async def test_a_watcher_that_is_away(worker: Database, api: str) -> None:
    found = await switched_on(api)
    await suspensions.suspend_camera(
        NORA, await tenancy.get(NORA, "north"), "gate", suspended=True, queue=found.queue
    )
    path = "cameras/gate" if api == "v2" else "streams/gate"
    found.running.faults.arm(Fault(path, status=503, times=50, method="PUT"))
    await found.provision()
    assert "status 503" in await found.message()
    assert await found.due() == []
    found.running.faults.clear()
    found.wait(minutes=1)
    await found.provision()
    assert not found.camera("gate").now.enabled
    assert await found.message() == ""


@both
async def test_killed_after_any_request_it_ends_the_same(worker: Database, api: str) -> None:
    """Round by round another tariff for the gate and another switch, killed one request later."""
    found = await switched_on(api)
    rounds, is_done = 0, False
    while not is_done:
        rounds += 1
        suspended = rounds % 2 == 1
        async with atomic(SYSTEM) as tx:
            days = {found.world.services["motion-day"]: str(rounds)}
            plan = await tariff(
                tx, NORTH, f"plan-{rounds}", f"Plan {rounds}", "2026-01-01", "1", days
            )
            await tx.execute(
                "update subscription set tariff = $1 where camera = $2",
                plan,
                found.world.cameras["gate"],
            )
        await suspensions.suspend_camera(
            NORA, await tenancy.get(NORA, "north"), "gate", suspended=suspended, queue=found.queue
        )
        found.wire.count, found.wire.dies_after = 0, rounds
        try:
            await found.provision()
            is_done = True
        except Killed:
            found.wire.dies_after = None
            await found.provision()
        found.wire.dies_after = None
        presets = found.running.present().presets.values()
        (made,) = [one.id for one in presets if one.title == f"Plan {rounds}"]
        assert found.state()["gate"] == (made, not suspended), rounds
        assert await found.known() == found.state()
        assert await found.due() == []
        methods = [method for method, _, _ in found.wire.written]
        assert sorted(methods) == ["POST", "PUT", "PUT"], "nothing is written twice"
    assert rounds > 12


@both
async def test_a_camera_that_has_moved_away_is_not_touched(worker: Database, api: str) -> None:
    """To an organization that is South's, and no reading has seen it yet."""
    found = await switched_on(api)
    found.running.present().edit_camera("gate", {"organization_id": 9})
    await suspensions.suspend_camera(
        NORA, await tenancy.get(NORA, "north"), "gate", suspended=True, queue=found.queue
    )
    await found.provision()
    assert found.wire.written == []
    assert "camera gate: it is in organization 9 by now" in await found.message()
    found.wait(hours=1)
    await found.read()
    assert await found.message() == ""
    assert await found.due() == []


@both
async def test_a_camera_that_is_gone_is_not_made(worker: Database, api: str) -> None:
    found = await switched_on(api)
    found.running.present().delete_camera("gate")
    await suspensions.suspend_camera(
        NORA, await tenancy.get(NORA, "north"), "gate", suspended=True, queue=found.queue
    )
    await found.provision()
    assert found.wire.written == []
    assert "gate" not in found.state()


@both
async def test_a_run_that_met_the_camera_before_the_change_does_not_undo_it(
    worker: Database, api: str
) -> None:
    found = await switched_on(api)
    await suspensions.suspend_camera(
        NORA, await tenancy.get(NORA, "north"), "gate", suspended=True, queue=found.queue
    )
    wire = found.wire

    class Meanwhile(Wire):
        async def handle_async_request(self, request):
            answer = await super().handle_async_request(request)
            if request.url.path.endswith(("/cameras", "/streams")) and self.pages == 1:
                found.wire = wire
                found.wait(minutes=1)
                await found.provision()
            return answer

    found.wait(hours=1)
    found.wire = Meanwhile()
    await found.read()
    assert await found.known() == found.state()
    assert not found.camera("gate").now.enabled
    assert await found.due() == []


@both
async def test_many_cameras_are_written_to_a_few_at_a_time(worker: Database, api: str) -> None:
    async with story(api) as found:
        names = [f"hall-{number:02d}" for number in range(30)]
        for name in names:
            found.running.present().add_camera({"organization_id": 6, "preset_id": LIVE}, name)
        found.wait(hours=1)
        await found.read()
        await found.run(
            "insert into subscription (cloud, camera, subscriber, tariff, starts_on)"
            " select 1, id, 1, $1, '2026-10-01' from camera where external_id like 'hall-%'",
            found.world.tariffs["home-7"],
        )
        await found.change(provision=True)
        await found.provision()
        made = await ours(found)
        assert {found.state()[name] for name in names} == {(made, True)}
        assert await found.known() == found.state()
        # Refused one after the other it gives up, and says so.
        found.wire.swallows = lambda request: "hall" in request.url.path
        await suspensions.suspend_subscriber(
            NORA, await tenancy.get(NORA, "north"), 1, suspended=True, queue=found.queue
        )
        found.wire.count, _ = 0, found.wire.written
        await found.provision()
        assert "Watcher refused" in await found.message()
        assert len(found.wire.written) < len(names)
        assert await found.due() == []
