"""What an eye-witness saw at each complete reading, and what must follow from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

from portal.demo.simulator import World as Watched
from portal.demo.simulator import truth
from portal.demo.simulator.clock import from_ms, to_ms
from portal.demo.simulator.entities import Camera

DAY_MS = 86_400_000


Subscribed = tuple[str, int, str, date, date | None]


@dataclass(frozen=True)
class Seen:
    """A camera as it was in Watcher at one instant."""

    organization: int
    preset: int | None
    enabled: bool
    created_ms: int
    facts: Mapping[str, int]
    camera: Camera
    ranges: frozenset[tuple[int, int]]


@dataclass
class Diary:
    """What there was at each complete reading, and what follows by the rules, told once more."""

    entries: list[tuple[datetime, dict[str, Seen]]] = field(default_factory=list)
    is_lossy: bool = False

    def write(self, at: datetime, world: Watched) -> None:
        found = {}
        for name, camera in world.cameras.items():
            state = camera.now
            found[name] = Seen(
                state.organization_id,
                state.preset_id,
                state.enabled,
                camera.created_ms,
                {
                    "camera.enabled": int(state.enabled),
                    "recording.continuous.depth": ceil(state.dvr.depth_ms / DAY_MS),
                    "recording.motion.depth": ceil(state.dvr.lock_ms / DAY_MS),
                    "analytics.faces": int(state.alg == "faces"),
                    "analytics.plates": int(state.alg == "plates"),
                    "archive.stored": camera.history.stored(world.now_ms).stored_bytes,
                },
                camera,
                frozenset(camera.history.ranges(world.now_ms)),
            )
        self.entries.append((at, found))

    def names(self, organizations: set[int]) -> set[str]:
        """Cameras that were ever seen in one of the organizations."""
        return {
            name
            for _, cameras in self.entries
            for name, seen in cameras.items()
            if seen.organization in organizations
        }

    def subscriptions(
        self,
        zone: str,
        subscribers: Mapping[int, int],
        tariffs: Mapping[int, str],
        *,
        api: str,
        organizations: set[int],
    ) -> list[Subscribed]:
        """What presets make, by organization → subscriber and preset → tariff."""
        made: list[Subscribed] = []
        for name in sorted(self.names(organizations)):
            running: tuple[Any, ...] | None = None
            begun = date.min
            before: datetime | None = None
            for at, cameras in self.entries:
                seen = cameras.get(name)
                if seen is not None and seen.organization not in organizations:
                    seen = None
                day = local(at, zone)
                if api == "v3" and seen is not None and before is not None:
                    created = from_ms(seen.created_ms)
                    if before < created <= at:
                        day = local(created, zone)
                born = None if seen is None or api != "v3" else seen.created_ms
                now = None if seen is None else (seen.organization, seen.preset, born)
                if now != running:
                    if running is not None and begun < day:
                        made += self._mapped(name, running, begun, day, subscribers, tariffs)
                    running, begun = now, day
                before = at
            if running is not None:
                made += self._mapped(name, running, begun, None, subscribers, tariffs)
        return sorted(made, key=lambda one: (one[0], one[3]))

    @staticmethod
    def _mapped(
        name: str,
        state: tuple[Any, ...],
        begun: date,
        ended: date | None,
        subscribers: Mapping[int, int],
        tariffs: Mapping[int, str],
    ) -> list[Subscribed]:
        organization, preset, _ = state
        if organization not in subscribers or preset not in tariffs:
            return []
        return [(name, subscribers[organization], tariffs[preset], begun, ended)]

    def usage(
        self, zone: str, *, api: str, organizations: set[int]
    ) -> dict[tuple[str, str, date], int]:
        """What readings of an API make of each day.

        Footage is what was recorded, or, where it may have been deleted before any reading, what
        was shown.
        """
        found: dict[tuple[str, str, date], int] = {}
        histories: dict[str, dict[int, tuple[Camera, datetime, set[tuple[int, int]]]]] = {}
        for at, cameras in self.entries:
            for name, seen in cameras.items():
                if seen.organization not in organizations:
                    continue
                of_name = histories.setdefault(name, {})
                shown = of_name[seen.created_ms][2] if seen.created_ms in of_name else set()
                of_name[seen.created_ms] = seen.camera, at, shown | seen.ranges
                for meter, quantity in seen.facts.items():
                    if meter == "archive.stored" and api != "v3":
                        continue
                    key = name, meter, local(at, zone)
                    found[key] = max(quantity, found.get(key, 0))
        if api == "v2 by key":
            return found
        for name, of_name in histories.items():
            for day, length in self._footage(of_name.values(), zone).items():
                if length >= 1000:
                    found[name, "recording.time", day] = length // 1000
        return found

    def _footage(
        self, cameras: Iterable[tuple[Camera, datetime, set[tuple[int, int]]]], zone: str
    ) -> dict[date, int]:
        """Milliseconds of footage of each day, over all cameras of one name."""
        lengths: dict[date, int] = {}
        for camera, last_seen, shown in cameras:
            span = min([camera.created_ms, *(one[0] for one in shown)]), to_ms(last_seen)
            for day, opens, closes in truth.local_days(*span, ZoneInfo(zone)):
                if self.is_lossy:
                    part = covered(shown, opens, closes)
                else:
                    part = camera.history.recorded_ms(max(opens, span[0]), min(closes, span[1]))
                lengths[day] = lengths.get(day, 0) + part
        return lengths


def covered(ranges: set[tuple[int, int]], opens: int, closes: int) -> int:
    """Milliseconds of `[opens, closes)` that lie in any of the ranges."""
    length, upto = 0, opens
    for begun, ended in sorted(ranges):
        start, end = max(begun, upto), min(ended, closes)
        if start < end:
            length, upto = length + end - start, end
    return length


def local(at: datetime, zone: str) -> date:
    """The day of a moment in a zone."""
    return at.astimezone(ZoneInfo(zone)).date()
