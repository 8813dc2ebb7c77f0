"""The bounds of a subscriber's number, the same wherever one is given or looked for."""

from __future__ import annotations

from typing import Final

from portal.values.kinds import Whole

NUMBER_MAX: Final = 999_999_999
NUMBER: Final = Whole(1, NUMBER_MAX)
