"""What really happened to every camera: the answers a billing system is compared with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from portal.demo.simulator.clock import from_ms, text, to_ms
from portal.demo.simulator.entities import Camera
from portal.demo.simulator.footage import DAY_MS, History, State
from portal.demo.simulator.world import World

# An interval where the archive's size bends at an unknown instant is halved until it is this short.
_BEND_MS = 1000


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of history under one organization, preset and switch. `to_ms` None: still so."""

    organization_id: int
    preset_id: int | None
    enabled: bool
    created_ms: int
    from_ms: int
    to_ms: int | None


@dataclass(frozen=True, slots=True)
class Day:
    """What a camera was on one local day: the highest of every setting that held in it."""

    day: date
    recorded_ms: int
    enabled: bool
    continuous_depth_ms: int
    motion_depth_ms: int
    faces: bool
    plates: bool


def intervals(cameras: list[Camera], now_ms: int) -> list[Interval]:
    """Every interval of the cameras of a name, in order."""
    found: list[Interval] = []
    for camera in cameras:
        history = camera.history
        begun = len(found)
        for state in history.states:
            same = found[begun:] and (
                found[-1].organization_id == state.organization_id
                and found[-1].preset_id == state.preset_id
                and found[-1].enabled == state.enabled
            )
            if same:
                continue
            if found[begun:]:
                found[-1] = replace(found[-1], to_ms=state.from_ms)
            found.append(
                Interval(
                    state.organization_id,
                    state.preset_id,
                    state.enabled,
                    camera.created_ms,
                    state.from_ms,
                    None,
                )
            )
        if history.ended_ms is not None and history.ended_ms <= now_ms:
            found[-1] = replace(found[-1], to_ms=history.ended_ms)
    return [one for one in found if one.to_ms != one.from_ms]


def local_days(start: int, end: int, zone: ZoneInfo) -> Iterator[tuple[date, int, int]]:
    """The local days that `[start, end)` touches, each with its own bounds, unclipped."""
    day = from_ms(start).astimezone(zone).date()
    while (opens := _midnight(day, zone)) < end:
        closes = _midnight(day + timedelta(days=1), zone)
        if closes > start and closes > opens:
            yield day, opens, closes
        day += timedelta(days=1)


def _midnight(day: date, zone: ZoneInfo) -> int:
    return to_ms(datetime.combine(day, time(0), zone))


def day_of(cameras: list[Camera], day: date, start: int, end: int) -> Day | None:
    """What held within `[start, end)`; None when there was no such camera then."""
    recorded = 0
    states: list[State] = []
    for camera in cameras:
        history = camera.history
        recorded += history.recorded_ms(start, end)
        for index, state in enumerate(history.states):
            if state.from_ms < end and history.end(index, end) > start:
                states.append(state)
    if not states:
        return None
    return Day(
        day=day,
        recorded_ms=recorded,
        enabled=any(state.enabled for state in states),
        continuous_depth_ms=max(state.dvr.depth_ms for state in states),
        motion_depth_ms=max(state.dvr.lock_ms for state in states),
        faces=any(state.alg == "faces" for state in states),
        plates=any(state.alg == "plates" for state in states),
    )


@dataclass(frozen=True, slots=True)
class Size:
    """The archive's highest size, and its size summed over time, within an interval."""

    peak_bytes: int
    byte_seconds: int


def size(history: History, start: int, end: int) -> Size:
    """How large the archive was over `[start, end)`.

    Between the instants where it can bend the size is a straight line; bends that cannot be known
    beforehand, as when an archive becomes full, are found by halving, to within a second.
    """
    peak = doubled = 0
    for index, state in enumerate(history.states):
        opens, closes = max(start, state.from_ms), min(end, history.end(index, end))
        if opens >= closes:
            continue
        sizes = {at: history.stored(at, index).bits for at in _bends(history, index, opens, closes)}
        for left, right in pairwise(sorted(sizes)):
            peak_here, doubled_here = _under(
                history, index, (left, sizes[left]), (right, sizes[right])
            )
            peak = max(peak, peak_here)
            doubled += doubled_here
    # Twice the bits times milliseconds, to bytes times seconds.
    return Size(peak // 8, doubled // 16_000)


def _bends(history: History, index: int, opens: int, closes: int) -> set[int]:
    """Instants of `[opens, closes]` where footage of another kind begins to come or to go."""
    state = history.states[index]
    kept = state.dvr.depth_ms + state.dvr.lock_ms
    delays = (0, state.dvr.depth_ms, kept)
    found = {opens, closes}
    edges = {state.low_main_ms, state.low_lock_ms}
    for before, begins, ends in history.pieces(index, opens - kept, closes):
        edges |= {begins, ends}
        motion = before.records if before.dvr.depth_ms == 0 else before.locks
        if motion is not None:
            edges |= {edge for span in motion.spans(begins, ends) for edge in span}
    found |= {edge + delay for edge in edges for delay in delays}
    return {at for at in found if opens <= at <= closes}


def _under(
    history: History, index: int, left: tuple[int, int], right: tuple[int, int]
) -> tuple[int, int]:
    """(highest, twice the area) of the size between two points."""
    peak = max(left[1], right[1])
    doubled = 0
    stack = [(left, right)]
    while stack:
        (start, low), (end, high) = stack.pop()
        middle = (start + end) // 2
        if end - start > _BEND_MS:
            actual = history.stored(middle, index).bits
            straight = low + (high - low) * (middle - start) // (end - start)
            if abs(actual - straight) > history.states[index].kbps + 1:
                peak = max(peak, actual)
                stack += [((start, low), (middle, actual)), ((middle, actual), (end, high))]
                continue
        doubled += (low + high) * (end - start)
    return peak, doubled


def report(
    world: World,
    start: int,
    end: int,
    zone: ZoneInfo,
    *,
    names: list[str] | None = None,
    with_bytes: bool = True,
) -> Iterator[dict[str, object]]:
    """Per camera that was there within `[start, end)`: everything above, as it is sent."""
    end = min(end, world.now_ms)
    days = list(local_days(start, end, zone)) if start < end else []
    for name in world.all_names() if names is None else names:
        cameras = [camera for camera in world.cameras_named(name) if _was_there(camera, start, end)]
        if not cameras:
            continue
        answer: dict[str, object] = {
            "name": name,
            "intervals": [_interval(one, start, end) for one in _within(cameras, start, end)],
            "recorded_seconds": sum(one.history.recorded_ms(start, end) for one in cameras) / 1000,
            "days": [
                _day(found)
                for day, opens, closes in days
                if (found := day_of(cameras, day, max(opens, start), min(closes, end))) is not None
            ],
        }
        if with_bytes:
            sizes = [size(one.history, start, end) for one in cameras]
            answer["peak_bytes"] = max(one.peak_bytes for one in sizes)
            answer["byte_seconds"] = sum(one.byte_seconds for one in sizes)
        yield answer


def _was_there(camera: Camera, start: int, end: int) -> bool:
    ended = camera.history.ended_ms
    return camera.created_ms < end and (ended is None or ended > start)


def _within(cameras: list[Camera], start: int, end: int) -> list[Interval]:
    return [
        one
        for one in intervals(cameras, end)
        if one.from_ms < end and (one.to_ms is None or one.to_ms > start)
    ]


def _interval(interval: Interval, start: int, end: int) -> dict[str, object]:
    """Clipped to what was asked; `to` is null only for what goes on at its end."""
    to = interval.to_ms
    return {
        "preset_id": interval.preset_id,
        "organization_id": interval.organization_id,
        "enabled": interval.enabled,
        "created_at": text(interval.created_ms),
        "from": text(max(interval.from_ms, start)),
        "to": None if to is None or to > end else text(to),
    }


def _day(day: Day) -> dict[str, object]:
    return {
        "day": day.day.isoformat(),
        "recorded_seconds": day.recorded_ms / 1000,
        "enabled": day.enabled,
        "continuous_depth_days": day.continuous_depth_ms / DAY_MS,
        "motion_depth_days": day.motion_depth_ms / DAY_MS,
        "faces": day.faces,
        "plates": day.plates,
    }
