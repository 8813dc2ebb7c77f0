"""The demo's story before it is stored: its prices, its cameras, what they did."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import pairwise

import pytest

from portal.billing.period import Period
from portal.billing.pricing import pricing_from
from portal.demo.customers import CUSTOMERS, EVENTS
from portal.demo.fleet import fleet
from portal.demo.months import Months
from portal.demo.people import CLOUDS, INVITATIONS, REFERRALS, USERS
from portal.demo.prices import RATES, SERVICES, TARIFFS

METERS = {
    "camera.enabled",
    "recording.continuous.depth",
    "recording.motion.depth",
    "analytics.faces",
    "analytics.plates",
    "archive.stored",
    "recording.time",
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


@pytest.mark.parametrize("now", NOWS, ids=str)
@pytest.mark.parametrize("zone", ["Europe/Rome", "America/New_York"])
def test_a_later_start_finds_the_months_of_the_first(zone: str, now: datetime) -> None:
    months = Months.at(now, zone)
    again = Months.since(months.founded, zone)
    assert (again.first, again.day((3, 1))) == (months.first, months.day((3, 1)))
    assert again.founded == months.founded


def test_prices_are_ones_the_books_can_read() -> None:
    codes = {service.code for service in SERVICES}
    assert {service.meter for service in SERVICES} <= METERS
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
    emails += [one.user.email for one in INVITATIONS]
    assert all(email.endswith(("@demo.test", ".example")) for email in emails)
    for customers in CUSTOMERS.values():
        assert len({customer.name for customer in customers}) == len(customers)


@pytest.mark.parametrize("now", NOWS, ids=str)
@pytest.mark.parametrize(("cloud", "count"), [("north", 300), ("south", 65)])
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
