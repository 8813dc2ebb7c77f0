"""Offering a service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from portal.values.kinds import METER, Choice, Text, Whole, code_like

MEASURES: Final = ("unit_month", "total", "peak")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewService:
    """What the platform sells: a meter, measured in units of `unit_size` base units."""

    code: Annotated[str, code_like("motion-day")]
    name: Annotated[str, Text(example="1 day of motion-activated recording")]
    meter: Annotated[str, METER]
    unit: Annotated[str, Text(64, example="day")]
    unit_size: Annotated[int, Whole(1, text_too=True)]
    measure: Annotated[str, Choice(MEASURES)]
