"""What a usage row must satisfy, whoever sends it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from portal.billing.period import day_seconds, parse_day
from portal.errors import Invalid
from portal.words import _

QUANTITY_MAX: Final = 2**63 - 1
FLAG: Final = "flag"
RECORDING_TIME: Final = "recording.time"
DAY_FIRST: Final = date(2000, 1, 1)
"""Before it no usage is taken."""


@dataclass(frozen=True, slots=True)
class Meter:
    """One daily fact about a camera, counted in `base_unit`."""

    id: int
    key: str
    base_unit: str
    kind: str


class Calendar:
    """Reads the days of one cloud: each must exist in its zone, and have come by `today`.

    Remembers what it has read: a sheet of 50 000 rows names a few dozen days.
    """

    def __init__(self, zone: str, today: date) -> None:
        self.zone = zone
        self.today = today
        self._known: dict[str, tuple[date, int]] = {}

    def read(self, text: str) -> tuple[date, int]:
        """The date and its length in seconds. Raises `Invalid({"day": …})`."""
        known = self._known.get(text)
        if known is not None:
            return known
        day = parse_day(text)
        seconds = day_seconds(day, self.zone)
        if seconds == 0:
            raise Invalid(
                {
                    "day": _("%(text)s is not in the calendar of %(zone)s")
                    % {"text": text, "zone": self.zone}
                }
            )
        if day > self.today:
            raise Invalid(
                {"day": _("%(text)s has not come in %(zone)s") % {"text": text, "zone": self.zone}}
            )
        self._known[text] = day, seconds
        return day, seconds


def refusal(meter: Meter, quantity: int, seconds: int) -> str | None:
    """Why a quantity cannot be, on a day of so many seconds; None when it can.

    Example: 90 000 s of `recording.time` fit only the day of 25 hours on which clocks go back.
    """
    if quantity < 0:
        return _("quantity: must not be negative")
    if quantity > QUANTITY_MAX:
        return _("quantity: must fit 64 bits")
    if meter.base_unit == FLAG and quantity > 1:
        return _("quantity: %(key)s is a flag, 0 or 1") % {"key": meter.key}
    if meter.key == RECORDING_TIME and quantity > seconds:
        return _("quantity: that day has %(seconds)s seconds") % {"seconds": seconds}
    return None
