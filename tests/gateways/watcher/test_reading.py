"""Both generations of one Watcher give the same facts, in the same units."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from portal.billing.readings import CameraReading, Range, daily_facts
from portal.demo.simulator.footage import Pattern
from portal.gateways.watcher import shapes
from portal.values.watcher import CredentialsRefused, Nonsense, WatcherAccess
from tests.gateways.watcher.watching import (
    ADDRESS,
    BY_KEY,
    BY_LOGIN,
    fetched,
    simulation,
    watching,
)
from tests.simulator.watchers import NOON, NORTH

GATE = "gate-0000000001"
NOON_MS = int(NOON.timestamp() * 1000)


async def test_a_camera_is_the_same_by_v2_and_by_v3_but_for_what_v2_does_not_say() -> None:
    simulation().clock.move(NOON_MS + 86_400_000)
    old, new = await fetched(BY_KEY), await fetched(BY_LOGIN)
    assert old.keys() == new.keys() == {camera.name for camera in NORTH.cameras}
    for name, reading in new.items():
        said = replace(reading, created_at=None, stored_bytes=None, organization_title=None)
        assert said == old[name]
    assert new[GATE] == CameraReading(
        name=GATE,
        title="Gate",
        organization=6,
        preset=7,
        enabled=True,
        created_at=NOON,
        continuous_depth_days=7,
        motion_depth_days=0,
        faces=False,
        plates=True,
        stored_bytes=10_800_000_000,
        alive=True,
        organization_title="Sue's house",
        preset_title="7 days",
    )
    assert new["lobby-0000000003"].stored_bytes == 0


async def test_missing_is_missing_and_never_zero() -> None:
    simulation()
    facts = daily_facts((await fetched(BY_KEY))[GATE])
    assert "archive.stored" not in facts
    assert shapes.camera_v2({"name": "bare"}) == CameraReading("bare", "bare")
    assert shapes.camera_v3({"name": "bare"}) == CameraReading("bare", "bare")
    assert daily_facts(CameraReading("bare", "bare")) == {}


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"dvr_depth": 7}, (7, None)),
        ({"dvr_depth": 1.5, "dvr_lock_days": 0}, (2, 0)),
        ({"dvr_depth": None}, (0, None)),
        ({"dvr_depth": None, "preset": {"dvr_depth": 7}}, (7, None)),
        ({"preset": {"dvr_depth": 7, "dvr_lock_days": 3}}, (7, 3)),
        ({"dvr_depth": 3, "preset": {"dvr_depth": 7}}, (3, None)),
        ({"dvr_depth": None, "preset": {"dvr_depth": None}}, (0, None)),
        ({"dvr_depth": "7", "dvr_lock_days": True}, (None, None)),
        ({"dvr_depth": -1}, (None, None)),
    ],
)
def test_days_of_v2(raw: dict, said: tuple) -> None:
    reading = shapes.camera_v2({"name": "gate", **raw})
    assert (reading.continuous_depth_days, reading.motion_depth_days) == said


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"dvr": None}, (0, 0)),
        ({"dvr": {}}, (None, None)),
        ({"dvr": {"expiration": 604_800}}, (7, None)),
        ({"dvr": {"expiration": 604_800.0, "episodes_expiration": 86_401}}, (7, 2)),
        ({"dvr": {"expiration": 0, "episodes_expiration": None}}, (0, 0)),
        ({"dvr": "none"}, (None, None)),
    ],
)
def test_seconds_of_v3(raw: dict, said: tuple) -> None:
    reading = shapes.camera_v3({"name": "gate", **raw})
    assert (reading.continuous_depth_days, reading.motion_depth_days) == said


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"vision_enabled": True, "vision_alg": "faces"}, (True, False)),
        ({"vision_enabled": False, "vision_alg": "faces"}, (False, False)),
        ({"vision_enabled": True}, (None, None)),
        ({"vision_alg": "faces"}, (None, None)),
    ],
)
def test_analytics_of_v2(raw: dict, said: tuple) -> None:
    reading = shapes.camera_v2({"name": "gate", **raw})
    assert (reading.faces, reading.plates) == said


@pytest.mark.parametrize(
    ("vision", "said"),
    [
        (None, (False, False)),
        ({"alg": "plates"}, (False, True)),
        ({"alg": None}, (False, False)),
        ({"alg": None, "detectors": [{"detector_type": "faces"}]}, (True, False)),
        ({"alg": "plates", "detectors": [{"detector_type": "motion"}]}, (False, True)),
        ({}, (None, None)),
    ],
)
def test_analytics_of_v3(vision: dict | None, said: tuple) -> None:
    reading = shapes.camera_v3({"name": "gate", "vision": vision})
    assert (reading.faces, reading.plates) == said


@pytest.mark.parametrize(
    ("raw", "stored"),
    [
        ({"stats": {"dvr_info": {"bytes": 5}}, "dvr": {"expiration": 86_400}}, 5),
        ({"stats": {"dvr_info": None}, "dvr": None}, 0),
        ({"stats": {"dvr_info": None}, "dvr": {"expiration": 86_400}}, None),
        ({"stats": {}, "dvr": None}, None),
        ({"stats": None, "dvr": None}, None),
        ({"stats": {"dvr_info": {"bytes": -5}}}, None),
        ({"stats": {"dvr_info": {"bytes": 2**63}}}, None),
    ],
)
def test_stored_bytes_of_v3(raw: dict, stored: int | None) -> None:
    assert shapes.camera_v3({"name": "gate", **raw}).stored_bytes == stored


@pytest.mark.parametrize("name", [None, "", 7, ["gate"], True])
def test_a_camera_without_a_usable_name_is_nonsense(name: object) -> None:
    with pytest.raises(Nonsense):
        shapes.camera_v3({"name": name})


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("a\0b", "a%00b~59b271ae1bbcb1d3"),
        ("a%00b", "a%00b"),
        ("half \ud800", "half %ED%A0%80~711a43f0c3b7ea25"),
        ("tab\t", "tab\t"),
        ("x" * 500, "x" * 500),
    ],
)
def test_names_are_kept_as_a_database_can_hold_them(name: str, kept: str) -> None:
    assert shapes.camera_v2({"name": name}).name == kept


def test_very_long_names_are_told_apart_by_their_end() -> None:
    one, other = (shapes.camera_v3({"name": "x" * 10_000 + end}).name for end in "ab")
    assert one != other
    assert len(one) == len(other) == shapes.NAME_LENGTH_MAX


async def test_organizations_and_presets() -> None:
    world = simulation().world
    world.delete_preset(8)
    for connection in (BY_KEY, BY_LOGIN):
        async with watching(connection) as watcher:
            organizations = [one async for one in watcher.organizations()]
            presets = {one.id: one async for one in watcher.presets()}
        assert [(one.id, one.title, one.cameras) for one in organizations] == [
            (1, "Default", 1),
            (6, "Sue's house", 2),
        ]
        assert presets.keys() == {1, 7, 8, 9}
        assert (presets[7].continuous_depth_days, presets[7].plates) == (7, True)
        assert (presets[8].motion_depth_days, presets[8].is_deleted) == (7, True)
        assert (presets[9].is_adjustable, presets[7].is_adjustable) == (True, False)


async def test_long_lists_of_organizations_and_presets_are_read_to_the_end() -> None:
    world = simulation().world
    for number in range(100, 130):
        world.add_organization({"title": f"Organization {number}"}, number)
        world.add_preset({"title": f"Preset {number}"}, number)
    for connection in (BY_KEY, BY_LOGIN):
        async with watching(replace(connection, page_size=7)) as watcher:
            assert len([one async for one in watcher.organizations()]) == 32
            assert len([one async for one in watcher.presets()]) == 34


async def test_only_the_organizations_that_were_chosen_are_read() -> None:
    simulation()
    for connection in (BY_KEY, BY_LOGIN):
        chosen = replace(connection, organizations=(6,))
        assert (await fetched(chosen)).keys() == {GATE, "yard/north-0000000002"}
        known = {GATE, "lobby-0000000003"}
        assert "lobby-0000000003" not in await fetched(chosen, known=known)
        async with watching(chosen) as watcher:
            assert [one.id async for one in watcher.organizations()] == [6]


async def test_ranges_are_read_with_gaps_also_of_names_with_slashes() -> None:
    running = simulation()
    world = running.world
    names = [GATE, "yard/north-0000000002", "lobby-0000000003", "nobody"]
    running.clock.move(NOON_MS + 3_600_000)
    running.present().edit_camera(GATE, {"alive": False})
    running.clock.move(NOON_MS + 7_200_000)
    running.present().edit_camera(GATE, {"alive": True})
    yard = world.camera("yard/north-0000000002")
    world.edit_camera(yard.name, {"preset_id": 7})
    running.clock.move(NOON_MS + 9_000_000)
    for connection in (BY_KEY, BY_LOGIN):
        async with watching(connection) as watcher:
            assert watcher.reads_ranges
            found = dict([one async for one in watcher.ranges(names)])
        assert found == {
            GATE: (
                Range(NOON_MS, NOON_MS + 3_600_000),
                Range(NOON_MS + 7_200_000, NOON_MS + 9_000_000),
            ),
            "yard/north-0000000002": (Range(NOON_MS + 7_200_000, NOON_MS + 9_000_000),),
            "lobby-0000000003": (),
            "nobody": (),
        }


async def test_many_ranges_come_in_pages() -> None:
    running = simulation()
    motion = Pattern(600_000, 60_000, NOON_MS)
    running.world.edit_camera("yard/north-0000000002", {"motion": motion})
    running.clock.move(NOON_MS + 2 * 86_400_000)
    running.habits.page_max = 50
    async with watching(BY_LOGIN) as watcher:
        ((_, found),) = [one async for one in watcher.ranges(["yard/north-0000000002"])]
    assert found is not None
    assert len(found) == 2 * 24 * 6
    assert sum(one.end_ms - one.start_ms for one in found) == 2 * 24 * 6 * 60_000


async def test_a_key_alone_reads_no_ranges() -> None:
    simulation()
    async with watching(WatcherAccess("v2", ADDRESS, api_key="north-key")) as watcher:
        assert not watcher.reads_ranges
        with pytest.raises(CredentialsRefused, match="login and a password"):
            watcher.ranges([GATE])
        checks = {check.name: check.ok for check in await watcher.check()}
    assert checks == {
        "organizations": True,
        "presets": True,
        "cameras": True,
        "recorded time": False,
    }


async def test_the_test_button_says_what_works() -> None:
    simulation()
    for connection in (BY_KEY, BY_LOGIN):
        async with watching(connection) as watcher:
            checks = await watcher.check()
        assert all(check.ok for check in checks), checks
        assert [check.message for check in checks][:2] == ["2 organizations", "4 presets"]
        wrong = replace(connection, api_key="no", password="no")
        async with watching(wrong) as watcher:
            checks = await watcher.check()
        assert not any(check.ok for check in checks)
        assert all("refuses the credentials" in check.message for check in checks[:3])


async def test_v2_with_a_login_alone_has_a_session() -> None:
    running = simulation()
    connection = WatcherAccess("v2", ADDRESS, login="nora", password="nora-password")
    found = await fetched(connection)
    assert len(found) == 3
    assert found[GATE].continuous_depth_days == 7
    assert found[GATE].plates is None  # A session sees fewer fields.
    running.clock.move(running.clock.now_ms() + timedelta(days=3) // timedelta(milliseconds=1))
    running.sessions.clear()
    assert len(await fetched(connection)) == 3
