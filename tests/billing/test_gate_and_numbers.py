"""The completeness gate, and numbers without gaps."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from portal.billing import coverage, numbering
from portal.billing.coverage import Connected, Gap
from tests.billing.cast import OCTOBER

EARLIER = datetime(2026, 9, 1, tzinfo=UTC)
FIRST, SECOND, THIRD = date(2026, 10, 1), date(2026, 10, 2), date(2026, 10, 3)


def test_a_day_is_covered_by_a_complete_reading_or_by_usage_of_every_subscribed_camera():
    days = [FIRST, SECOND, THIRD]
    subscribed = dict.fromkeys(days, 3)
    assert coverage.gaps(days, days, subscribed, {}) == []
    assert coverage.gaps(days, [], subscribed, subscribed) == []
    assert coverage.gaps(days, {SECOND}, subscribed, {FIRST: 3, THIRD: 2}) == [Gap(THIRD, 3, 1)]


def test_a_day_on_which_nothing_was_subscribed_has_nothing_to_miss():
    assert coverage.gaps([FIRST, SECOND], [], {SECOND: 2}, {}) == [Gap(SECOND, 2, 2)]


def test_every_connection_that_stands_at_a_days_end_has_to_have_read_it():
    ends = {FIRST: at(1), SECOND: at(2), THIRD: at(3)}
    old = Connected(at(0), at(2), read={FIRST, THIRD})
    new = Connected(at(1, hours=5), None, read={SECOND})
    assert coverage.days_read(ends, []) == frozenset(), "nobody was asked"
    assert coverage.days_read(ends, [old]) == {FIRST}
    assert coverage.days_read(ends, [new]) == {SECOND}
    assert coverage.days_read(ends, [old, new]) == {FIRST}, "ended as the second did, it had to"


def at(day: int, *, hours: int = 0) -> datetime:
    """The instant at which a day of October ends, or some hours after it."""
    return datetime(2026, 10, day, 22, tzinfo=UTC) + timedelta(hours=hours) if day else EARLIER


def test_a_day_that_a_zone_skipped_needs_nothing():
    days = coverage.known_days(date(2011, 12, 29), date(2012, 1, 1), "Pacific/Apia")
    assert days == [date(2011, 12, 29), date(2011, 12, 31)]


def test_the_gaps_of_a_month_come_in_its_order():
    found = coverage.gaps(
        OCTOBER, [], dict.fromkeys(OCTOBER, 1), {day: 1 for day in OCTOBER if day.day % 2}
    )
    assert [gap.day.day for gap in found] == list(range(2, 31, 2))


def test_numbers_have_prefix_year_and_six_digits():
    assert numbering.number_of("NORTH", 2026, 1) == "NORTH-2026-000001"
    assert numbering.number_of("PLAT", 2027, 999_999) == "PLAT-2027-999999"
    assert numbering.number_of("N", 2026, 1_000_000) == "N-2026-1000000"
    with pytest.raises(ValueError, match="begin with 1"):
        numbering.number_of("NORTH", 2026, 0)


def test_the_year_is_that_of_issue_in_the_issuers_zone():
    new_year = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert numbering.issue_year(new_year, "Europe/Rome") == 2027
    assert numbering.issue_year(new_year, "America/New_York") == 2026
