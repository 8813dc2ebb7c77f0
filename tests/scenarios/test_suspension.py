"""Whoever is suspended is switched off in Watcher, and on again."""

from __future__ import annotations

from portal import jobs
from portal.customers.actions import suspensions
from portal.kit.queries import tenancy
from tests.cast import NORA, NORTH
from tests.conftest import Database
from tests.scenarios.provisioned import (
    LIVE,
    both,
    fields,
    ours,
    switched_on,
)


@both
async def test_a_suspended_camera_is_switched_off_and_on_again(worker: Database, api: str) -> None:
    found = await switched_on(api)
    made = await ours(found)
    for _ in range(2):
        camera = await suspensions.suspend_camera(
            NORA, await tenancy.get(NORA, "north"), "gate", suspended=True, queue=found.queue
        )
        assert camera.suspended
    assert found.queue.asked_for(jobs.PROVISION) == [(NORTH,)], (
        "the second time nothing has changed"
    )
    await found.provision()
    assert found.state()["gate"] == (made, False)
    assert await found.known() == found.state()
    assert fields(found) == ({"enabled"} if api == "v2" else {"disabled"})
    found.wait(hours=1)
    await found.read()
    await found.provision()
    assert found.wire.written == []
    await suspensions.suspend_camera(
        NORA, await tenancy.get(NORA, "north"), "gate", suspended=False, queue=found.queue
    )
    await found.provision()
    assert found.state()["gate"] == (made, True)
    assert await found.due() == []
    actions = await found.value(
        "select array_agg(action order by seq) from audit where cloud = 1 and action like 'camera.%'"
    )
    assert actions == [
        "camera.provision", "camera.suspend", "camera.provision", "camera.resume",
        "camera.provision",
    ]  # fmt: skip


@both
async def test_only_what_a_suspension_switched_off_is_switched_on(
    worker: Database, api: str
) -> None:
    """A person switched the yard off in Watcher, minutes ago: no reading has seen it yet."""
    found = await switched_on(api)
    made = await ours(found)
    found.running.present().edit_camera("yard/north", {"enabled": False})
    await suspensions.suspend_subscriber(
        NORA, await tenancy.get(NORA, "north"), 1, suspended=True, queue=found.queue
    )
    await found.provision()
    assert found.state() == {
        "dock": (await ours(found, found.south), True),
        "gate": (made, False),
        "lobby": (LIVE, False),
        "yard/north": (made, False),
    }
    assert sorted(path for _, path, _ in found.wire.written) == [
        f"/{'cameras' if api == 'v2' else 'streams'}/{name}" for name in ("gate", "lobby")
    ]
    await suspensions.suspend_subscriber(
        NORA, await tenancy.get(NORA, "north"), 1, suspended=False, queue=found.queue
    )
    await found.provision()
    assert found.state()["gate"] == (made, True)
    assert found.state()["lobby"] == (LIVE, True)
    assert found.state()["yard/north"] == (made, False)
    assert await found.due() == []


@both
async def test_a_camera_stays_suspended_by_itself(worker: Database, api: str) -> None:
    found = await switched_on(api)
    await suspensions.suspend_camera(
        NORA, await tenancy.get(NORA, "north"), "gate", suspended=True, queue=found.queue
    )
    await suspensions.suspend_subscriber(
        NORA, await tenancy.get(NORA, "north"), 1, suspended=True, queue=found.queue
    )
    await found.provision()
    await suspensions.suspend_subscriber(
        NORA, await tenancy.get(NORA, "north"), 1, suspended=False, queue=found.queue
    )
    await found.provision()
    assert {name for name, (_, enabled) in found.state().items() if not enabled} == {"gate"}
    # Somebody switches it on in Watcher: the books decide.
    found.running.present().edit_camera("gate", {"enabled": True})
    found.wait(hours=1)
    await found.read()
    await found.provision()
    assert not found.camera("gate").now.enabled
