"""The demo's months: three that have ended and the one that runs, by a cloud's own calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from portal.billing.period import Period, day_start, local_date

ENDED_MONTHS: Final = 3

When = tuple[int, int]
"""A month of the demo and a day of it: (0, 1) is the first day of the oldest month, (2, 16) the
16th of the one that ended last; month -1 is before all usage."""

FOUNDED: Final[When] = (-1, 20)


@dataclass(frozen=True, slots=True)
class Months:
    """What `When` means in a cloud's zone, seen from the day that is today there."""

    zone: str
    today: date

    @classmethod
    def at(cls, now: datetime, zone: str) -> Months:
        """The months of a zone at an instant."""
        return cls(zone, local_date(now, zone))

    @classmethod
    def since(cls, founded: datetime, zone: str) -> Months:
        """The same months again, from when the demo's cloud was founded."""
        running = Period.of(local_date(founded, zone))
        for _ in range(ENDED_MONTHS - FOUNDED[0]):
            running = running.next()
        return cls(zone, running.start)

    @property
    def founded(self) -> datetime:
        """Before the oldest month ends, so that it is due to be closed like any other."""
        return day_start(self.day(FOUNDED), self.zone)

    def day(self, when: When) -> date:
        """The date of a `When`."""
        month, day = when
        return Period.of(self.today).back(ENDED_MONTHS - month).day(day - 1)

    @property
    def first(self) -> date:
        """The first day with usage."""
        return self.day((0, 1))
