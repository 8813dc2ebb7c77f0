"""Closing a period."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final

from portal.billing.period import parse_day
from portal.errors import Invalid
from portal.values.kinds import Flag, Text

DAY: Final = "day-"


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseForm:
    """Whether all days without complete usage are accepted, and why."""

    accept_gaps: Annotated[bool, Flag()] = False
    reason: Annotated[str, Text(300, minimum=0)] = ""


def box_of(day: date) -> str:
    """The name of the box that accepts a day: "day-2026-10-18"."""
    return f"{DAY}{day.isoformat()}"


def accepted_days(sent: Mapping[str, str]) -> frozenset[date]:
    """The days whose boxes are ticked; a box that names no day accepts none."""
    return frozenset(
        day
        for name, value in sent.items()
        if value and name.startswith(DAY) and (day := _day(name.removeprefix(DAY))) is not None
    )


def _day(text: str) -> date | None:
    try:
        return parse_day(text)
    except Invalid:
        return None
