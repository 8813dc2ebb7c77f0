"""Money as it is sent: read as the string it is, since whose currency it is in the books say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from portal.billing.money import CURRENCIES, TEXT_MAX, parse_decimal
from portal.values.kinds import Typed

PLACES_MAX: Final = max(CURRENCIES.values())
"""Digits after the point that any currency has."""


@dataclass(frozen=True, slots=True)
class Amount(Typed):
    """Money in the currency's major unit, as a string.

    `billing.money.parse_minor` makes minor units of it, once the currency is known.
    """

    def read(self, value: object, at: str) -> str:
        parse_decimal(value, at, places=PLACES_MAX)
        return str(value)

    def schema(self) -> dict[str, Any]:
        return {
            "type": "string",
            "maxLength": TEXT_MAX,
            "pattern": rf"^[0-9]+(\.[0-9]{{1,{PLACES_MAX}}})?$",
            "examples": ["16.48"],
        }
