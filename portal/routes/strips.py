"""A month as a strip of days: the shapes that `macros/strip.html` draws. Pure; no request, no HTML.

Heights are in a box of 40 from the bottom up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, Literal

HEIGHT: Final = 40
HEAD: Final = 4
"""Free above the highest value, so that its line is seen."""
LEAST: Final = 2
"""A value that is more than nothing is seen."""

State = Literal["full", "part", "none", "missing", "off"]


@dataclass(frozen=True, slots=True)
class Day:
    """A day as it is known: its value and what it should be; None where there is none."""

    day: date
    state: State
    value: Decimal | None
    target: Decimal | None


@dataclass(frozen=True, slots=True)
class Cell:
    """A day as it is drawn; `title` says it in words."""

    label: str
    state: State
    title: str
    bar: float
    target: float | None


@dataclass(frozen=True, slots=True)
class Strip:
    """A row of days with what it is of, and in a few words how it stands."""

    name: str
    note: str
    cells: tuple[Cell, ...]
    has_values: bool


def strip(name: str, note: str, days: Sequence[Day], *, title: Callable[[Day], str]) -> Strip:
    """The row of `days`, all on one scale from nothing to the highest value or target."""
    known = [one for day in days for one in (day.value, day.target) if one is not None]
    highest = max(known, default=Decimal(0)) or Decimal(1)

    def height(value: Decimal | None) -> float:
        share = float((value or 0) / highest) * (HEIGHT - HEAD)
        return round(max(share, LEAST), 2) if value else 0.0

    cells = tuple(
        Cell(
            str(one.day.day),
            one.state,
            title(one),
            height(one.value),
            None if not one.target else round(HEIGHT - height(one.target), 2),
        )
        for one in days
    )
    return Strip(name, note, cells, any(one.value for one in days))


def state_of(value: Decimal | None, target: Decimal | None, *, is_known: bool) -> State:
    """How a day that counts stands; `is_known` says whether anything is known of it."""
    if value is None:
        return "none" if is_known else "missing"
    if not value:
        return "none"
    return "part" if target is not None and value < target else "full"
