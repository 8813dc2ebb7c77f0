"""Readings to facts: recorded time by day, and the histories of cameras."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.billing.period import day_seconds
from portal.billing.readings import (
    CameraReading,
    Interval,
    Range,
    Span,
    Step,
    daily_facts,
    from_ms,
    recorded_seconds,
    spans,
    step,
    to_ms,
    union,
)

ROME = "Europe/Rome"
OCTOBER = datetime(2026, 10, 1, tzinfo=UTC)
HOUR_MS = 3_600_000


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def footage(start: str, end: str) -> Range:
    return Range(to_ms(at(start)), to_ms(at(end)))


# -- facts -----------------------------------------------------------------------------------------


def test_the_facts_of_a_day_are_what_was_said() -> None:
    reading = CameraReading(
        "gate",
        "Gate",
        enabled=False,
        continuous_depth_days=7,
        motion_depth_days=0,
        faces=True,
        plates=False,
        stored_bytes=5,
    )
    # Switched off, but its settings count as they are configured.
    assert daily_facts(reading) == {
        "camera.enabled": 0,
        "recording.continuous.depth": 7,
        "recording.motion.depth": 0,
        "analytics.faces": 1,
        "analytics.plates": 0,
        "archive.stored": 5,
    }
    assert daily_facts(CameraReading("gate", "Gate", plates=True)) == {"analytics.plates": 1}


# -- recorded time ---------------------------------------------------------------------------------

ranges = st.lists(
    st.builds(
        lambda start, length: Range(start, start + length), st.integers(0, 60), st.integers(0, 12)
    ),
    max_size=12,
)


@given(st.lists(ranges, max_size=4), st.randoms())
def test_a_union_is_what_a_set_of_moments_says(readings, rng) -> None:
    found = union(*readings)
    moments = {ms for reading in readings for one in reading for ms in range(*one)}
    assert {ms for one in found for ms in range(*one)} == moments
    assert sum(one.end_ms - one.start_ms for one in found) == len(moments)
    assert all(left.end_ms < right.start_ms for left, right in itertools.pairwise(found))
    mixed = [one for reading in readings for one in reading] * 2
    rng.shuffle(mixed)
    assert union(mixed) == found
    assert union(found, *readings) == found


@given(
    st.lists(
        st.builds(
            lambda start, length: Range(start, start + length),
            st.integers(to_ms(at("2026-03-25T00:00:00Z")), to_ms(at("2026-04-03T00:00:00Z"))),
            st.integers(0, 40 * HOUR_MS),
        ),
        max_size=8,
    ),
    st.sampled_from([ROME, "America/New_York", "Pacific/Apia", "Asia/Kolkata", "Africa/Cairo"]),
)
def test_days_hold_all_that_was_recorded_and_no_day_more_than_it_is_long(found, zone) -> None:
    by_day = recorded_seconds(found, zone)
    for day, seconds in by_day.items():
        assert 0 < seconds <= day_seconds(day, zone)
    total = sum(one.end_ms - one.start_ms for one in union(found)) // 1000
    days_touched = sum((one.end_ms - one.start_ms) // (22 * HOUR_MS) + 3 for one in found)
    assert total - days_touched <= sum(by_day.values()) <= total
    assert recorded_seconds(reversed(found * 2), zone) == by_day


def test_footage_that_rolled_off_was_recorded_and_counts_once() -> None:
    monday = [footage("2026-10-05T00:00:00+02:00", "2026-10-06T03:00:00+02:00")]
    tuesday = [footage("2026-10-05T20:00:00+02:00", "2026-10-07T01:00:00+02:00")]
    assert recorded_seconds(union(tuesday, monday), ROME) == {
        date(2026, 10, 5): 86_400,
        date(2026, 10, 6): 86_400,
        date(2026, 10, 7): 3_600,
    }


@pytest.mark.parametrize(
    ("start", "end", "seconds"),
    [
        ("2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00", {date(2026, 10, 25): 90_000}),
        ("2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00", {date(2026, 3, 29): 82_800}),
        (
            "2026-10-31T23:30:00+01:00",
            "2026-11-01T00:30:00+01:00",
            {date(2026, 10, 31): 1800, date(2026, 11, 1): 1800},
        ),
        ("2026-10-31T23:30:00+01:00", "2026-10-31T23:30:00.999+01:00", {}),
    ],
)
def test_ranges_are_cut_at_local_midnights(start: str, end: str, seconds: dict) -> None:
    assert recorded_seconds([footage(start, end)], ROME) == seconds


def test_midnights_that_are_not_there() -> None:
    # Cairo's clocks jump over midnight on 26 April 2024; Apia has no 30 December 2011.
    cairo = [footage("2024-04-25T00:00:00+02:00", "2024-04-27T00:00:00+03:00")]
    assert recorded_seconds(cairo, "Africa/Cairo") == {
        date(2024, 4, 25): 86_400,
        date(2024, 4, 26): 82_800,
    }
    apia = [footage("2011-12-29T00:00:00-10:00", "2012-01-01T00:00:00+14:00")]
    assert recorded_seconds(apia, "Pacific/Apia") == {
        date(2011, 12, 29): 86_400,
        date(2011, 12, 31): 86_400,
    }


def test_a_clock_that_is_ahead_says_nothing_of_the_future() -> None:
    now = at("2026-10-05T12:00:00Z")
    ahead = [
        footage("2026-10-05T11:00:00Z", "2026-10-05T12:05:00Z"),
        footage("2026-10-06T00:00:00Z", "2026-10-06T01:00:00Z"),
    ]
    assert union(ahead, until=now) == (footage("2026-10-05T11:00:00Z", "2026-10-05T12:00:00Z"),)
    assert from_ms(to_ms(now)) == now
    with pytest.raises(ValueError, match="offset"):
        to_ms(datetime(2026, 10, 5))  # noqa: DTZ001


# -- histories -------------------------------------------------------------------------------------

MADE = at("2026-10-03T08:00:00Z")
GATE = CameraReading("gate", "Gate", 6, 7, enabled=True, created_at=MADE)


def live(*seen: tuple[str, CameraReading | None]) -> list[Interval]:
    """The intervals of a history, from complete readings in order."""
    done: list[Interval] = []
    current: Interval | None = None
    before: datetime | None = None
    for text, reading in seen:
        now = at(text)
        found = step(current, reading, now, before)
        if found.ended is not None:
            done.append(found.ended)
        current, before = found.current, now
    return [*done, *([current] if current else [])]


def test_the_first_reading_begins_on_its_own_day() -> None:
    (one,) = live(("2026-10-05T12:00:00Z", GATE))
    assert (one.since, one.until, one.created_at) == (at("2026-10-05T12:00:00Z"), None, MADE)


def test_a_camera_that_comes_between_two_readings_begins_when_it_was_made() -> None:
    (one,) = live(("2026-10-03T00:00:00Z", None), ("2026-10-04T00:00:00Z", GATE))
    assert one.since == MADE
    (one,) = live(
        ("2026-10-03T00:00:00Z", None), ("2026-10-04T00:00:00Z", replace(GATE, created_at=None))
    )
    assert one.since == at("2026-10-04T00:00:00Z")
    # Made before the reading that did not show it, or in the future: clocks differ, ours counts.
    for made in ("2026-10-02T00:00:00Z", "2026-10-09T00:00:00Z"):
        (one,) = live(
            ("2026-10-03T00:00:00Z", None),
            ("2026-10-04T00:00:00Z", replace(GATE, created_at=at(made))),
        )
        assert one.since == at("2026-10-04T00:00:00Z")


@pytest.mark.parametrize(
    "change", [{"organization": 8}, {"preset": 9}, {"preset": None}, {"enabled": False}]
)
def test_a_change_of_what_is_billed_cuts(change: dict) -> None:
    first, second = live(
        ("2026-10-05T00:00:00Z", GATE), ("2026-10-06T00:00:00Z", replace(GATE, **change))
    )
    assert first.until == second.since == at("2026-10-06T00:00:00Z")
    assert second.until is None
    for name, value in change.items():
        assert getattr(second, name) == value


@pytest.mark.parametrize(
    "change",
    [{"alive": False}, {"continuous_depth_days": 3}, {"title": "Other"}, {"stored_bytes": 1}],
)
def test_anything_else_does_not(change: dict) -> None:
    assert (
        len(live(("2026-10-05T00:00:00Z", GATE), ("2026-10-06T00:00:00Z", replace(GATE, **change))))
        == 1
    )


def test_what_was_not_said_is_learned_and_cuts_nothing() -> None:
    by_v2 = replace(GATE, created_at=None)
    (one,) = live(
        ("2026-10-05T00:00:00Z", by_v2),
        ("2026-10-06T00:00:00Z", GATE),
        ("2026-10-07T00:00:00Z", by_v2),
    )
    assert one.created_at == MADE


def test_deleted_and_made_again_under_one_name_is_another_life() -> None:
    again = replace(GATE, created_at=at("2026-10-05T18:30:00Z"))
    first, second = live(("2026-10-05T12:00:00Z", GATE), ("2026-10-06T12:00:00Z", again))
    assert first.until == second.since == again.created_at
    assert (first.created_at, second.created_at) == (MADE, again.created_at)


def test_gone_and_back_is_another_interval() -> None:
    for reading in (GATE, replace(GATE, created_at=None)):
        first, second = live(
            ("2026-10-05T12:00:00Z", reading),
            ("2026-10-06T12:00:00Z", None),
            ("2026-10-07T12:00:00Z", None),
            ("2026-10-08T12:00:00Z", reading),
        )
        assert (first.until, second.since) == (
            at("2026-10-06T12:00:00Z"),
            at("2026-10-08T12:00:00Z"),
        )
    assert step(None, None, OCTOBER, None) == Step(None, None)


readings = st.one_of(
    st.none(),
    st.builds(
        lambda organization, preset, enabled, made: CameraReading(
            "gate", "Gate", organization, preset, enabled, made and OCTOBER + timedelta(hours=made)
        ),
        st.integers(1, 2),
        st.sampled_from([None, 7, 8]),
        st.booleans(),
        st.one_of(st.none(), st.integers(1, 200)),
    ),
)


@given(
    st.lists(readings, max_size=12),
    st.sampled_from([ROME, "Pacific/Kiritimati", "Pacific/Pago_Pago"]),
)
def test_intervals_and_spans_never_overlap_nor_go_back(seen, zone) -> None:
    times = [(OCTOBER + timedelta(hours=11 * n)).isoformat() for n in range(len(seen))]
    lived = live(*zip(times, seen, strict=True))
    for left, right in itertools.pairwise(lived):
        assert left.until is not None
        assert left.since < left.until <= right.since
    assert [one.until for one in lived].count(None) == (1 if seen and seen[-1] else 0)
    found = spans(lived, zone)
    for one in found:
        assert one.ends_on is None or one.starts_on < one.ends_on
    for before, after in itertools.pairwise(found):
        assert before.ends_on is not None
        assert before.ends_on <= after.starts_on


def test_a_span_is_the_days_of_a_preset() -> None:
    lived = live(
        ("2026-10-05T12:00:00Z", GATE),
        ("2026-10-07T12:00:00Z", replace(GATE, enabled=False)),
        ("2026-10-08T12:00:00Z", GATE),
        ("2026-10-10T22:30:00Z", replace(GATE, preset=8)),  # the 11th in Rome
        ("2026-10-11T12:00:00Z", replace(GATE, preset=9)),
        ("2026-10-12T12:00:00Z", replace(GATE, preset=9, organization=8)),
        ("2026-10-13T12:00:00Z", replace(GATE, preset=None)),
        ("2026-10-14T12:00:00Z", replace(GATE, preset=None, enabled=False)),
        ("2026-10-15T12:00:00Z", GATE),
    )
    assert spans(lived, ROME) == [
        Span("gate", 6, 7, date(2026, 10, 5), date(2026, 10, 11)),
        Span("gate", 6, 9, date(2026, 10, 11), date(2026, 10, 12)),
        Span("gate", 8, 9, date(2026, 10, 12), date(2026, 10, 13)),
        Span("gate", 6, 7, date(2026, 10, 15), None),
    ]


def test_another_life_on_the_same_preset_is_another_span() -> None:
    again = replace(GATE, created_at=at("2026-10-07T18:30:00Z"))
    lived = live(("2026-10-05T12:00:00Z", GATE), ("2026-10-08T12:00:00Z", again))
    assert spans(lived, ROME) == [
        Span("gate", 6, 7, date(2026, 10, 5), date(2026, 10, 7)),
        Span("gate", 6, 7, date(2026, 10, 7), None),
    ]
