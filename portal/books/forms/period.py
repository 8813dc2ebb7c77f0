"""Closing a period."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from portal.values.kinds import Flag, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseForm:
    """Whether days without complete usage are accepted, and why."""

    accept_gaps: Annotated[bool, Flag()] = False
    reason: Annotated[str, Text(300, minimum=0)] = ""
