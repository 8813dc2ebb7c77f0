"""The demo's cameras in their simulated Watcher, before anybody has read them."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from portal.demo.customers import CUSTOMERS, OUTAGES, UNMAPPED
from portal.demo.fleet import NOBODY, fleet, unmapped
from portal.demo.history import FOOTAGE_EVERY_DAYS, READ_AT
from portal.demo.months import Months
from portal.demo.people import CLOUDS
from portal.demo.simulator import World, truth
from portal.demo.simulator.clock import to_ms
from portal.demo.simulator.footage import DAY_MS
from portal.demo.simulator.seed import Seed, build
from portal.demo.watched import FIRST_ID, footage_days, together, watched

ZONES = {cloud.slug: cloud.timezone for cloud in CLOUDS}
# A usual day; one with both clouds' change to winter time behind it and New York still in last
# year; and one in spring.
NOWS = (
    datetime(2026, 11, 23, 9, 30, tzinfo=UTC),
    datetime(2026, 12, 31, 23, 30, tzinfo=UTC),
    datetime(2027, 4, 2, 12, 0, tzinfo=UTC),
)


def months_at(now: datetime) -> dict[str, Months]:
    return {slug: Months.at(now, zone) for slug, zone in ZONES.items()}


def lived(seed: Seed, now: datetime) -> World:
    assert seed.now is not None
    world = build(seed, seed.now)
    world.advance(to_ms(now))
    return world


def seen(world: World, name: str, first: date, today: date) -> dict[date, tuple[int, int | None]]:
    """Organization and preset of a camera by day, as the readings of the days see them."""
    found: dict[date, tuple[int, int | None]] = {}
    for one in truth.intervals(world.cameras_named(name), world.now_ms):
        for day in days(first, today):
            at = to_ms(datetime.combine(day, READ_AT))
            if one.from_ms <= at and (one.to_ms is None or at < one.to_ms):
                found[day] = one.organization_id, one.preset_id
    return found


def days(start: date, end: date) -> list[date]:
    return [start + timedelta(days=n) for n in range((end - start).days)]


@pytest.mark.parametrize("now", NOWS, ids=str)
def test_every_day_of_every_subscription_is_seen_in_watcher(now: datetime) -> None:
    """Presets and organizations of each day's reading are those of the fleet's stretches."""
    months = months_at(now)
    world = lived(together(months), now)
    assert set(world.all_names()) == {
        camera.external_id
        for slug in ZONES
        for camera in (*fleet(slug, months[slug]), *unmapped(slug, months[slug]))
    }
    for slug, of_cloud in months.items():
        part = watched(slug, of_cloud)
        for camera in fleet(slug, of_cloud):
            told = {
                day: (part.organizations[organization], part.tariffs[preset])
                for day, (organization, preset) in seen(
                    world, camera.external_id, of_cloud.first, of_cloud.today
                ).items()
                if organization in part.organizations and preset in part.tariffs
            }
            assert told == {
                day: (stretch.customer, stretch.tariff)
                for stretch in camera.stretches
                for day in days(
                    stretch.starts_on, min(stretch.ends_on or of_cloud.today, of_cloud.today)
                )
            }, camera.external_id


def test_the_same_months_make_the_same_watcher() -> None:
    first, again = together(months_at(NOWS[0])), together(months_at(NOWS[0].replace(day=29)))
    assert first == again
    assert [one.title for one in first.organizations[:2]] == [
        CUSTOMERS["north"][0].name,
        CUSTOMERS["north"][1].name,
    ]
    assert len({one.id for one in first.organizations}) == len(first.organizations)
    assert len({one.id for one in first.presets}) == len(first.presets)


def test_the_worked_example_is_lived_to_the_day() -> None:
    """Sue's cameras: seven days by motion, plates, and so little footage that it costs nothing."""
    world = lived(together(months_at(NOWS[0])), NOWS[0])
    rome = ZoneInfo("Europe/Rome")
    october = (
        to_ms(datetime(2026, 10, 1, tzinfo=rome)),
        to_ms(datetime(2026, 11, 1, tzinfo=rome)),
    )
    told = {
        one["name"]: one["days"]
        for one in truth.report(world, *october, rome, names=["gate", "yard"])
    }
    assert {name: len(days) for name, days in told.items()} == {"gate": 31, "yard": 16}  # type: ignore[arg-type]
    for days in told.values():
        assert isinstance(days, list)
        for day in days:
            assert (day["motion_depth_days"], day["plates"], day["enabled"]) == (7, True, True)
            assert day["continuous_depth_days"] == 0
            assert 0 < day["recorded_seconds"] < 600


def test_what_nobody_pays_for_is_in_nobodys_organization() -> None:
    world = lived(together(months_at(NOWS[0])), NOWS[0])
    for slug, names in (
        ("north", ["magazzini-ruota-quadra-aisle-2"]),
        ("south", [f"night-kettle-laundry-{place}" for place in ("entrance", "till-1", "window")]),
    ):
        organization = FIRST_ID[slug] + NOBODY
        assert list(world.names_in(organization)) == names
        assert world.organizations[organization].title == UNMAPPED[slug].name
        assert organization not in watched(slug, months_at(NOWS[0])[slug]).organizations


@pytest.mark.parametrize("now", NOWS, ids=str)
def test_nothing_is_recorded_on_the_day_of_the_outage_and_by_nobody_else(now: datetime) -> None:
    """All of South's cameras, none of North's; before and after it South records as ever."""
    months = months_at(now)
    world = lived(together(months), now)
    day = months["south"].day(OUTAGES["south"])
    for slug, recording in (("north", True), ("south", False)):
        start, end = (
            to_ms(datetime.combine(one, time(), ZoneInfo(ZONES[slug])))
            for one in (day - timedelta(days=1), day + timedelta(days=2))
        )
        seconds: dict[str, int] = defaultdict(int)
        mine = [camera.external_id for camera in fleet(slug, months[slug])]
        for one in truth.report(
            world, start, end, ZoneInfo(ZONES[slug]), names=mine, with_bytes=False
        ):
            for found in one["days"]:  # type: ignore[attr-defined]
                seconds[found["day"]] += found["recorded_seconds"]
        around = [(day + timedelta(days=n)).isoformat() for n in (-1, 1)]
        assert (seconds[day.isoformat()] > 0) is recording, slug
        assert all(seconds[one] > 0 for one in around), slug


def test_some_keep_more_than_their_preset_says() -> None:
    world = lived(together(months_at(NOWS[0])), NOWS[0])
    deep = {
        camera.name
        for camera in world.cameras.values()
        if camera.now.preset_id is not None
        and camera.now.dvr.depth_ms + camera.now.dvr.lock_ms
        > world.presets[camera.now.preset_id].dvr.depth_ms
        + world.presets[camera.now.preset_id].dvr.lock_ms
    }
    owners = {
        customer.name
        for customers in CUSTOMERS.values()
        for customer in customers
        if customer.depth
    }
    by_owner = {world.organizations[world.cameras[name].now.organization_id].title for name in deep}
    assert by_owner == owners


def test_footage_that_is_not_asked_for_daily_is_all_there() -> None:
    """A camera that never changes has its archive's days in store, and so it is asked as seldom."""
    world = lived(together(months_at(NOWS[0])), NOWS[0])
    for slug, months in months_at(NOWS[0]).items():
        kept = footage_days(slug, months)
        assert min(filter(None, kept.values())) >= FOOTAGE_EVERY_DAYS[0]
        for name, days_kept in kept.items():
            if days_kept:
                dvr = world.cameras[name].now.dvr
                assert dvr.depth_ms + dvr.lock_ms == days_kept * DAY_MS, name


def test_life_goes_on_and_some_of_it_is_bad() -> None:
    seed = together(months_at(NOWS[0]))
    world = lived(seed, NOWS[0])
    histories = [
        truth.intervals(world.cameras_named(name), world.now_ms) for name in world.all_names()
    ]
    assert any(one[-1].to_ms is not None for one in histories)
    assert any(not interval.enabled for one in histories for interval in one)
    assert any(event.fields.get("alive") is False for event in seed.script)
    assert world.cameras["gate"].history.stored(world.now_ms).stored_bytes < 10**9
    full = world.cameras["farmacia-foglia-tonda-entrance"].history
    sizes = [full.stored(world.now_ms - days * DAY_MS).stored_bytes for days in range(30)]
    assert max(sizes) < 1.2 * min(sizes)
