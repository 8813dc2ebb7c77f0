"""Amounts in the units in which Stripe counts a currency, which are not always ISO 4217's."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from portal.billing.money import digits, round_half_away
from portal.errors import Conflict
from portal.words import _

_TIMES_A_HUNDRED: Final = frozenset({"ISK", "UGX"})
"""No minor unit by ISO 4217, and counted with two all the same."""
_WHOLE_ONLY: Final = frozenset({"MGA"})
"""Two minor digits by ISO 4217, and counted without any."""


def to_units(minor: int, currency: str) -> int:
    """Minor units as Stripe counts them. Raises `Conflict` for what it cannot charge.

    Examples: EUR 16.48, 1648 → 1648; JPY 105 → 105; ISK 105 → 10500; KWD 1.500, 1500 → 1500.
    """
    places = digits(currency)
    if currency in _TIMES_A_HUNDRED:
        return minor * 100
    if currency in _WHOLE_ONLY:
        if minor % 100:
            raise Conflict(_("Cards are charged in whole units of this currency."))
        return minor // 100
    if places > 3:
        raise Conflict(_("Cards are not charged in this currency."))
    if places == 3 and minor % 10:
        raise Conflict(
            _("Cards are charged in this currency with two decimals: the last must be 0.")
        )
    return minor


def from_units(units: int, currency: str) -> int:
    """What Stripe says in minor units, rounded where it counts finer: a fee may be part of one."""
    if currency in _TIMES_A_HUNDRED:
        return round_half_away(Fraction(units), 100)
    return units * 100 if currency in _WHOLE_ONLY else units
