"""Looking at a portal as somebody else sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from portal.values.kinds import Choice, Text

MINUTES: Final = ("15", "30", "60")


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewForm:
    """Why, and for how many minutes."""

    reason: Annotated[str, Text(300)]
    minutes: Annotated[str, Choice(MINUTES)] = "30"
