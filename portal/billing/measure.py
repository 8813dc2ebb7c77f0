"""What is measured: services, and a camera's usage day by day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Final

ENABLED: Final = "camera.enabled"
"""The meter that says whether a camera was enabled on a day: 1 or 0, or unknown."""


class Measure(StrEnum):
    """How a period's daily values become one quantity."""

    UNIT_MONTH = "unit_month"
    TOTAL = "total"
    PEAK = "peak"


@dataclass(frozen=True, slots=True)
class Service:
    """What is sold: a meter, measured in units of `unit_size` base units."""

    id: int
    code: str
    meter: str
    unit_size: int
    measure: Measure

    def __post_init__(self) -> None:
        if self.unit_size < 1:
            raise ValueError("a unit holds at least one base unit")

    def divisor(self, days: int) -> int:
        """Base units (summed over days, or the highest) in one unit, in a period of `days` days.

        Example: a GB-month in October is 31 × 1 000 000 000 byte-days.
        """
        return self.unit_size * days if self.measure is Measure.UNIT_MONTH else self.unit_size

    def quantity(self, total: int, peak: int, days: int) -> Fraction:
        """What a period of `days` days is billed by, in units, of base units by camera and day.

        `total` is their sum; `peak` the highest of a camera, or the sum of every camera's highest.
        Example: 7 days of archive on each of 16 of October's 31 days are 112 ÷ 31.
        """
        base = peak if self.measure is Measure.PEAK else total
        return Fraction(base, self.divisor(days))

    def units(self, base: int) -> Fraction:
        """Base units of one day in units: 7 200 s of footage are 2 hours."""
        return Fraction(base, self.unit_size)


Daily = Sequence[int | None]
"""One meter of one camera: base units for each day of the period, None where no row is."""


@dataclass(frozen=True, slots=True)
class CameraUsage:
    """All usage of one camera in a period, by meter."""

    camera: int
    external_id: str
    daily: Mapping[str, Daily]

    def meter(self, meter: str, days: int) -> Daily | None:
        """The daily values of a meter. Raises `ValueError` when they are not one for each day."""
        daily = self.daily.get(meter)
        if daily is not None and len(daily) != days:
            raise ValueError(f"{len(daily)} values of {meter} for {days} days")
        return daily


def base_quantity(measure: Measure, values: Daily) -> int:
    """The sum of daily values, or the highest for `peak`, in base units; an absent day counts 0."""
    if measure is Measure.PEAK:
        return max(filter(None, values), default=0)
    try:
        return sum(values)  # type: ignore[arg-type] # mostly no day is absent, and this is quicker
    except TypeError:
        return sum(filter(None, values))
