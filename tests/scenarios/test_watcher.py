"""Cameras come, change and go in Watcher; histories, subscriptions, usage and books follow."""

from __future__ import annotations

from datetime import timedelta

from portal.demo.simulator.clock import to_ms
from portal.kit.queries import tenancy
from portal.watcher.queries import mappings
from tests.cast import NORA, NORTH, SAM, SOUTH
from tests.conftest import Database
from tests.scenarios.diary import DAY_MS
from tests.scenarios.watched import (
    BOBS,
    LIVE,
    MOTION,
    NOBODYS,
    ODD,
    SUES,
    TIMS,
    WEEK,
    agrees,
    both,
    day,
    every_way,
    office,
    rome,
)


@every_way
async def test_a_first_reading_brings_cameras_owners_subscriptions_and_facts(
    worker: Database, api: str
) -> None:
    async with office(api, rome("2026-10-05 08:00")) as found:
        await found.go(minutes=1)
        assert await found.subscriptions() == [
            ("gate", 1, "home-7", day("10-05"), None),
            ("shop", 2, "record-7", day("10-05"), None),
            ("yard/north", 1, "record-7", day("10-05"), None),
        ]
        assert await found.subscriptions(SOUTH) == [("dock", 1, "south-7", day("10-05"), None)]
        owners = await found.rows(
            "select external_id, name, cloud, subscriber from camera order by 1"
        )
        assert owners == [
            ("dock", "Dock", SOUTH, 3),
            ("gate", "Gate", NORTH, 1),
            ("shop", "Shop", NORTH, 2),
            ("yard/north", "Yard", NORTH, 1),
        ]
        await agrees(found)
        assert await found.value("select count(*) from reading_camera") == 0


@both
async def test_a_camera_that_changes_its_preset_changes_its_tariff_on_that_day(
    worker: Database, api: str
) -> None:
    async with office(api, rome("2026-10-05 08:00")) as found:
        await found.go(minutes=1)
        await found.go(days=2)
        found.watched.edit_camera("gate", {"preset_id": WEEK})
        await found.go(hours=6)
        assert [one for one in await found.subscriptions() if one[0] == "gate"] == [
            ("gate", 1, "home-7", day("10-05"), day("10-07")),
            ("gate", 1, "record-7", day("10-07"), None),
        ]
        (first, second) = await found.intervals("gate")
        assert first[:3] == (SUES, MOTION, True)
        assert second == (SUES, WEEK, True, first[4], None)
        await agrees(found)


@both
async def test_a_preset_edited_in_place_changes_facts_and_no_subscription(
    worker: Database, api: str
) -> None:
    async with office(api, rome("2026-10-05 08:00")) as found:
        await found.go(minutes=1)
        await found.go(days=1)
        found.watched.edit_preset(WEEK, {"dvr": {"depth_ms": 10 * DAY_MS}})
        await found.go(hours=1)
        usage = await found.usage()
        depth = "recording.continuous.depth"
        assert [usage[name, depth, day("10-06")] for name in ("shop", "yard/north")] == [10, 10]
        assert usage["shop", depth, day("10-05")] == 7
        assert len(await found.subscriptions()) == 3
        await agrees(found)


@both
async def test_a_camera_switched_off_keeps_its_subscription_and_its_depths(
    worker: Database, api: str
) -> None:
    async with office(api, rome("2026-10-05 08:00")) as found:
        await found.go(minutes=1)
        found.watched.edit_camera("gate", {"enabled": False})
        await found.go(days=1)
        await found.go(days=1)
        found.watched.edit_camera("gate", {"enabled": True})
        await found.go(days=1)
        usage = await found.usage()
        enabled = [usage["gate", "camera.enabled", day(f"10-0{n}")] for n in (5, 6, 7, 8)]
        assert enabled == [1, 0, 0, 1]
        assert usage["gate", "recording.motion.depth", day("10-06")] == 7
        assert usage["gate", "analytics.plates", day("10-06")] == 1
        states = [one[2] for one in await found.intervals("gate")]
        assert states == [True, False, True]
        await agrees(found)


@both
async def test_being_offline_is_no_bound(worker: Database, api: str) -> None:
    async with office(api, rome("2026-10-05 08:00")) as found:
        await found.go(minutes=1)
        found.watched.edit_camera("shop", {"alive": False})
        for _ in range(3):
            await found.go(days=1)
        assert len(await found.intervals("shop")) == 1
        await agrees(found)


@both
async def test_a_camera_that_moves_is_its_new_owners(worker: Database, api: str) -> None:
    async with office(api, rome("2026-10-05 08:00")) as found:
        await found.go(minutes=1)
        await found.go(days=3)
        found.watched.edit_camera("shop", {"organization_id": SUES})
        found.watched.edit_camera("gate", {"organization_id": NOBODYS})
        await found.go(hours=2)
        assert await found.subscriptions() == [
            ("gate", 1, "home-7", day("10-05"), day("10-08")),
            ("shop", 2, "record-7", day("10-05"), day("10-08")),
            ("shop", 1, "record-7", day("10-08"), None),
            ("yard/north", 1, "record-7", day("10-05"), None),
        ]
        owners = dict(
            await found.rows("select external_id, subscriber from camera where cloud = 1")
        )
        assert owners == {"gate": None, "shop": 1, "yard/north": 1}
        await agrees(found)
        found.watched.edit_camera("gate", {"organization_id": TIMS})
        await found.go(days=1)
        assert await found.subscriptions(SOUTH) == [
            ("dock", 1, "south-7", day("10-05"), None),
            ("gate", 1, "south-7", day("10-09"), None),
        ]
        assert (await found.intervals("gate"))[-1][:2] == (TIMS, MOTION)


@both
async def test_a_camera_that_is_gone_ends_and_one_that_comes_begins(
    worker: Database, api: str
) -> None:
    async with office(api, rome("2026-10-05 08:00")) as found:
        await found.go(minutes=1)
        await found.go(days=2)
        found.watched.delete_camera("yard/north")
        found.watched.advance(to_ms(found.now + timedelta(hours=1)))
        found.watched.add_camera({"organization_id": BOBS, "preset_id": MOTION}, "till")
        await found.go(days=1)
        await found.go(days=1)
        began = day("10-07") if api == "v3" else day("10-08")
        assert [one for one in await found.subscriptions() if one[0] in {"till", "yard/north"}] == [
            ("till", 2, "home-7", began, None),
            ("yard/north", 1, "record-7", day("10-05"), day("10-08")),
        ]
        assert (await found.intervals("yard/north"))[-1][4] is not None
        await agrees(found)


@both
async def test_one_name_may_have_two_lives(worker: Database, api: str) -> None:
    """v3 says when a camera was made; v2 sees a second camera only after a reading without it."""
    async with office(api, rome("2026-10-05 08:00")) as found:
        await found.go(minutes=1)
        await found.go(days=2)
        found.watched.delete_camera("shop")
        found.watched.advance(to_ms(found.now + timedelta(hours=20)))
        found.watched.add_camera({"organization_id": BOBS, "preset_id": WEEK}, "shop")
        await found.go(days=1)
        expected = {
            "v2": [("shop", 2, "record-7", day("10-05"), None)],
            "v3": [
                ("shop", 2, "record-7", day("10-05"), day("10-08")),
                ("shop", 2, "record-7", day("10-08"), None),
            ],
        }[api]
        assert [one for one in await found.subscriptions() if one[0] == "shop"] == expected
        found.watched.delete_camera("gate")
        await found.go(days=1)
        found.watched.add_camera({"organization_id": SUES, "preset_id": MOTION}, "gate")
        await found.go(days=1)
        assert len(await found.intervals("gate")) == 2
        await agrees(found)


@both
async def test_changes_between_two_readings_of_one_day_leave_no_empty_subscription(
    worker: Database, api: str
) -> None:
    async with office(api, rome("2026-10-05 08:00")) as found:
        await found.go(minutes=1)
        await found.go(days=1)
        for preset in (WEEK, LIVE, ODD, WEEK):
            found.watched.edit_camera("gate", {"preset_id": preset})
            await found.go(hours=2)
        assert [one for one in await found.subscriptions() if one[0] == "gate"] == [
            ("gate", 1, "home-7", day("10-05"), day("10-06")),
            ("gate", 1, "record-7", day("10-06"), None),
        ]
        await agrees(found)


@both
async def test_what_is_not_mapped_is_a_worklist_and_is_made_up_for(
    worker: Database, api: str
) -> None:
    async with office(api, rome("2026-10-05 08:00"), mapped=False) as found:
        found.watched.edit_camera("gate", {"preset_id": ODD})
        await found.go(minutes=1)
        await found.go(days=4)
        assert await found.subscriptions() == []
        rows = await mappings.list_page(
            NORA, await tenancy.get(NORA, "north"), mapped=False, after=None, limit=100
        )
        waiting = {(row.what, row.id): (row.title, row.cameras) for row in rows}
        assert waiting["organization", SUES] == ("Sue's house", 2)
        assert waiting["preset", ODD] == ("3 days, faces", 1)
        assert waiting["preset", WEEK] == ("7 days", 2)
        assert ("organization", TIMS) not in waiting, "it is in South"
        # Presets that only others' cameras may be under are not told either.
        assert {number for what, number in waiting if what == "preset"} == {WEEK, ODD}
        assert (
            await mappings.list_page(
                NORA, await tenancy.get(NORA, "north"), mapped=True, after=None, limit=9
            )
            == []
        )

        await found.map(organization=SUES, subscriber=1)
        await found.map(preset=ODD, tariff="home-7")
        await found.settle()
        assert await found.subscriptions() == [("gate", 1, "home-7", day("10-05"), None)]
        await found.map(organization=BOBS, subscriber=2)
        await found.map(preset=WEEK, tariff="record-7")
        await found.settle()
        assert await found.subscriptions() == [
            ("gate", 1, "home-7", day("10-05"), None),
            ("shop", 2, "record-7", day("10-05"), None),
            ("yard/north", 1, "record-7", day("10-05"), None),
        ]
        await found.map(organization=SUES, subscriber=2)
        await found.settle()
        assert (await found.subscriptions())[:2] == [
            ("gate", 1, "home-7", day("10-05"), day("10-09")),
            ("gate", 2, "home-7", day("10-09"), None),
        ]
        mapped = await mappings.list_page(
            NORA, await tenancy.get(NORA, "north"), mapped=True, after=None, limit=9
        )
        assert [(row.id, row.subscriber, row.tariff) for row in mapped] == [
            (SUES, 2, None),
            (BOBS, 2, None),
            (WEEK, None, "record-7"),
            (ODD, None, "home-7"),
        ]
        assert (
            await mappings.list_page(
                SAM, await tenancy.get(SAM, "south"), mapped=True, after=None, limit=9
            )
            == []
        )


@both
async def test_without_following_presets_people_subscribe(worker: Database, api: str) -> None:
    async with office(api, rome("2026-10-05 08:00"), follow=False) as found:
        await found.go(minutes=1)
        found.watched.edit_camera("gate", {"preset_id": WEEK})
        await found.go(days=1)
        assert await found.subscriptions() == []
        assert len(await found.intervals("gate")) == 2
        owners = dict(
            await found.rows("select external_id, subscriber from camera where cloud = 1")
        )
        assert owners == {"gate": 1, "shop": 2, "yard/north": 1}


@every_way
async def test_footage_is_counted_across_the_change_of_clocks_and_after_it_rolled_off(
    worker: Database, api: str
) -> None:
    """The night of 25 October has 25 hours in Rome; a one-day archive is read twice a day."""
    async with office(api, rome("2026-10-22 08:00")) as found:
        found.watched.edit_preset(WEEK, {"dvr": {"depth_ms": DAY_MS}})
        await found.go(minutes=1)
        for hours in (9, 12, 15, 6, 21, 5, 16, 13, 11, 20, 3):
            await found.go(hours=hours)
        usage = await found.usage()
        seconds = usage.get(("shop", "recording.time", day("10-25")))
        assert seconds == (None if api == "v2 by key" else 90_000)
        meters = {meter for _, meter, _ in usage}
        assert ("archive.stored" in meters) == (api == "v3")
        assert ("recording.time" in meters) == (api != "v2 by key")
        await agrees(found)
