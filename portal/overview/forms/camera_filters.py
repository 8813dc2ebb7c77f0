"""What a list of cameras may be narrowed to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

STATES: Final = ("on_tariff", "without", "suspended", "unowned")
WITHOUT: Final = "-"
"""A tariff's code can be no sign alone: cameras without a tariff."""
KEEPS: Final = "keeps"
LOSES: Final = "loses"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which cameras to list; None is all.

    `text` is the beginning of a word of a name or id; `subscriber` a number; `tariff` a code,
    WITHOUT for none; `state` one of STATES; `off` is KEEPS for cameras that keep more than sold,
    LOSES for those that lost money in the last closed month. `missing` is a day: cameras that were
    on a tariff then, without usage.
    """

    text: str | None = None
    subscriber: int | None = None
    tariff: str | None = None
    state: str | None = None
    off: str | None = None
    missing: date | None = None

    @property
    def looks(self) -> bool:
        """Whether each camera has to be looked at to know if it fits."""
        return bool(self.text or self.tariff or self.state or self.off or self.missing)
