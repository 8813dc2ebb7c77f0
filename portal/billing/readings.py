"""What a reading of Watcher says, and what follows from it: daily facts, recorded time, histories.

Values come in already normalised: whole days, bytes, times with an offset. None is "not said",
which is neither 0 nor off. Nothing here asks the time; `at` is the time of the reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple

from portal.billing.period import day_start, local_date

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Organization:
    """A group of cameras in Watcher: one subscriber's. `cameras` is its own count of them."""

    id: int
    title: str
    cameras: int | None = None


@dataclass(frozen=True, slots=True)
class Preset:
    """A bundle of settings in Watcher: one tariff's. Depths in days."""

    id: int
    title: str
    continuous_depth_days: int | None = None
    motion_depth_days: int | None = None
    faces: bool | None = None
    plates: bool | None = None
    is_adjustable: bool | None = None
    is_deleted: bool = False


SETTINGS: Final = ("organization", "preset", "switch")
"""What makes the intervals of a camera's history."""


@dataclass(frozen=True, slots=True)
class CameraReading:
    """One camera as a reading found it. `stored_bytes` is what is in store, not what was added.

    `unread` names what Watcher said in a way that cannot be understood: that is not known, and of
    the `SETTINGS` those stay that were known before. A `title` "" is not known either.
    """

    name: str
    title: str
    organization: int | None = None
    preset: int | None = None
    enabled: bool | None = None
    created_at: datetime | None = None
    continuous_depth_days: int | None = None
    motion_depth_days: int | None = None
    faces: bool | None = None
    plates: bool | None = None
    stored_bytes: int | None = None
    alive: bool | None = None
    organization_title: str | None = None
    preset_title: str | None = None
    unread: tuple[str, ...] = ()


def daily_facts(reading: CameraReading) -> dict[str, int]:
    """Meter → quantity of the day of a reading; what was not said has no fact.

    A camera that is switched off keeps its depths and analytics: only `camera.enabled` is 0.
    """
    said: Mapping[str, int | None] = {
        "camera.enabled": reading.enabled,
        "recording.continuous.depth": reading.continuous_depth_days,
        "recording.motion.depth": reading.motion_depth_days,
        "analytics.faces": reading.faces,
        "analytics.plates": reading.plates,
        "archive.stored": reading.stored_bytes,
    }
    return {meter: int(quantity) for meter, quantity in said.items() if quantity is not None}


class Range(NamedTuple):
    """Footage without a gap: `[start_ms, end_ms)` in milliseconds since 1970."""

    start_ms: int
    end_ms: int


def to_ms(instant: datetime) -> int:
    """Milliseconds since 1970. Raises `ValueError` for an instant without an offset."""
    if instant.utcoffset() is None:
        raise ValueError("an instant has an offset")
    return (instant - _EPOCH) // _MILLISECOND


def from_ms(at: int) -> datetime:
    """The instant in UTC, the inverse of `to_ms`."""
    return _EPOCH + at * _MILLISECOND


def union(*readings: Iterable[Range], until: datetime | None = None) -> tuple[Range, ...]:
    """All footage that any of the readings saw, disjoint and in order.

    Footage that has rolled off since stays: it was recorded. `until` cuts off what a clock that is
    ahead says of the future. Order and repeats make no difference.
    """
    limit = None if until is None else to_ms(until)
    merged: list[Range] = []
    for start, end in sorted(one for ranges in readings for one in ranges):
        ends = end if limit is None else min(end, limit)
        if start >= ends:
            continue
        if merged and start <= merged[-1].end_ms:
            merged[-1] = Range(merged[-1].start_ms, max(merged[-1].end_ms, ends))
        else:
            merged.append(Range(start, ends))
    return tuple(merged)


def recorded_seconds(ranges: Iterable[Range], zone: str) -> dict[date, int]:
    """Local day → whole seconds of footage in it, for every day with any.

    Ranges are cut at the zone's midnights: the night of 25 October in Rome has 90 000 seconds.
    """
    by_day: dict[date, int] = {}
    for one in union(ranges):
        for day, part in days_of(one, zone):
            by_day[day] = by_day.get(day, 0) + part.end_ms - part.start_ms
    return {day: length // 1000 for day, length in by_day.items() if length >= 1000}


def days_of(one: Range, zone: str) -> Iterator[tuple[date, Range]]:
    """A range cut at the zone's midnights, each part with its local day."""
    day, start = local_date(from_ms(one.start_ms), zone), one.start_ms
    while start < one.end_ms:
        midnight = to_ms(day_start(day + _DAY, zone))
        # A day that the zone skipped has no length, and what follows it is in the next.
        if midnight > start:
            yield day, Range(start, min(midnight, one.end_ms))
            start = midnight
        day += _DAY


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of history under one organization, preset and switch; `until` None: still.

    `created_at` tells two cameras of one name apart, where Watcher says it.
    """

    camera: str
    since: datetime
    until: datetime | None
    organization: int | None
    preset: int | None
    enabled: bool
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What a complete reading does to a camera's history.

    `ended` is the interval in force before with its end, if it ended; `current` the one in force
    now, None for a camera that is not there. A `current` that begins when the one before did is
    that one, perhaps with a `created_at` that was not known yet.
    """

    ended: Interval | None
    current: Interval | None


def step(
    before: Interval | None,
    seen: CameraReading | None,
    at: datetime,
    reading_before: datetime | None,
) -> Step:
    """The next step of a camera's history. `seen` None: a *complete* reading did not find it.

    `before` is the interval in force, None when there is none; `reading_before` the time of the
    last complete reading, None for a connection's first. A bound lies between what happened and
    `at`; it is exact where `created_at` tells that the camera was made in between. Being offline
    is no bound.
    """
    if seen is None:
        return Step(None if before is None else replace(before, until=at), None)
    organization, preset, switch = SETTINGS
    fresh = Interval(
        camera=seen.name,
        since=at,
        until=None,
        organization=seen.organization,
        preset=seen.preset,
        enabled=seen.enabled is not False,
        created_at=seen.created_at,
    )
    if before is not None and seen.unread:
        fresh = replace(
            fresh,
            organization=before.organization if organization in seen.unread else fresh.organization,
            preset=before.preset if preset in seen.unread else fresh.preset,
            enabled=before.enabled if switch in seen.unread else fresh.enabled,
        )
    made_at = _made_between(seen.created_at, reading_before, at)
    if before is None:
        return Step(None, replace(fresh, since=made_at))
    if not same_life(before, fresh):
        return Step(replace(before, until=made_at), replace(fresh, since=made_at))
    same = replace(fresh, since=before.since, created_at=before.created_at or seen.created_at)
    if _settings(before) == _settings(fresh):
        return Step(None, same)
    return Step(replace(before, until=at), replace(same, since=at))


def _made_between(made: datetime | None, after: datetime | None, at: datetime) -> datetime:
    """When a camera began to be there: exact if it was made since the reading before, else now."""
    if made is None or after is None or not after < made <= at:
        return at
    return made


def _settings(interval: Interval) -> tuple[int | None, int | None, bool]:
    return interval.organization, interval.preset, interval.enabled


def same_life(one: Interval, other: Interval) -> bool:
    """Whether two intervals of a name may be of one camera: as long as nothing says otherwise."""
    return one.created_at is None or other.created_at is None or one.created_at == other.created_at


@dataclass(frozen=True, slots=True)
class Span:
    """The days `[starts_on, ends_on)` that a camera is under a preset of an organization."""

    camera: str
    organization: int | None
    preset: int
    starts_on: date
    ends_on: date | None


def spans(intervals: Sequence[Interval], zone: str) -> list[Span]:
    """The days of a camera's presets, from its intervals in order; they never overlap.

    Being switched off does not end one; a move, another preset, and another camera of the same
    name do. The day of a change belongs to what came: A → B → C on one day leaves B no day, and
    a span without days is not made.
    """
    found: list[Span] = []
    last: Interval | None = None
    for interval in intervals:
        if interval.preset is not None:
            ends_on = None if interval.until is None else local_date(interval.until, zone)
            if last is not None and _goes_on(last, interval):
                found[-1] = replace(found[-1], ends_on=ends_on)
            else:
                starts_on = local_date(interval.since, zone)
                found.append(
                    Span(
                        interval.camera, interval.organization, interval.preset, starts_on, ends_on
                    )
                )
        last = interval
    return [one for one in found if one.ends_on is None or one.starts_on < one.ends_on]


def _goes_on(last: Interval, interval: Interval) -> bool:
    return (
        last.until == interval.since
        and same_life(last, interval)
        and _settings(last)[:2] == _settings(interval)[:2]
    )
