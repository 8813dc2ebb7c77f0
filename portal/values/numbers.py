"""A subscriber's number: its bounds are the same wherever one is given or looked for."""

from __future__ import annotations

from typing import Final

from portal.values.kinds import Whole

NUMBER_MAX: Final = 999_999_999
NUMBER: Final = Whole(1, NUMBER_MAX)


def number_in(text: str) -> int | None:
    """The number that an address names; None for what is none."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(NUMBER_MAX))):
        return None
    return found if (found := int(text)) <= NUMBER_MAX else None
