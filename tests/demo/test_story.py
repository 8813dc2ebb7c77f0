"""The demo's story before it is stored: its prices, its cameras, what they did."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime
from itertools import pairwise

import pytest

from portal.billing.period import Period, day_seconds
from portal.billing.pricing import pricing_from
from portal.billing.usage import Meter, refusal
from portal.demo.customers import CUSTOMERS, EVENTS, NORTH
from portal.demo.fleet import fleet
from portal.demo.months import Months
from portal.demo.people import CLOUDS, REFERRALS, USERS
from portal.demo.prices import RATES, SERVICES, TARIFFS
from portal.demo.usage import readings

METERS = {
    key: Meter(number, key, unit, kind)
    for number, (key, unit, kind) in enumerate(
        (
            ("camera.enabled", "flag", "gauge"),
            ("recording.continuous.depth", "days of archive", "gauge"),
            ("recording.motion.depth", "days of archive", "gauge"),
            ("analytics.faces", "flag", "gauge"),
            ("analytics.plates", "flag", "gauge"),
            ("archive.stored", "bytes", "gauge"),
            ("recording.time", "seconds", "counter"),
        )
    )
}
ZONES = {cloud.slug: cloud.timezone for cloud in CLOUDS}
# A usual day; the first of a March, when the running month has no usage yet; and an hour in which
# Rome has a new year while New York has the old one, over both clouds' change to winter time.
NOWS = (
    datetime(2026, 11, 23, 9, 30, tzinfo=UTC),
    datetime(2027, 3, 1, 12, 0, tzinfo=UTC),
    datetime(2026, 12, 31, 23, 30, tzinfo=UTC),
)


def test_months_are_those_of_the_zone() -> None:
    rome, new_york = (Months.at(NOWS[2], zone) for zone in ZONES.values())
    assert (rome.today, rome.first) == (date(2027, 1, 1), date(2026, 10, 1))
    assert (new_york.today, new_york.first) == (date(2026, 12, 31), date(2026, 9, 1))
    assert rome.day((2, 16)) == date(2026, 12, 16)
    assert rome.day((-1, 1)) == date(2026, 9, 1)


def test_prices_are_ones_the_books_can_read() -> None:
    codes = {service.code for service in SERVICES}
    assert {service.meter for service in SERVICES} <= set(METERS)
    for rate in RATES:
        assert rate.service in codes
        pricing_from(rate.pricing)
    for tariff in TARIFFS:
        assert [version.since for version in tariff.versions] == sorted(
            {version.since for version in tariff.versions}
        )
        for version in tariff.versions:
            assert {item.service for item in version.items} <= codes
            assert all(pricing_from(item.overage) for item in version.items if item.overage)


def test_every_cloud_pays_for_every_service_from_the_beginning() -> None:
    priced = {(rate.cloud, rate.service) for rate in RATES if rate.since < (0, 1)}
    assert priced == {(cloud.slug, service.code) for cloud in CLOUDS for service in SERVICES}


def test_nobody_can_be_written_to_or_mistaken_for_somebody() -> None:
    emails = [user.email for user in USERS] + [one.email for one in REFERRALS]
    assert all(email.endswith(("@demo.test", ".example")) for email in emails)
    for customers in CUSTOMERS.values():
        assert len({customer.name for customer in customers}) == len(customers)


@pytest.mark.parametrize("now", NOWS, ids=str)
@pytest.mark.parametrize(("cloud", "count"), [("north", 300), ("south", 60)])
def test_cameras_are_subscribed_once_at_a_time_in_months_that_ended(
    cloud: str, count: int, now: datetime
) -> None:
    months = Months.at(now, ZONES[cloud])
    cameras = fleet(cloud, months)
    tariffs = {tariff.code for tariff in TARIFFS if tariff.cloud == cloud}
    assert len({camera.external_id for camera in cameras}) == len(cameras) == count
    for camera in cameras:
        assert {stretch.tariff for stretch in camera.stretches} <= tariffs
        starts = camera.stretches[0].starts_on
        assert months.first <= starts < Period.of(months.today).start
        for before, after in pairwise(camera.stretches):
            assert before.ends_on == after.starts_on
            assert before.starts_on < after.starts_on
    assert cameras == fleet(cloud, months)


def test_every_event_happens_to_a_camera() -> None:
    cameras = [
        (CUSTOMERS[cloud][camera.stretches[0].customer - 1].name, camera.name)
        for cloud, zone in ZONES.items()
        for camera in fleet(cloud, Months.at(NOWS[0], zone))
    ]
    assert {(event.customer, event.place) for event in EVENTS} <= set(cameras)


@pytest.mark.parametrize("now", NOWS, ids=str)
@pytest.mark.parametrize("cloud", ["north", "south"])
def test_usage_is_what_a_cloud_may_send_for_every_subscribed_day(cloud: str, now: datetime) -> None:
    months = Months.at(now, ZONES[cloud])
    tariffs = {tariff.code: tariff for tariff in TARIFFS if tariff.cloud == cloud}
    for camera in fleet(cloud, months):
        seen: dict[str, set[date]] = defaultdict(set)
        for meter, day, quantity in readings(camera, tariffs, months):
            assert day < months.today
            assert refusal(METERS[meter], quantity, day_seconds(day, months.zone)) is None
            assert day not in seen[meter]
            seen[meter].add(day)
        subscribed = {
            day
            for stretch in camera.stretches
            for day in months.days(stretch.starts_on, stretch.ends_on)
        }
        assert subscribed <= seen["camera.enabled"]
        assert camera.records_on or subscribed == seen["camera.enabled"]


def test_an_archive_fills_and_then_stays_as_full() -> None:
    months = Months.at(NOWS[0], ZONES["north"])
    tariffs = {tariff.code: tariff for tariff in TARIFFS if tariff.cloud == "north"}
    camera = next(
        one
        for one in fleet("north", months)
        if one.stretches[0].tariff == "business-30" and one.stretches[0].starts_on == months.first
    )
    stored = [
        quantity
        for meter, _, quantity in readings(camera, tariffs, months)
        if meter == "archive.stored"
    ]
    assert stored[:30] == sorted(stored[:30])
    full = stored[30]
    assert all(abs(quantity - full) < full / 10 for quantity in stored[30:60])


def test_the_worked_example_is_in_the_month_that_ended_last() -> None:
    months = Months.at(NOWS[0], ZONES["north"])
    tariffs = {tariff.code: tariff for tariff in TARIFFS if tariff.cloud == "north"}
    gate, yard = (camera for camera in fleet("north", months) if camera.exact)
    assert (gate.external_id, yard.external_id) == ("gate", "yard")
    assert NORTH[0].name.startswith("Sue")
    assert yard.stretches[0].starts_on == date(2026, 10, 16)
    used: dict[str, set[int]] = defaultdict(set)
    for meter, _, quantity in readings(yard, tariffs, months):
        used[meter].add(quantity)
    assert used == {
        "camera.enabled": {1},
        "recording.motion.depth": {7},
        "analytics.plates": {1},
    }
