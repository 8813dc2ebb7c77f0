"""Two Watchers of one cloud with cameras, organizations and presets of equal names and ids.

North has one that is Sue's and one that is Bob's, beside South with its own: each camera is billed
to whose it is, whoever is read first, and what is written reaches the Watcher it is meant for.
"""

from __future__ import annotations

import pytest

from portal.access import SYSTEM
from portal.customers.actions import suspensions
from portal.db import atomic
from portal.errors import Invalid
from portal.kit.queries import tenancy
from portal.values.external_id import complaint_of_id, id_for
from portal.watcher.actions import connections, mappings
from portal.watcher.actions.provisioning.run import provision
from portal.watcher.forms.connection import ConnectionChange, NewMapping
from portal.watcher.queries import mappings as listed
from tests.cast import NORA, NORTH
from tests.conftest import Database
from tests.factories import camera, two_clouds
from tests.scenarios.two_watchers import (
    NOON,
    SIGN_IN,
    STRANGE,
    VAULT,
    WATCHERS,
    Story,
    both,
    either,
    seed_of,
    simulation_of,
    story,
)


@both
@either
async def test_each_camera_is_billed_to_whose_it_is_whoever_is_read_first(
    worker: Database, api: str, order: tuple[str, str]
) -> None:
    async with story(api) as found:
        await found.read(*order, "souths")
        assert len(await found.rows("select id from camera where cloud = 1")) == 4
        await found.map("sues", 1, "home-7")
        await found.map("bobs", 2, "home-7")
        await found.map("souths", 1, "south-7")
        assert {one[0] for one in await found.billed()} == set(WATCHERS)
        names = await found.rows("select number, name from subscriber order by cloud, number")
        told = {("sues", 1): names[0][1], ("bobs", 2): names[1][1], ("souths", 1): names[-1][1]}
        expected = {
            (of, one, f"{of} {one}", told[of, number], plan)
            for of, number, plan in (
                ("sues", 1, "home-7"),
                ("bobs", 2, "home-7"),
                ("souths", 1, "south-7"),
            )
            for one in ("gate", "yard")
        }
        assert await found.billed() == expected
        before = await found.rows("select id, external_id, name, subscriber from camera order by 1")
        await found.read(*order, *order)
        assert (
            await found.rows("select id, external_id, name, subscriber from camera order by 1")
            == before
        )
        second = order[1]
        ids = {(row[1]) for row in before if row[2].startswith(f"{second} ")}
        assert ids == {f"gate@{found.ids[second]}", f"yard@{found.ids[second]}"}


@both
async def test_what_one_watcher_says_of_usage_is_not_the_others(worker: Database, api: str) -> None:
    async with story(api) as found:
        simulation_of("bobs").present().edit_camera("gate", {"enabled": False})
        await found.read("sues", "bobs")
        facts = await found.rows(
            "select c.watcher, u.quantity from usage_day u join camera c on c.id = u.camera"
            " join meter m on m.id = u.meter"
            " where m.key = 'camera.enabled' and c.watcher_name = 'gate' order by 1"
        )
        assert facts == [(found.ids["sues"], 1), (found.ids["bobs"], 0)]


@both
async def test_a_watcher_that_is_not_mapped_is_in_the_reconciliation(
    worker: Database, api: str
) -> None:
    async with story(api) as found:
        await found.read("sues", "bobs")
        await found.map("sues", 1, "home-7")
        theirs = await found.rows(
            "select external_id from camera where watcher = $1 order by 1", found.ids["bobs"]
        )
        assert await found.unbilled() == {name: 1 for (name,) in theirs}
        ours = await found.rows(
            "select u.camera, u.meter, u.quantity from usage_day u join camera c on c.id = u.camera"
            " where c.watcher = $1 and u.meter = (select id from meter where key = 'recording.time')",
            found.ids["bobs"],
        )
        meters = await found.rows("select id from meter where key = 'recording.time'")
        assert len(ours) in {0, 2}
        await found.run(
            "insert into usage (cloud, month, camera, meter, d04)"
            " select 1, '2026-10-01', id, $2, 3600 from camera where watcher = $1"
            " on conflict (cloud, month, camera, meter) do update set d04 = excluded.d04",
            found.ids["bobs"],
            meters[0][0],
        )
        await found.run("insert into difference_mark (cloud) values (1)")  # as usage that comes in
        # They told footage on the 4th; on the 5th they record all the same.
        assert await found.unbilled() == {name: 2 for (name,) in theirs}


@both
async def test_a_connection_made_anew_goes_on_with_its_cameras(worker: Database, api: str) -> None:
    async with story(api) as found:
        await found.read("sues", "bobs")
        await found.map("sues", 1, "home-7")
        await found.map("bobs", 2, "home-7")
        query = "select id, external_id, name, subscriber from camera where cloud = 1 order by 1"
        before = await found.rows(query)
        running = await found.rows("select id from subscription where ends_on is null order by 1")
        await connections.end(
            NORA, await tenancy.get(NORA, "north"), found.ids["bobs"], now=found.now
        )
        await found.open("bobs")
        await found.read("bobs", "sues")
        assert await found.rows(query) == before
        assert (
            await found.rows("select id from subscription where ends_on is null order by 1")
            == running
        )
        assert {one[0] for one in await found.billed()} == {"sues", "bobs"}


async def test_a_camera_made_by_hand_is_that_of_its_owners_watcher(worker: Database) -> None:
    async with story("v3") as found:
        await found.read("sues", "bobs")
        await found.map("sues", 1, "home-7")
        await found.map("bobs", 2, "home-7")
        async with atomic(SYSTEM) as tx:
            made = await camera(tx, NORTH, "porch", 2)
        for of in ("sues", "bobs"):
            simulation_of(of).restart(seed_of(of, ("gate", "yard", "porch")), NOON)
        await found.read("sues", "bobs")
        owners = await found.rows(
            "select c.watcher, n.number, c.id = $1 from camera c join subscriber n"
            " on n.id = c.subscriber where c.watcher_name = 'porch' and c.cloud = 1 order by 1",
            made,
        )
        assert owners == [(found.ids["sues"], 1, False), (found.ids["bobs"], 2, True)]


@both
async def test_what_is_written_reaches_the_watcher_it_is_meant_for(
    worker: Database, api: str
) -> None:
    async with story(api) as found:
        await found.read("sues", "bobs")
        await found.map("sues", 1, "home-7")
        await found.map("bobs", 2, "home-7")
        for of in ("sues", "bobs"):
            await connections.change(
                NORA,
                await tenancy.get(NORA, "north"),
                found.ids[of],
                ConnectionChange(follow_presets=False, provision=True),
                integrations=found.integrations,
                queue=found.queue,
            )
        await found.run(
            "update camera set suspended = true where watcher = $1 and watcher_name = 'gate'",
            found.ids["bobs"],
        )
        for of in ("sues", "bobs"):
            for _ in range(3):
                await provision(
                    found.ids[of], connect=found.connect, vault=VAULT, clock=found.clock
                )
        assert found.camera("sues").now.enabled
        assert not found.camera("bobs").now.enabled
        assert found.camera("bobs", "yard").now.enabled


async def test_an_id_of_two_watchers_is_mapped_with_its_connection_alone(
    worker: Database,
) -> None:
    async with story("v3") as found:
        await found.read("sues", "bobs")
        with pytest.raises(Invalid) as refused:
            await mappings.create(
                NORA,
                await tenancy.get(NORA, "north"),
                NewMapping(organization=6, subscriber=1),
                queue=found.queue,
            )
        assert set(refused.value.fields) == {"connection"}
        for of in ("sues", "bobs"):
            assert str(found.ids[of]) in refused.value.fields["connection"]
        with pytest.raises(Invalid) as another:
            await mappings.create(
                NORA,
                await tenancy.get(NORA, "north"),
                NewMapping(connection=found.ids["souths"], organization=6, subscriber=1),
                queue=found.queue,
            )
        assert set(another.value.fields) == {"connection"}
        await found.map("sues", 1, "home-7")
        for mapped, of in ((True, "sues"), (False, "bobs")):
            rows = await listed.list_page(
                NORA, await tenancy.get(NORA, "north"), mapped=mapped, after=None, limit=10
            )
            assert {(row.what, row.connection, row.cameras) for row in rows} == {
                ("organization", found.ids[of], 2),
                ("preset", found.ids[of], 2),
            }


async def test_an_address_does_not_make_two_watchers_one(worker: Database) -> None:
    async with story("v3") as found:
        await found.read("sues", "bobs")
        with pytest.raises(Invalid) as refused:
            await connections.change(
                NORA,
                await tenancy.get(NORA, "north"),
                found.ids["bobs"],
                ConnectionChange(url="http://sues.test/", **SIGN_IN["v3"]),
                integrations=found.integrations,
                queue=found.queue,
            )
        assert set(refused.value.fields) == {"url"}


@both
async def test_any_name_is_read_and_billed_under_an_id_that_can_be_reached(
    worker: Database, api: str
) -> None:
    async with story(api, STRANGE) as found:
        await found.read("sues", "bobs")
        await found.map("bobs", 2, "home-7")
        billed = {one[1] for one in await found.billed()}
        assert billed == set(STRANGE)
        ids = await found.rows(
            "select external_id from camera where watcher = $1", found.ids["bobs"]
        )
        assert len({one for (one,) in ids}) == len(STRANGE)
        for (one,) in ids:
            assert complaint_of_id(one) is None, one
            await suspensions.suspend_camera(
                NORA, await tenancy.get(NORA, "north"), one, suspended=True, queue=found.queue
            )


async def test_no_name_of_another_watcher_keeps_a_camera_from_its_id(worker: Database) -> None:
    """Whoever knows how ids are made may take them all beforehand: the run finds another one."""
    async with story("v3") as found:
        its = found.ids["bobs"]
        taken = [
            *("gate", f"gate@{its}", id_for("gate", f"@{its}", marked=True)),
            id_for("gate", f"@{its}.2", marked=True),
        ]
        simulation_of("sues").restart(seed_of("sues", tuple(taken)), NOON)
        await found.read("sues", "bobs")
        (row,) = await found.rows(
            "select external_id from camera where watcher = $1 and watcher_name = 'gate'", its
        )
        assert row[0] == id_for("gate", f"@{its}.3", marked=True)


async def test_what_is_mapped_before_there_is_a_watcher_is_that_of_the_first(
    worker: Database,
) -> None:
    await two_clouds()
    found = Story("v3")
    for wanted in (NewMapping(organization=6, subscriber=2), NewMapping(preset=7, tariff="home-7")):
        told = await mappings.create(
            NORA, await tenancy.get(NORA, "north"), wanted, queue=found.queue
        )
        assert told.connection is None
    simulation_of("bobs").restart(seed_of("bobs"), NOON)
    await found.open("bobs")
    await found.read("bobs")
    assert {one[:3] for one in await found.billed()} == {
        ("bobs", one, f"bobs {one}") for one in ("gate", "yard")
    }
