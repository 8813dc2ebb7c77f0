"""Correcting a day's usage by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from portal.values.kinds import Day, ExternalId, Text, Whole
from portal.values.numbers import NUMBER


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCorrection:
    """A day's quantity as it should be, in the meter's base unit; it may be lower than before."""

    camera: Annotated[str, ExternalId()]
    day: Annotated[date, Day()]
    meter: Annotated[str, Text(64, example="recording.motion.depth")]
    quantity: Annotated[int, Whole(text_too=True)]
    connection: Annotated[int | None, NUMBER] = None
    reason: Annotated[str, Text(1000, example="Recorder was misconfigured")]
