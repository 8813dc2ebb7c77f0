"""Cameras come, change and go in Watcher; histories, subscriptions, usage and books follow."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

import pytest

from portal.access import SYSTEM
from portal.billing.period import Period
from portal.db import snapshot
from portal.demo.simulator.clock import to_ms
from portal.demo.simulator.seed import Scripted, Seed, SeedCamera
from portal.kit.queries import tenancy
from portal.usage.queries import coverage
from portal.watcher.queries import mappings
from tests.cast import NORA, NORTH, SAM, SOUTH
from tests.conftest import Database
from tests.scenarios import oracle
from tests.scenarios.watched import (
    BOBS,
    DAY_MS,
    LIVE,
    MOTION,
    NEW_YORK,
    NOBODYS,
    ODD,
    ROME,
    SEED,
    SUBSCRIBERS,
    SUES,
    TARIFFS,
    TIMS,
    WEEK,
    Office,
    office,
    rome,
)

both = pytest.mark.parametrize("api", ["v2", "v3"])
every_way = pytest.mark.parametrize("api", ["v2", "v2 by key", "v3"])
NORTHS = {SUES, BOBS, NOBODYS}


async def agrees(found: Office, tariffs: dict[int, str] = TARIFFS) -> None:
    """Subscriptions and usage of both clouds are what an eye-witness makes of it."""
    assert await found.subscriptions() == found.diary.subscriptions(
        ROME, SUBSCRIBERS, tariffs, api=found.api, organizations=NORTHS
    )
    assert await found.subscriptions(SOUTH) == found.diary.subscriptions(
        NEW_YORK, {TIMS: 1}, {MOTION: "south-7"}, api=found.api, organizations={TIMS}
    )
    for cloud, zone, organizations in ((NORTH, ROME, NORTHS), (SOUTH, NEW_YORK, {TIMS})):
        expected = found.diary.usage(zone, api=found.api, organizations=organizations)
        usage = await found.usage(cloud)
        wrong = {
            key: (usage.get(key), expected.get(key))
            for key in {*usage, *expected}
            if usage.get(key) != expected.get(key)
        }
        assert wrong == {}


def day(text: str) -> date:
    return date.fromisoformat(f"2026-{text}")


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


def lively(seed: int, begins: Any, days: int, cameras: int) -> Seed:
    """Cameras of all organizations with a script of what happens to them, away from readings."""
    dice = random.Random(seed)
    script = []
    names = [f"cam{number:02d}" for number in range(cameras)]
    for name in names:
        for _ in range(dice.randrange(1, 2 + days // 20)):
            at = begins + timedelta(minutes=dice.randrange(60, days * 24 * 60))
            what = dice.choice(["enabled", "alive", "organization_id", "preset_id", "preset_id"])
            value: Any = {
                "enabled": dice.random() < 0.5,
                "alive": dice.random() < 0.5,
                "organization_id": dice.choice([SUES, BOBS, NOBODYS]),
                "preset_id": dice.choice([LIVE, MOTION, WEEK, ODD]),
            }[what]
            script.append(Scripted(at, "change", name, fields={what: value}))
        if dice.random() < 0.3:
            at = begins + timedelta(minutes=dice.randrange(60, days * 24 * 60))
            script.append(Scripted(at, "delete", name))
            if dice.random() < 0.7:
                fields = {"organization_id": SUES, "preset_id": dice.choice([MOTION, WEEK])}
                after = timedelta(minutes=dice.randrange(10, 3000))
                script.append(Scripted(at + after, "create", name, fields=fields))
    return Seed(
        system_key=SEED.system_key,
        organizations=SEED.organizations,
        presets=SEED.presets,
        users=SEED.users,
        cameras=[
            SeedCamera(name, dice.choice([SUES, BOBS]), dice.choice([LIVE, MOTION, WEEK]))
            for name in names
        ]
        + [SeedCamera("dock", TIMS, MOTION)],
        script=sorted(script, key=lambda one: one.at),
    )


def terms(cloud: int) -> oracle.World:
    """North's or South's prices in the words of the second reading of the rules."""
    flat = {"model": "per_unit"}
    services = {
        "motion-day": ("recording.motion.depth", 1, "unit_month", "0.50"),
        "plates": ("analytics.plates", 1, "unit_month", "4.00"),
        "day": ("recording.continuous.depth", 1, "unit_month", "0.30"),
        "hour": ("recording.time", 3600, "total", "0.0125"),
        "enabled": ("camera.enabled", 1, "unit_month", "1.10"),
    }
    since = {"motion-day": "2026-01-01", "plates": "2026-01-01"}
    plain = {"trial_days": 0, "bill_when_disabled": True}
    home = {
        "valid_from": "2026-01-01",
        "monthly_price": "9.90",
        "setup_fee": "0",
        **plain,
        "items": [
            {"service": "motion-day", "quantity": "7", "overage": None},
            {"service": "plates", "quantity": "1", "overage": None},
        ],
    }
    record = {
        "valid_from": "2025-01-01",
        "monthly_price": "12.50",
        "setup_fee": "3",
        **plain,
        "items": [
            {"service": "day", "quantity": "7", "overage": None},
            {"service": "hour", "quantity": "600", "overage": {**flat, "unit_price": "0.02"}},
        ],
    }
    person = {"tax_exempt": False}
    is_north = cloud == NORTH
    return oracle.World(
        currency="EUR" if is_north else "USD",
        timezone=ROME if is_north else NEW_YORK,
        percents={
            "tax": "22" if is_north else "8.875",
            "wholesale_discount": "5" if is_north else "0",
            "wholesale_tax": "22" if is_north else "0",
        },
        services={
            code: {"meter": meter, "unit_size": size, "measure": measure}
            for code, (meter, size, measure, _) in services.items()
        },
        rates=[
            {
                "service": code,
                "valid_from": since.get(code, "2025-01-01"),
                "pricing": {**flat, "unit_price": price},
            }
            for code, (_, _, _, price) in services.items()
        ],
        tariffs={"home-7": [home], "record-7": [record]} if is_north else {"south-7": [home]},
        referrals={
            "rex" if is_north else "liz": {"percent": "15" if is_north else "10", "sponsor": None}
        },
        subscribers={
            1: {"discount_percent": "10", "referral": "rex", **person},
            2: {"discount_percent": "0", "referral": None, **person},
        }
        if is_north
        else {1: {"discount_percent": "0", "referral": "liz", **person}},
    )


def witnessed(found: Office, cloud: int) -> oracle.World:
    """A cloud as the eye-witness knows it, with nothing from the product's tables."""
    world = terms(cloud)
    zone, organizations = (ROME, NORTHS) if cloud == NORTH else (NEW_YORK, {TIMS})
    subscribers = SUBSCRIBERS if cloud == NORTH else {TIMS: 1}
    tariffs = TARIFFS if cloud == NORTH else {MOTION: "south-7"}
    diary = found.diary
    world.usage = diary.usage(zone, api=found.api, organizations=organizations)
    world.cameras = dict.fromkeys(sorted(diary.names(organizations)))
    world.subscriptions = [
        {
            "camera": camera,
            "subscriber": subscriber,
            "tariff": tariff,
            "starts_on": starts_on.isoformat(),
            "ends_on": None if ends_on is None else ends_on.isoformat(),
        }
        for camera, subscriber, tariff, starts_on, ends_on in diary.subscriptions(
            zone, subscribers, tariffs, api=found.api, organizations=organizations
        )
    ]
    return world


async def books_agree(found: Office, cloud: int, months: list[str]) -> None:
    """Every month is closed, and comes to what the second reading of the rules makes of it."""
    world = witnessed(found, cloud)
    closed: dict[str, Any] = {}
    for month in months:
        expected = oracle.close(world, month, closed)
        closed[month] = expected.charges
        row = await found.rows(
            "select state, jsonb_array_length(accepted_gaps), retail, wholesale, commission from period"
            " where cloud = $1 and to_char(starts_on, 'YYYY-MM') = $2",
            cloud,
            month,
        )
        retail = sum(one.subtotal for one in expected.retail.values())
        earned = sum(one[-1] for one in expected.commissions)
        assert row == [("closed", 0, retail, expected.wholesale.subtotal, earned)], month
        charges = await found.rows(
            "select h.side, h.kind, c.external_id, h.amount from charge h"
            " join camera c on c.id = h.camera join period p on p.id = h.period"
            " where h.cloud = $1 and to_char(p.starts_on, 'YYYY-MM') = $2 order by 1, 2, 3, 4",
            cloud,
            month,
        )
        made = sorted(
            (key[1], key[0], key[2], amount) for (key, _), amount in expected.charges.items()
        )
        assert charges == made, month


@pytest.mark.parametrize(("api", "seed"), [("v2", 1), ("v3", 2)])
async def test_two_months_close_by_themselves_and_are_worth_what_the_truth_is(
    worker: Database, api: str, seed: int
) -> None:
    begins = rome("2026-09-29 07:00")
    async with office(api, begins, seed=lively(seed, begins, 40, 8)) as found:
        found.diary.is_lossy = True
        await found.go(minutes=1)
        while found.now < rome("2026-11-04 12:00"):
            await found.go(hours=12)
        await agrees(found)
        for cloud in (NORTH, SOUTH):
            await books_agree(found, cloud, ["2026-09", "2026-10"])
        async with snapshot(SYSTEM) as tx:
            north = await tenancy.cloud_facts(tx, "north")
            november = Period.of(day("11-01"))
            assert await coverage.gaps(tx, north, november, until=day("11-04")) == []


@pytest.mark.slow
async def test_a_winter_by_jumps_of_a_day(worker: Database) -> None:
    """Over the end of summer time in both zones, the turn of the year, and a 29 February."""
    begins = rome("2027-10-29 12:00")
    async with office("v3", begins, seed=lively(7, begins, 120, 8)) as found:
        found.diary.is_lossy = True
        await found.go(minutes=1)
        while found.now < rome("2028-03-05 00:00"):
            await found.go(days=1)
        for cloud in (NORTH, SOUTH):
            await books_agree(found, cloud, ["2027-10", "2027-11", "2027-12", "2028-01", "2028-02"])
        readings = await found.readings(found.north)
        assert len(readings) == len({row.started_at for row in readings}) == 129
