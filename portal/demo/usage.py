"""What the demo's cameras did on each day. Invented, but the same at every call on the same day."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain
from random import Random
from typing import Final

from portal.billing.measure import ENABLED
from portal.billing.period import day_seconds
from portal.demo import prices
from portal.demo.fleet import Camera, Stretch
from portal.demo.months import Months
from portal.demo.prices import Tariff

STORED: Final = "archive.stored"
RECORDED: Final = "recording.time"
DEPTHS: Final = {
    prices.CONTINUOUS: "recording.continuous.depth",
    prices.MOTION: "recording.motion.depth",
}
# Where plates pass and faces come in; elsewhere the analytics of a tariff are not switched on.
WATCHED: Final = {
    prices.PLATES: ("analytics.plates", {"Gate", "Entry lane", "Exit lane", "Ramp lane", "Garage"}),
    prices.FACES: ("analytics.faces", {"Entrance", "Reception", "Lobby", "Till 1"}),
}
KBPS: Final = (1_000, 1_500, 2_000, 2_000, 3_000, 4_000)
BYTES_PER_KBIT: Final = 125
OPEN_AT_WEEKENDS: Final = {"home", "hotel", "parking", "farm"}

Reading = tuple[str, date, int]
"""A meter's key, a day, a quantity in base units."""


@dataclass(frozen=True, slots=True)
class Setting:
    """How a camera is set while it is on a tariff: what its meters say on every day of it.

    `depth` days of archive, `continuous` or of motion only.
    """

    meters: Mapping[str, int]
    depth: int
    continuous: bool


@dataclass(frozen=True, slots=True)
class Habits:
    """What a camera is like: its rate, how much moves before it, its bad days."""

    kbps: int
    motion: float
    rests: bool
    disabled: frozenset[date]
    offline: frozenset[date]


def readings(camera: Camera, tariffs: Mapping[str, Tariff], months: Months) -> Iterator[Reading]:
    """Everything a camera's meters said, day by day, up to yesterday."""
    rng = Random(f"usage of {camera.external_id}")  # noqa: S311 - always the same camera, no secret
    habits = _habits(rng, camera, months)
    archive: deque[int] = deque()  # bytes recorded on each day that is still kept
    for day, setting in _days(camera, tariffs, months):
        enabled = day not in habits.disabled
        yield ENABLED, day, int(enabled)
        for meter, quantity in setting.meters.items():
            yield meter, day, quantity
        if camera.exact:
            continue
        seconds = 0
        if enabled and day not in habits.offline:
            seconds = _recorded(rng, habits, setting, day, day_seconds(day, months.zone))
            yield RECORDED, day, seconds
        archive.append(int(seconds * habits.kbps * BYTES_PER_KBIT * rng.uniform(0.9, 1.1)))
        while len(archive) > setting.depth:
            archive.popleft()
        if stored := sum(archive):
            yield STORED, day, stored


def _days(
    camera: Camera, tariffs: Mapping[str, Tariff], months: Months
) -> Iterator[tuple[date, Setting]]:
    """The days a camera is there, each with how it is set."""
    *before, last = camera.stretches
    spans = chain(((stretch, stretch.ends_on) for stretch in before), [(last, camera.used_until)])
    for stretch, end in spans:
        setting = _setting(camera, stretch, tariffs[stretch.tariff])
        for day in months.days(stretch.starts_on, end):
            yield day, setting


def _setting(camera: Camera, stretch: Stretch, tariff: Tariff) -> Setting:
    """What a tariff includes, where there is something to see. A depth set by hand stays set."""
    meters: dict[str, int] = {}
    for service, meter in DEPTHS.items():
        if included := tariff.includes(service):
            kept = camera.depth if stretch.customer == camera.stretches[0].customer else 0
            meters[meter] = max(included, kept)
    depth = max(meters.values())
    for service, (meter, places) in WATCHED.items():
        if tariff.includes(service) and (camera.exact or camera.place in places):
            meters[meter] = 1
    return Setting(meters, depth, tariff.includes(prices.CONTINUOUS) > 0)


def _habits(rng: Random, camera: Camera, months: Months) -> Habits:
    """A few are switched off for days (of holiday homes a third), a few lose their line."""
    away = 33 if camera.stretches[0].tariff == "home-3" else 5
    return Habits(
        kbps=rng.choice(KBPS),
        motion=rng.uniform(0.03, 0.3),
        rests=camera.kind not in OPEN_AT_WEEKENDS,
        disabled=_bad_days(rng, away, (4, 16), months),
        offline=_bad_days(rng, 12, (1, 4), months),
    )


def _bad_days(
    rng: Random, percent: int, length: tuple[int, int], months: Months
) -> frozenset[date]:
    """A run of days, of a length in the range given, for so many in a hundred cameras."""
    chosen, start, days = rng.randrange(100), rng.randrange(90), rng.randint(*length)
    if chosen >= percent:
        return frozenset()
    return frozenset(months.first + timedelta(days=start + day) for day in range(days))


def _recorded(rng: Random, habits: Habits, setting: Setting, day: date, length: int) -> int:
    """Seconds recorded on a day of that length: all but a few, or while something moves."""
    if setting.continuous:
        return length - rng.randrange(240)
    quiet = habits.rests and day.weekday() > 4
    return int(length * habits.motion * rng.uniform(0.6, 1.4) * (0.4 if quiet else 1))
