"""Registering a meter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from portal.values.kinds import METER, Choice, Text

KINDS: Final = ("gauge", "counter")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMeter:
    """A further daily fact about cameras, whose usage arrives through the API."""

    key: Annotated[str, METER]
    base_unit: Annotated[str, Text(64, example="bytes")]
    kind: Annotated[str, Choice(KINDS)]
