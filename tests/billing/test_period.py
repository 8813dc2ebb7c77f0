"""Periods are `[start, end)`; a day is a date of a zone, however long it lasts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from importlib import resources
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.billing.period import (
    Period,
    day_seconds,
    day_start,
    day_starts,
    has_ended,
    local_date,
    month_at,
    parse_day,
    parse_month,
    parse_zone,
    zone_of,
    zones,
)
from portal.errors import Conflict, Invalid
from tests.billing.cast import FEBRUARY, LEAP_FEBRUARY, NOVEMBER, OCTOBER, law


def test_a_month_begins_on_its_first_and_ends_before_the_next():
    assert Period(date(2026, 10, 1), date(2026, 11, 1)) == OCTOBER
    assert OCTOBER.key == "2026-10"
    assert OCTOBER.last == date(2026, 10, 31)
    assert (OCTOBER.days, NOVEMBER.days, FEBRUARY.days, LEAP_FEBRUARY.days) == (31, 30, 28, 29)
    assert Period.of(date(2026, 10, 31)) == OCTOBER
    assert date(2026, 10, 31) in OCTOBER
    assert date(2026, 11, 1) not in OCTOBER


def test_months_follow_one_another_across_years():
    december = Period.month("2026-12")
    assert december.next().key == "2027-01"
    assert december.next().previous() == december
    assert Period.month("2026-03").back(3).key == "2025-12"
    assert OCTOBER.back(0) == OCTOBER
    assert [OCTOBER.back(n).key for n in (1, 2, 3)] == ["2026-09", "2026-08", "2026-07"]
    with pytest.raises(ValueError, match="back"):
        OCTOBER.back(-1)


def test_overlaps_are_half_open_too():
    # October  |———————————————|
    #                    16————————…
    assert OCTOBER.overlap(date(2026, 10, 16), None) == Period(
        date(2026, 10, 16), date(2026, 11, 1)
    )
    assert OCTOBER.overlap(date(2026, 1, 1), date(2026, 10, 2)) == Period(
        date(2026, 10, 1), date(2026, 10, 2)
    )
    assert OCTOBER.overlap(date(2026, 9, 1), date(2026, 10, 1)) is None
    assert OCTOBER.overlap(date(2026, 11, 1), None) is None
    assert OCTOBER.overlap(date(2020, 1, 1), None) == OCTOBER


def test_days_are_counted_from_the_first():
    days = list(OCTOBER)
    assert len(days) == 31
    assert [OCTOBER.index(day) for day in days] == list(range(31))
    assert [OCTOBER.day(index) for index in range(31)] == days
    assert OCTOBER.index(date(2026, 9, 30)) == -1


def test_an_empty_period_does_not_exist():
    with pytest.raises(ValueError, match="one day"):
        Period(date(2026, 10, 1), date(2026, 10, 1))


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-30",
        "2026-2-3",
        "2026-13-01",
        "2026-00-10",
        "1999-12-31",
        "2200-01-01",
        "2026-10-16T00:00",
        "20261016",
        " 2026-10-16",
        "2026-10-16\n",
        "٢٠٢٦-١٠-١٦",
        "2026−10−16",
        "",
        None,
        20261016,
        date(2026, 10, 16),
    ],
)
def test_days_that_do_not_exist_or_are_not_written_as_days_are_refused(text):
    with pytest.raises(Invalid) as refused:
        parse_day(text, "starts_on")
    assert list(refused.value.fields) == ["starts_on"]


@pytest.mark.parametrize(
    "text",
    [
        "2026-13",
        "2026-00",
        "2026-1",
        "202610",
        "2026-10-01",
        "1999-12",
        "2200-01",
        "",
        None,
        202610,
    ],
)
def test_months_that_do_not_exist_are_refused(text):
    with pytest.raises(Invalid) as refused:
        parse_month(text)
    assert list(refused.value.fields) == ["period"]


def test_days_and_months_are_read():
    assert parse_day("2028-02-29") == date(2028, 2, 29)
    assert parse_month("2026-10") == OCTOBER


@pytest.mark.parametrize(
    ("day", "zone", "seconds"),
    [
        ("2026-10-24", "Europe/Rome", 86_400),
        ("2026-10-25", "Europe/Rome", 90_000),
        ("2026-03-29", "Europe/Rome", 82_800),
        ("2026-11-01", "America/New_York", 90_000),
        ("2026-03-08", "America/New_York", 82_800),
        ("2026-04-05", "Australia/Lord_Howe", 88_200),  # half an hour
        ("2024-04-26", "Africa/Cairo", 82_800),  # begins at 01:00
        ("2024-10-31", "Africa/Cairo", 90_000),  # its last hour comes twice
        ("2011-12-30", "Pacific/Apia", 0),  # never was
        ("2011-12-29", "Pacific/Apia", 86_400),
        ("2026-10-25", "Pacific/Kiritimati", 86_400),
        ("2026-10-25", "UTC", 86_400),
    ],
)
def test_a_day_is_as_long_as_its_zone_makes_it(day, zone, seconds):
    assert day_seconds(date.fromisoformat(day), zone) == seconds


def test_a_day_of_a_zone_begins_at_an_instant():
    assert day_start(date(2026, 10, 16), "Europe/Rome") == datetime(2026, 10, 15, 22, tzinfo=UTC)
    assert day_start(date(2024, 4, 26), "Africa/Cairo") == datetime(2024, 4, 25, 22, tzinfo=UTC)


DAYS = st.dates(date(2000, 1, 1), date(2037, 12, 31))
ZONES = st.sampled_from(sorted(zones()))


@law(200)
@given(DAYS, ZONES)
def test_the_days_of_a_month_fill_it_without_holes(day, zone):
    month = Period.of(day)
    starts = day_starts(month.start, month.end, zone)
    assert len(starts) == month.days + 1
    lengths = [later - earlier for earlier, later in pairwise(starts)]
    assert lengths == [timedelta(seconds=day_seconds(one, zone)) for one in month]
    assert min(lengths) >= timedelta(0)
    assert starts[-1] == day_starts(month.next().start, month.next().end, zone)[0]


@law(500)
@given(DAYS, ZONES, st.floats(0, 1))
def test_the_day_of_an_instant_is_the_one_whose_bounds_it_is_in(day, zone, part):
    start, end = day_starts(day, day + timedelta(days=1), zone)
    if start == end:
        return  # a day the zone skipped holds no instant
    for instant in (start, start + (end - start) * part * 0.999, end - timedelta(microseconds=1)):
        assert local_date(instant, zone) == day
    assert local_date(end, zone) > day
    assert local_date(start - timedelta(microseconds=1), zone) < day


def changes(zone):
    """The days around each change of a zone's clock from 2000 to 2037."""
    place, at = zone_of(zone), datetime(2000, 1, 1, 12, tzinfo=UTC)
    before = place.utcoffset(at)
    while at.year < 2038:
        at += timedelta(days=10)
        offset = at.astimezone(place).utcoffset()
        if offset != before:
            before = offset
            yield from (at.date() - timedelta(days=n) for n in range(12, -2, -1))


def test_the_clock_may_change_at_any_hour_and_days_still_follow_one_another():
    """Every change of every zone: at midnight, over it, back across it, a day left out.

    A zone has many names (`Europe/Rome`, `Europe/Vatican`), whose rules are the same bytes.
    """
    rules = resources.files("tzdata.zoneinfo")
    named = {rules.joinpath(zone).read_bytes(): zone for zone in sorted(zones(), reverse=True)}
    skipped = set()
    for zone in named.values():
        for day in changes(zone):
            start, end = day_starts(day, day + timedelta(days=1), zone)
            if start == end:
                skipped.add((zone, day.isoformat()))
                continue
            assert start < end, (zone, day)
            assert start.astimezone(zone_of(zone)).date() == day, "it begins within that date"
            for instant in (start, start + timedelta(hours=1), end - timedelta(seconds=1)):
                assert local_date(instant, zone) == day, (zone, day)
    assert skipped == {("Pacific/Apia", "2011-12-30"), ("Pacific/Fakaofo", "2011-12-30")}


@pytest.mark.parametrize(
    ("day", "zone", "start"),
    [
        ("2024-11-03", "America/Havana", "2024-11-03T04:00Z"),  # midnight twice: the first
        ("2024-10-27", "Atlantic/Azores", "2024-10-27T00:00Z"),
        ("2026-11-02", "America/Vancouver", "2026-11-02T07:00Z"),  # summer time for ever
        ("2026-07-01", "CET", "2026-06-30T22:00Z"),  # summer time like Brussels
        ("2026-07-01", "EET", "2026-06-30T21:00Z"),
        ("2026-07-01", "MET", "2026-06-30T22:00Z"),
        ("2026-07-01", "WET", "2026-06-30T23:00Z"),
        ("2026-07-01", "EST5EDT", "2026-07-01T04:00Z"),
        ("2026-07-01", "Etc/GMT+5", "2026-07-01T05:00Z"),
        ("2010-11-07", "America/St_Johns", "2010-11-07T02:30Z"),  # a minute, then back for an hour
        ("2024-03-31", "America/Nuuk", "2024-03-31T01:00Z"),  # 23:00 is midnight
    ],
)
def test_where_days_begin_that_zone_files_disagree_about(day, zone, start):
    assert day_start(date.fromisoformat(day), zone) == datetime.fromisoformat(start)


def test_the_same_instant_is_two_dates_at_the_two_ends_of_the_world():
    noon = datetime(2026, 10, 31, 11, 30, tzinfo=UTC)
    assert local_date(noon, "Pacific/Kiritimati") == date(2026, 11, 1)
    assert local_date(noon, "Pacific/Pago_Pago") == date(2026, 10, 31)
    assert local_date(noon.astimezone(timezone(timedelta(hours=-9))), "UTC") == date(2026, 10, 31)
    with pytest.raises(ValueError, match="offset"):
        local_date(datetime(2026, 10, 31), "UTC")  # noqa: DTZ001 - that is what is refused


def test_a_period_ends_at_midnight_of_its_zone_and_not_before():
    last = datetime(2026, 10, 31, 22, 59, 59, tzinfo=UTC)
    assert not has_ended(OCTOBER, last, "Europe/Rome")
    assert has_ended(OCTOBER, last + timedelta(seconds=1), "Europe/Rome")
    assert not has_ended(OCTOBER, datetime(2026, 11, 1, 3, 59, 59, tzinfo=UTC), "America/New_York")


@pytest.mark.parametrize(
    "text",
    [
        "Mars/Base",
        "europe/rome",
        "../etc/passwd",
        "/etc/localtime",
        "",
        None,
        1,
        "localtime",
        "Factory",
        "posix/Europe/Rome",
        "right/Europe/Rome",
        "posixrules",
        "EUROPE/ROME",
        "Europe/Rome ",
        "Europe",
        "tzdata.zi",
        "Europe/../Europe/Rome",
        "CEST",
        "GMT+25",
        "Europe/Rome\x00",
        "x" * 1_000_000,
    ],
)
def test_places_without_a_clock_are_no_time_zones(text):
    with pytest.raises(Invalid) as refused:
        parse_zone(text)
    assert list(refused.value.fields) == ["timezone"]


def test_places_with_a_clock_are():
    for zone in (
        "Europe/Rome",
        "America/New_York",
        "Pacific/Kiritimati",
        "Pacific/Pago_Pago",
        "UTC",
        "Asia/Kolkata",
    ):
        assert parse_zone(zone) == zone


def test_a_stored_name_that_is_no_zone_is_told_and_not_guessed():
    with pytest.raises(Conflict, match="Mars/Base"):
        day_start(date(2026, 10, 1), "Mars/Base")


@pytest.mark.parametrize(
    ("at", "zone", "days", "running"),
    [
        ("2026-11-30T01:33+00:00", "Europe/Rome", 29, True),  # 02:33 on the 30th
        ("2026-11-30T22:59+00:00", "Europe/Rome", 29, True),
        ("2026-11-30T23:00+00:00", "Europe/Rome", 30, False),
        ("2026-11-30T23:00+00:00", "America/New_York", 29, True),
        ("2026-10-31T22:59+00:00", "Europe/Rome", 0, True),
        ("2026-11-01T12:00+00:00", "Europe/Rome", 0, True),
        ("2026-10-01T12:00+00:00", "Europe/Rome", 0, True),
        ("2027-05-01T12:00+00:00", "Europe/Rome", 30, False),
    ],
)
def test_a_day_counts_when_it_is_over_in_the_clouds_zone(at, zone, days, running):
    instant = datetime.fromisoformat(at)
    found = month_at(NOVEMBER, instant, zone)
    assert (found.days_over, found.running) == (days, running)
    assert found.until == NOVEMBER.start + timedelta(days=days)
    assert has_ended(NOVEMBER, instant, zone) is not running


def test_a_month_begins_with_its_first_day():
    for zone, begun in (("Pacific/Kiritimati", True), ("UTC", False)):
        found = month_at(NOVEMBER, datetime(2026, 10, 31, 12, tzinfo=UTC), zone)
        assert found.has_begun is begun
