"""Writing to Watcher what the books say: tariffs, subscriptions, suspensions; and nothing else."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from portal import jobs
from portal.access import SYSTEM
from portal.customers.actions import suspensions
from portal.db import advisory_lock, atomic
from portal.errors import Invalid
from portal.kit.queries import tenancy
from portal.overview.queries import settled
from portal.watcher.actions.mappings import create as map_preset
from portal.watcher.actions.provisioning.run import provision_cloud
from portal.watcher.forms.connection import NewMapping
from portal.watcher.queries import provisioning
from portal.watcher.queries import worklist as watcher_work
from tests.cast import ADA, NORA, NORTH
from tests.conftest import Database
from tests.factories import per_unit, subscribe, tariff
from tests.scenarios.provisioned import (
    LIVE,
    SIGN_IN,
    VAULT,
    Story,
    both,
    fields,
    ours,
    story,
    switched_on,
)
from workers.jobs import provision as provision_job


@both
async def test_a_tariff_is_a_preset_and_a_subscription_the_cameras(
    worker: Database, api: str
) -> None:
    async with story(api) as found:
        assert await found.due() == []
        await found.change(provision=True)
        assert found.queue.asked_for(jobs.PROVISION) == [(NORTH,)]
        assert await found.due() == [found.north]
        assert await watcher_work.provisionings(found.now) == [NORTH]
        await found.provision()
        made = await ours(found)
        assert made not in {1, 4, 5}
        assert found.state() == {
            "dock": (LIVE, True),
            "gate": (made, True),
            "lobby": (LIVE, True),
            "yard/north": (made, True),
        }
        world = found.running.present()
        preset = world.presets[made]
        assert (preset.title, preset.alg, preset.is_adjustable) == ("Home 7", "plates", False)
        assert (preset.dvr.depth_ms, preset.dvr.lock_ms) == (0, 7 * 86_400_000)
        methods = [(method, sorted(body)) for method, _, body in found.wire.written]
        assert methods[0][0] == "POST"
        assert methods[1:] == [("PUT", ["preset_id"])] * 2
        assert (
            await found.value("select tariff from watcher_preset where preset = $1", made)
            == (found.world.tariffs["home-7"])
        )
        assert await found.message() == ""


@both
async def test_what_was_written_is_known_at_once_and_not_written_again(
    worker: Database, api: str
) -> None:
    found = await switched_on(api)
    assert await found.known() == found.state()
    assert await found.due() == []
    found.wait(hours=1)
    for connection in (found.north, found.south):
        await found.provision(connection)
        await found.read(connection)
        await found.provision(connection)
    assert found.wire.written == []
    assert await found.known() == found.state()


@both
async def test_two_clouds_on_one_watcher_have_their_own_presets(worker: Database, api: str) -> None:
    """Same name, same settings: when North's tariff changes, South's cameras stay as they are."""
    found = await switched_on(api)
    north, south = await ours(found), await ours(found, found.south)
    assert len({north, south, 4, 5}) == 4
    await version(found, "2026-10-01", "14")
    await found.provision()
    world = found.running.present()
    assert world.presets[north].dvr.lock_ms == 14 * 86_400_000
    assert world.presets[south].dvr.lock_ms == 7 * 86_400_000
    assert world.presets[4].dvr.lock_ms == 7 * 86_400_000


async def version(found: Story, valid_from: str, days: str) -> None:
    """A version of North's tariff that includes so many motion days. In the tables: on any day."""
    async with atomic(SYSTEM) as tx:
        made = await tx.fetchval(
            "insert into tariff_version (cloud, tariff, valid_from, monthly_price, setup_fee)"
            " values ($1, $2, $3, 9.90, 0) returning id",
            NORTH,
            found.world.tariffs["home-7"],
            date.fromisoformat(valid_from),
        )
        await tx.execute(
            "insert into tariff_item (cloud, version, position, service, quantity)"
            " values ($1, $2, 1, $3, $4)",
            NORTH,
            made,
            found.world.services["motion-day"],
            Decimal(days),
        )


@both
async def test_a_version_changes_the_preset_on_its_day(worker: Database, api: str) -> None:
    found = await switched_on(api)
    made = await ours(found)
    await version(found, "2026-10-03", "2.5")
    assert await found.due() == []
    found.wait(days=1, hours=9)  # 21:00 UTC on the second: 23:00 in Rome
    assert await found.due() == []
    found.wait(hours=1)
    assert await found.due() == [found.north]
    await found.provision()
    preset = found.running.present().presets[made]
    assert (preset.dvr.lock_ms, preset.alg) == (3 * 86_400_000, None)
    assert [method for method, path, _ in found.wire.written] == ["PUT"]
    assert found.camera("gate").now.dvr.lock_ms == 3 * 86_400_000
    assert await found.due() == []


@both
async def test_a_subscription_begins_ends_and_changes_tariff(worker: Database, api: str) -> None:
    found = await switched_on(api)
    made = await ours(found)
    async with atomic(SYSTEM) as tx:
        rich = await tariff(
            tx, NORTH, "rich", "Rich", "2026-01-01", "19.90", {found.world.services["plates"]: "1"}
        )
        await tx.execute(
            "update subscription set ends_on = '2026-10-02' where camera = $1",
            found.world.cameras["gate"],
        )
        await subscribe(tx, NORTH, found.world.cameras["gate"], 1, rich, "2026-10-02")
        await tx.execute(
            "update subscription set ends_on = '2026-10-02' where camera = $1",
            found.world.cameras["yard/north"],
        )
    await found.provision()
    assert found.state()["gate"] == (made, True)
    found.wait(days=1)
    await found.provision()
    now = found.state()
    assert now["gate"][0] not in {made, LIVE}
    assert found.running.present().presets[now["gate"][0] or 0].title == "Rich"
    # Whose subscription has ended keeps its preset: what it should have is not known.
    assert now["yard/north"] == (made, True)
    assert now["lobby"] == (LIVE, True)


@both
async def test_a_preset_that_a_person_mapped_is_used_and_never_edited(
    worker: Database, api: str
) -> None:
    async with story(api) as found:
        await map_preset(
            NORA,
            await tenancy.get(NORA, "north"),
            NewMapping(preset=5, tariff="home-7"),
            queue=found.queue,
        )
        await found.change(provision=True)
        await found.provision()
        assert found.state()["gate"] == (5, True)
        assert await found.message() == ""
        await version(found, "2026-10-02", "14")
        found.wait(days=1)
        await found.provision()
        assert found.running.present().presets[5].dvr.lock_ms == 7 * 86_400_000
        assert await found.message() == (
            "tariff home-7: preset 5 (Weekly): days of motion archive: 7, the tariff includes 14,"
            " licence plates: yes, the tariff includes no"
        )
        assert fields(found) == {"preset_id"}
        assert await found.due() == []


@both
async def test_what_was_made_is_not_mapped_to_something_else(worker: Database, api: str) -> None:
    found = await switched_on(api)
    async with atomic(SYSTEM) as tx:
        await tariff(tx, NORTH, "other", "Other", "2027-01-01", "1", {})
    with pytest.raises(Invalid, match="was made for the tariff 'home-7'"):
        await map_preset(
            NORA,
            await tenancy.get(NORA, "north"),
            NewMapping(preset=await ours(found), tariff="other"),
            queue=found.queue,
        )


@both
async def test_a_preset_edited_or_deleted_by_hand_is_put_right(worker: Database, api: str) -> None:
    found = await switched_on(api)
    made = await ours(found)
    found.running.present().edit_preset(made, {"dvr": {"lock_ms": 0}})
    found.wait(hours=1)
    await found.read()
    assert await found.due() == [found.north]
    await found.provision()
    assert found.running.present().presets[made].dvr.lock_ms == 7 * 86_400_000
    found.running.present().delete_preset(made)
    found.wait(hours=1)
    await found.read()
    await found.provision()
    again = await ours(found)
    assert again != made
    assert found.state()["gate"] == (again, True)
    assert await found.due() == []


@both
async def test_what_no_preset_can_say_is_said_to_a_person(worker: Database, api: str) -> None:
    async with story(api) as found:
        async with atomic(SYSTEM) as tx:
            by_use = await tariff(
                tx, NORTH, "by-use", "By use", "2026-01-01", "1",
                {found.world.services["motion-day"]: "0"},
            )  # fmt: skip
            await tx.execute(
                "update tariff_item set overage = $1 where cloud = $2 and quantity = 0",
                per_unit("0.80"),
                NORTH,
            )
            await tx.execute(
                "update subscription set tariff = $1 where camera = $2",
                by_use,
                found.world.cameras["gate"],
            )
        await found.change(provision=True)
        await found.provision()
        assert found.state()["gate"] == (LIVE, True)
        assert found.state()["yard/north"] == (await found.value(
            "select preset from provisioned_preset where tariff = $1", found.world.tariffs["home-7"]
        ), True)  # fmt: skip
        assert "by-use: motion-day is sold by use" in await found.message()
        assert await found.due() == []


@both
async def test_switched_off_nothing_is_written(worker: Database, api: str) -> None:
    async with story(api) as found:
        await suspensions.suspend_camera(
            NORA, await tenancy.get(NORA, "north"), "gate", suspended=True, queue=found.queue
        )
        await found.provision()
        assert found.wire.written == []
        await found.change(provision=True)
        await found.change(provision=False)
        assert await found.due() == []
        await found.provision()
        assert found.wire.written == []


async def test_two_masters_are_refused(worker: Database) -> None:
    async with story("v3") as found:
        with pytest.raises(Invalid, match="provision"):
            await found.change(provision=True, follow_presets=True)
        await found.change(follow_presets=True)
        with pytest.raises(Invalid, match="provision"):
            await found.change(provision=True)
        await found.change(provision=True, follow_presets=False)


@both
async def test_at_another_address_nothing_that_was_made_is_edited(
    worker: Database, api: str
) -> None:
    """The same number may be somebody else's preset there."""
    found = await switched_on(api)
    await found.change(url="http://other.watcher.test", **SIGN_IN[api])  # type: ignore[arg-type]
    await version(found, "2026-10-02", "14")
    found.wait(days=1)
    await found.provision()
    assert all("presets" not in path for method, path, _ in found.wire.written if method == "PUT")


async def test_the_work_that_is_due_counts_for_the_clock(worker: Database) -> None:
    """Nothing is settled while something is to be written; who asks is a web process."""
    async with story("v3") as found:
        async with worker.as_web():
            before = await provisioning.due(ADA, found.now)
        await found.change(provision=True)
        async with worker.as_web():
            assert (before, await provisioning.due(ADA, found.now)) == ([], [(found.north, NORTH)])
            assert not await settled.is_settled(found.now)
        await provision_job(
            {
                "clock": found.clock,
                "queue": found.queue,
                "connect": found.connect,
                "vault": VAULT,
            },  # type: ignore[typeddict-item]
            NORTH,
        )
        assert await found.due() == []
        assert found.state()["gate"][0] == await ours(found)


@both
async def test_more_than_one_run_holds(
    worker: Database, api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is left over is enqueued for; somebody who is at it already is not disturbed."""
    monkeypatch.setattr(provisioning, "CAMERAS_AT_ONCE", 1)
    async with story(api) as found:
        await found.change(provision=True)
        found.queue.enqueued.clear()
        runs = 0
        while await found.due():
            await provision_cloud(
                NORTH, connect=found.connect, vault=VAULT, clock=found.clock, queue=found.queue
            )
            runs += 1
            assert runs < 5
        assert runs == 2
        assert found.queue.asked_for(jobs.PROVISION) == [(NORTH,)], "for the second run"
        await suspensions.suspend_camera(
            NORA, await tenancy.get(NORA, "north"), "gate", suspended=True, queue=found.queue
        )
        assert found.wire.written
        async with advisory_lock(f"provision {found.north}"):
            await found.provision()
        assert found.wire.written == []
        await found.provision()
        assert len(found.wire.written) == 1
