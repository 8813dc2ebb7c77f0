"""Closing a period."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from portal.values.kinds import Flag


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseForm:
    """Whether days without complete usage are accepted."""

    accept_gaps: Annotated[bool, Flag()] = False
