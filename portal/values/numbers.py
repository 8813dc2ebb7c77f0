"""A subscriber's number, and amounts of money: the same wherever one is given or looked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from portal.billing.money import CURRENCIES, TEXT_MAX, parse_decimal
from portal.values.kinds import Typed, Whole
from portal.values.typed import decimal_text

NUMBER_MAX: Final = 999_999_999
NUMBER: Final = Whole(1, NUMBER_MAX)
PLACES_MAX: Final = max(CURRENCIES.values())
"""Digits after the point that any currency has."""


def number_in(text: str) -> int | None:
    """The number that an address names; None for what is none."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(NUMBER_MAX))):
        return None
    return found if (found := int(text)) <= NUMBER_MAX else None


@dataclass(frozen=True, slots=True)
class Amount(Typed):
    """Money in the currency's major unit, as a string.

    `billing.money.parse_minor` makes minor units of it, once the currency is known.
    """

    def read(self, value: object, at: str) -> str:
        parse_decimal(value, at, places=PLACES_MAX)
        return str(value)

    def read_text(self, text: str, at: str) -> str:
        """As typed; zeros at the end say nothing: "1.2340" of a currency with three places."""
        plain = decimal_text(text, at)
        whole, _mark, part = plain.partition(".")
        kept = part.rstrip("0")
        return self.read(f"{whole}.{kept}" if kept else whole or plain, at)

    def schema(self) -> dict[str, Any]:
        return {
            "type": "string",
            "maxLength": TEXT_MAX,
            "pattern": rf"^[0-9]+(\.[0-9]{{1,{PLACES_MAX}}})?$",
            "examples": ["16.48"],
        }
