"""What a camera has recorded, and what of it is still stored, worked out from its history.

Nothing ticks. A camera's history is a list of states, each holding from one instant until the next
begins; every figure is a sum over the few states of an interval: a year costs what a minute does.
Times are integer milliseconds since 1970 in UTC and amounts are bits, so all sums are exact.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Pattern:
    """Motion that comes back: `lasts_ms` at the start of every `every_ms`, counted from `phase_ms`.

    Example: 10 minutes every 6 hours is `Pattern(21_600_000, 600_000)`.
    """

    every_ms: int
    lasts_ms: int
    phase_ms: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.lasts_ms <= self.every_ms:
            raise ValueError("motion lasts more than 0 ms and at most as long as its period")

    def elapsed(self, at: int) -> int:
        """Active milliseconds between the phase and `at`; never falls as `at` grows."""
        whole, rest = divmod(at - self.phase_ms, self.every_ms)
        return whole * self.lasts_ms + min(rest, self.lasts_ms)

    def between(self, start: int, end: int) -> int:
        """Active milliseconds of `[start, end)`."""
        return self.elapsed(end) - self.elapsed(start) if end > start else 0

    def reached(self, elapsed: int) -> int:
        """The last instant whose `elapsed` is this: the inverse."""
        whole, rest = divmod(elapsed, self.lasts_ms)
        return self.phase_ms + whole * self.every_ms + rest

    def spans(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The active spans of `[start, end)`, clipped to it, in order."""
        if self.lasts_ms == self.every_ms:
            if start < end:
                yield start, end
            return
        opens = start - (start - self.phase_ms) % self.every_ms
        while opens < end:
            span = max(opens, start), min(opens + self.lasts_ms, end)
            if span[0] < span[1]:
                yield span
            opens += self.every_ms


ALWAYS = Pattern(1, 1)


@dataclass(frozen=True, slots=True)
class Dvr:
    """How a camera keeps its archive.

    `depth_ms`: all footage is kept this long; 0 records nothing but motion.
    `lock_ms`: footage of motion is kept this much longer; 0 for not at all.
    `space_bytes`: at most this much footage that no motion locks; None for no limit.
    """

    depth_ms: int = 0
    lock_ms: int = 0
    space_bytes: int | None = None

    @property
    def is_live_only(self) -> bool:
        """Whether nothing at all is kept."""
        return self.depth_ms == 0 and self.lock_ms == 0


LIVE_ONLY = Dvr()


@dataclass(frozen=True, slots=True)
class State:
    """Everything about a camera that footage depends on, from `from_ms` until the next state.

    `low_main_ms` and `low_lock_ms` are where its stored footage began when the state did: what was
    deleted before a longer archive was bought does not come back.
    """

    from_ms: int
    organization_id: int
    preset_id: int | None
    enabled: bool
    alive: bool
    kbps: int
    motion: Pattern | None
    dvr: Dvr
    alg: str | None
    low_main_ms: int
    low_lock_ms: int

    @property
    def records(self) -> Pattern | None:
        """When footage is written: always, with motion, or None for never."""
        if not (self.enabled and self.alive):
            return None
        if self.dvr.depth_ms > 0:
            return ALWAYS
        return self.motion if self.dvr.lock_ms > 0 else None

    @property
    def locks(self) -> Pattern | None:
        """When the footage that is written is locked by motion."""
        if not (self.enabled and self.alive and self.dvr.lock_ms > 0):
            return None
        return self.motion


@dataclass(frozen=True, slots=True)
class Stored:
    """An archive at one instant. `first_ms` and `last_ms` are None when it is empty."""

    bits: int
    duration_ms: int
    first_ms: int | None
    last_ms: int | None

    @property
    def stored_bytes(self) -> int:
        """Its size."""
        return self.bits // 8

    @property
    def depth_ms(self) -> int:
        """From the start of its first segment to the end of its last."""
        return 0 if self.first_ms is None or self.last_ms is None else self.last_ms - self.first_ms


@dataclass(slots=True)
class History:
    """The states of one camera, in order, and when it ended."""

    states: list[State] = field(default_factory=list)
    ended_ms: int | None = None

    @property
    def last(self) -> State:
        """The state in force now."""
        return self.states[-1]

    def index(self, at: int) -> int:
        """Index of the state in force at an instant; -1 before the first."""
        return bisect_right(self.states, at, key=lambda state: state.from_ms) - 1

    def end(self, index: int, at: int) -> int:
        """Where a state ends, seen from `at`."""
        after = self.states[index + 1].from_ms if index + 1 < len(self.states) else at
        return min(after, at) if self.ended_ms is None else min(after, at, self.ended_ms)

    def pieces(self, index: int, low: int, at: int) -> Iterator[tuple[State, int, int]]:
        """States up to `index` with their part of `[low, at)`, the latest first."""
        for position in range(index, -1, -1):
            state = self.states[position]
            start, end = max(state.from_ms, low), self.end(position, at)
            if start < end:
                yield state, start, end
            if state.from_ms <= low:
                return

    def marks(self, index: int, at: int) -> tuple[int, int]:
        """Where stored footage begins at an instant of a state: all of it, and what is locked."""
        state = self.states[index]
        dvr = state.dvr
        main = max(state.low_main_ms, at - dvr.depth_ms)
        if dvr.space_bytes is not None:
            main = max(main, self._overwritten_up_to(index, at, main, dvr.space_bytes * 8))
        if dvr.lock_ms == 0:
            return main, main
        return main, min(main, max(state.low_lock_ms, at - dvr.depth_ms - dvr.lock_ms))

    def _overwritten_up_to(self, index: int, at: int, low: int, limit_bits: int) -> int:
        left = limit_bits
        for state, start, end in self.pieces(index, low, at):
            pattern = state.records
            if pattern is None or state.kbps == 0:
                continue
            # 1 kbit/s is 1 bit a millisecond.
            bits = pattern.between(start, end) * state.kbps
            if bits > left:
                return pattern.reached(pattern.elapsed(end) - left // state.kbps)
            left -= bits
        return low

    def _kept(self, index: int, at: int) -> Iterator[tuple[State, Pattern, int, int]]:
        """What is stored at an instant: (state, pattern, start, end), the latest first."""
        main, lock = self.marks(index, at)
        for state, start, end in self.pieces(index, lock, at):
            records, locks = state.records, state.locks
            if records is not None and max(start, main) < end:
                yield state, records, max(start, main), end
            if locks is not None and start < min(end, main):
                yield state, locks, start, min(end, main)

    def stored(self, at: int, index: int | None = None) -> Stored:
        """The archive at an instant, in the state of that instant or in the one given.

        A state's last instant belongs to the next one, which may have deleted footage: `index`
        asks for the archive just before that.
        """
        if index is None:
            index = -1 if self.ended_ms is not None and at >= self.ended_ms else self.index(at)
        if index < 0:
            return Stored(0, 0, None, None)
        bits = duration = 0
        first: int | None = None
        last: int | None = None
        for state, pattern, start, end in self._kept(index, at):
            active = pattern.between(start, end)
            if active == 0:
                continue
            bits += active * state.kbps
            duration += active
            first = pattern.reached(pattern.elapsed(start))
            if last is None:
                last = _active_until(pattern, end)
        return Stored(bits, duration, first, last)

    def ranges(self, at: int) -> list[tuple[int, int]]:
        """The stored footage at an instant as `[start, end)` spans with gaps between, in order."""
        index = self.index(at)
        if index < 0 or self.ended_ms is not None:
            return []
        found: list[tuple[int, int]] = []
        for _, pattern, start, end in reversed(list(self._kept(index, at))):
            for span in pattern.spans(start, end):
                if found and found[-1][1] >= span[0]:
                    found[-1] = found[-1][0], max(found[-1][1], span[1])
                else:
                    found.append(span)
        return found

    def recorded_ms(self, start: int, end: int) -> int:
        """Milliseconds of footage written within `[start, end)`, kept or not."""
        index = self.index(end)
        return sum(
            state.records.between(begins, ends)
            for state, begins, ends in self.pieces(index, start, end)
            if state.records is not None
        )


def _active_until(pattern: Pattern, end: int) -> int:
    """The end of the last active instant before `end`."""
    whole, rest = divmod(end - pattern.phase_ms, pattern.every_ms)
    if rest == 0:
        return pattern.phase_ms + (whole - 1) * pattern.every_ms + pattern.lasts_ms
    return pattern.phase_ms + whole * pattern.every_ms + min(rest, pattern.lasts_ms)
