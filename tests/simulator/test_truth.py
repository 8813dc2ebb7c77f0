"""The truth against a simulation that does tick: minute by minute, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from portal.demo.simulator import World, truth
from portal.demo.simulator.clock import from_ms, parse
from portal.demo.simulator.entities import DvrFields
from portal.demo.simulator.footage import Pattern

TICK_MS = 600_000
BEGINS_MS = parse("2026-10-24T20:00:00Z")  # Rome sets its clocks back in the following night.
TICKS = 200
ROME = ZoneInfo("Europe/Rome")

PRESETS: list[DvrFields] = [
    {"depth_ms": 0, "lock_ms": 0, "space_bytes": None},
    {"depth_ms": 9 * TICK_MS, "lock_ms": 0, "space_bytes": None},
    {"depth_ms": 30 * TICK_MS, "lock_ms": 0, "space_bytes": 700_000_000},
    {"depth_ms": 6 * TICK_MS, "lock_ms": 20 * TICK_MS, "space_bytes": None},
    {"depth_ms": 0, "lock_ms": 15 * TICK_MS, "space_bytes": None},
    {"depth_ms": 25 * TICK_MS, "lock_ms": 8 * TICK_MS, "space_bytes": 400_000_000},
]
MOTIONS = [None, Pattern(1, 1), Pattern(12 * TICK_MS, 3 * TICK_MS, BEGINS_MS + 2 * TICK_MS)]

event = st.one_of(
    st.tuples(st.just("alive"), st.booleans()),
    st.tuples(st.just("enabled"), st.booleans()),
    st.tuples(st.just("preset"), st.integers(1, len(PRESETS))),
    st.tuples(st.just("organization"), st.integers(1, 2)),
    st.tuples(st.just("kbps"), st.sampled_from([0, 300, 1000, 4000])),
    st.tuples(st.just("motion"), st.integers(0, len(MOTIONS) - 1)),
    st.tuples(st.just("edit"), st.tuples(st.integers(1, 6), st.integers(1, 6))),
    st.tuples(st.just("again"), st.just(0)),
)
later = st.lists(st.tuples(st.integers(1, TICKS - 1), event), max_size=12)
# Every history begins on some preset with some motion: those that stay live only are dull.
histories = st.builds(
    lambda preset, motion, rest: [(0, ("preset", preset)), (0, ("motion", motion)), *rest],
    st.integers(1, len(PRESETS)),
    st.integers(0, len(MOTIONS) - 1),
    later,
)


@dataclass
class Frame:
    start: int
    kbps: int
    is_locked: bool
    main_from: int
    lock_from: int

    @property
    def end(self) -> int:
        return self.start + TICK_MS

    @property
    def active_ms(self) -> int:
        active = self.end - max(self.start, self.main_from) if self.main_from < self.end else 0
        if self.is_locked:
            active += max(0, min(self.end, self.main_from) - max(self.start, self.lock_from))
        return active


class Ticking:
    """One camera, as a machine with a disk would live it."""

    def __init__(self) -> None:
        self.presets = [dict(one) for one in PRESETS]
        self.state = {"alive": True, "enabled": True, "preset": 1, "organization": 1, "kbps": 1000}
        self.motion: Pattern | None = None
        self.frames: list[Frame] = []
        self.recorded: dict[str, int] = {}
        self.sizes: list[tuple[int, int]] = []
        self.log: list[tuple[int, int, int, bool, int]] = []
        self.number = 0

    def change(self, kind: str, value) -> None:
        if kind == "motion":
            self.motion = MOTIONS[value]
        elif kind == "edit":
            self.presets[value[0] - 1] = dict(PRESETS[value[1] - 1])
        elif kind == "again":
            self.frames.clear()
            self.motion = None
            self.state |= {"alive": True, "enabled": True, "kbps": 1000}
            self.number += 1
        else:
            self.state[kind] = value

    @property
    def dvr(self):
        return self.presets[self.state["preset"] - 1]

    def record(self, at: int) -> None:
        state = self.state
        self.log.append(
            (at, state["preset"], state["organization"], bool(state["enabled"]), self.number)
        )
        moves = self.motion is not None and self.motion.between(at, at + TICK_MS) > 0
        is_locked = moves and self.dvr["lock_ms"] > 0
        if not (state["alive"] and state["enabled"]):
            return
        if self.dvr["depth_ms"] > 0 or is_locked:
            main = at if self.dvr["depth_ms"] > 0 else at + TICK_MS
            self.frames.append(Frame(at, state["kbps"], is_locked, main, at))
            day = str(from_ms(at).astimezone(ROME).date())
            self.recorded[day] = self.recorded.get(day, 0) + TICK_MS

    def clean(self, now: int) -> None:
        dvr = self.dvr
        left = None if dvr["space_bytes"] is None else dvr["space_bytes"] * 8
        low = now - dvr["depth_ms"]
        if left is not None:
            for frame in reversed(self.frames):
                if frame.end <= max(low, frame.main_from):
                    continue
                kept_ms = frame.end - max(frame.start, low, frame.main_from)
                if frame.kbps and kept_ms * frame.kbps > left:
                    low = max(low, frame.end - left // frame.kbps)
                    break
                left -= kept_ms * frame.kbps
        for frame in self.frames:
            frame.main_from = max(frame.main_from, low)
            gone = now - dvr["depth_ms"] - dvr["lock_ms"] if dvr["lock_ms"] else frame.main_from
            frame.lock_from = max(frame.lock_from, gone)
        self.frames = [frame for frame in self.frames if frame.active_ms > 0]

    def bits(self) -> int:
        return sum(frame.active_ms * frame.kbps for frame in self.frames)


def world() -> World:
    made = World(BEGINS_MS)
    for number in (1, 2):
        made.add_organization({"title": f"Organization {number}"}, number)
    for number, dvr in enumerate(PRESETS, 1):
        made.add_preset({"title": f"Preset {number}", "dvr": dvr}, number)
    made.add_camera({"organization_id": 1, "preset_id": 1}, "gate")
    return made


def change(made: World, kind: str, value) -> None:
    if kind == "edit":
        made.edit_preset(value[0], {"dvr": PRESETS[value[1] - 1]})
    elif kind == "motion":
        made.edit_camera("gate", {"motion": MOTIONS[value]})
    elif kind == "again":
        state = made.camera("gate").now
        made.delete_camera("gate")
        made.add_camera(
            {"organization_id": state.organization_id, "preset_id": state.preset_id}, "gate"
        )
    else:
        field = {"preset": "preset_id", "organization": "organization_id"}.get(kind, kind)
        made.edit_camera("gate", {field: value})  # type: ignore[misc]


def expected_intervals(log: list[tuple[int, int, int, bool, int]], end: int) -> list[tuple]:
    starts = [log[0], *(right for left, right in pairwise(log) if left[1:] != right[1:])]
    ends = [start[0] for start in starts[1:]] + [end]
    return [(*start[1:4], start[0], until) for start, until in zip(starts, ends, strict=True)]


@settings(max_examples=60)
@given(histories)
def test_any_history_is_what_a_ticking_machine_would_have_lived(events_of_one) -> None:
    made, ticking = world(), Ticking()
    events = sorted(events_of_one, key=lambda one: one[0])
    for tick in range(TICKS):
        now = BEGINS_MS + tick * TICK_MS
        due = [what for at, what in events if at == tick]
        if due:
            made.advance(now)
            for kind, value in due:
                ticking.change(kind, value)
                change(made, kind, value)
            ticking.clean(now)
        if due or tick % 17 == 0:
            compare(made, ticking, now)
        ticking.record(now)
        ticking.clean(now + TICK_MS)
        ticking.sizes.append((now + TICK_MS, ticking.bits()))
    end = BEGINS_MS + TICKS * TICK_MS
    made.advance(end)
    compare(made, ticking, end)

    (camera,) = truth.report(made, BEGINS_MS, end, ROME)
    found = [
        (one.preset_id, one.organization_id, one.enabled, one.from_ms, one.to_ms or end)
        for one in truth.intervals(made.cameras_named("gate"), end)
    ]
    assert found == expected_intervals(ticking.log, end)
    per_day = {one["day"]: one["recorded_seconds"] * 1000 for one in camera["days"]}  # type: ignore[attr-defined]
    assert {day: ms for day, ms in per_day.items() if ms} == ticking.recorded
    assert camera["recorded_seconds"] == sum(ticking.recorded.values()) / 1000
    compare_sizes(camera, ticking)


def compare(made: World, ticking: Ticking, now: int) -> None:
    made.advance(now)
    history = made.camera("gate").history
    stored = history.stored(now)
    # An archive that is full is cut in the middle of a millisecond by the one, not by the other.
    assert abs(stored.bits - ticking.bits()) <= 4000 * 3
    active = sum(frame.active_ms for frame in ticking.frames)
    assert abs(stored.duration_ms - active) <= 3
    ranges = history.ranges(now)
    assert sum(end - start for start, end in ranges) == stored.duration_ms
    assert all(left[1] < right[0] for left, right in pairwise(ranges))
    if ranges:
        assert (stored.first_ms, stored.last_ms) == (ranges[0][0], ranges[-1][1])


def compare_sizes(camera, ticking: Ticking) -> None:
    peak = max(bits for _, bits in ticking.sizes) // 8
    # Between two ticks an archive can grow by what a tick records before something is deleted.
    assert peak - 8000 <= camera["peak_bytes"] <= peak + 4000 * TICK_MS // 8
    area = sum(bits for _, bits in ticking.sizes) * TICK_MS // 8000
    slack = TICKS * TICK_MS // 1000 * 4000 * TICK_MS // 8
    assert abs(camera["byte_seconds"] - area) <= slack


def test_the_size_of_a_plain_archive_is_exact() -> None:
    made = world()
    made.edit_camera("gate", {"preset_id": 2})
    end = BEGINS_MS + 20 * TICK_MS
    made.advance(end)
    size = truth.size(made.camera("gate").history, BEGINS_MS, end)
    # 1000 kbit/s is 75 MB in ten minutes; it grows for 9 of them, then stays.
    assert size.peak_bytes == 9 * 75_000_000
    assert size.byte_seconds == 75_000_000 * 600 * (9 * 9 // 2) + 75_000_000 * 600 * 9 * 11 + (
        75_000_000 * 300
    )


def test_a_full_archive_stays_full_while_it_records() -> None:
    made = world()
    made.edit_camera("gate", {"preset_id": 3})
    end = BEGINS_MS + 28 * TICK_MS
    made.advance(end)
    assert made.camera("gate").history.stored(end).stored_bytes == 700_000_000
    assert made.camera("gate").history.recorded_ms(BEGINS_MS, end) == 28 * TICK_MS
    size = truth.size(made.camera("gate").history, BEGINS_MS, end)
    full_after = 700_000_000 * 8 / 1000 / 1000
    expected = 700_000_000 * (28 * 600 - full_after / 2)
    assert size.peak_bytes == 700_000_000
    assert abs(size.byte_seconds - expected) / expected < 1e-6


def test_a_year_of_a_thousand_cameras_is_read_at_once() -> None:
    made = world()
    for number in range(1000):
        made.add_camera({"organization_id": 2, "preset_id": 2}, f"cam{number}")
    made.advance(BEGINS_MS + 366 * 86_400_000)
    stored = [made.camera(f"cam{number}").history.stored(made.now_ms) for number in range(1000)]
    assert {one.stored_bytes for one in stored} == {9 * 75_000_000}
