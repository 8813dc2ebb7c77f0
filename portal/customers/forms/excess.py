"""Accepting that a camera keeps more than its tariff includes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from portal.values.kinds import METER, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class NewExcess:
    """A meter of which a camera may have more, and why."""

    meter: Annotated[str, METER]
    reason: Annotated[str, Text(500, example="The police asked for 30 days")]
