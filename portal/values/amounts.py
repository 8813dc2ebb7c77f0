"""How money is written for people, by locale: an amount in minor units, a price. Pure.

Stored amounts are never rounded here: money has its currency's digits already.
"""

from __future__ import annotations

import re
from copy import copy
from decimal import Decimal
from functools import lru_cache
from typing import Final

from babel.numbers import NumberPattern, get_currency_symbol

from portal.billing.money import digits as minor_digits
from portal.values.locales import left_to_right, of_stored

LOCALE: Final = "en_GB"
CACHED: Final = 8192
"""A list of 50 rows writes many of the same amounts again and again."""
DASH: Final = "–"
"""Stands where nothing is known."""
_LETTERS: Final = re.compile(r"([A-Z]{3})(?=[0-9])")


@lru_cache(maxsize=512)
def _money_pattern(locale: str, digits: int) -> NumberPattern:
    """The locale's pattern of money with ISO 4217's digits.

    Babel's own digits are CLDR's, which differ: for IQD they are 0 and not 3.
    """
    pattern: NumberPattern = copy(of_stored(locale).currency_formats["standard"])
    pattern.frac_prec = (digits, digits)
    return pattern


def major(minor: int, currency: str) -> Decimal:
    """Minor units in the currency's unit, exact: 12.34 for 1234 of EUR."""
    return Decimal(minor).scaleb(-minor_digits(currency))


@lru_cache(maxsize=CACHED)
def money(minor: int | None, currency: str, locale: str = LOCALE) -> str:
    """Money as people read it: "€1,234.50" for 123450 of EUR; a dash for None."""
    if minor is None:
        return DASH
    pattern = _money_pattern(locale, minor_digits(currency))
    text: str = pattern.apply(
        major(minor, currency), of_stored(locale), currency=currency, currency_digits=False
    )
    return _spaced(text, currency, locale)


def currency_sign(currency: str, locale: str = LOCALE) -> str:
    """What stands before or behind an amount: "€"."""
    return left_to_right(
        get_currency_symbol(currency, of_stored(locale)), currency, of_stored(locale)
    )


def money_tick(minor: int, currency: str, locale: str = LOCALE) -> str:
    """For the axis of a chart, as amounts are written, without empty decimals: "€2,000"."""
    value, digits = major(minor, currency), minor_digits(currency)
    pattern = _money_pattern(locale, digits if value % 1 else 0)
    text: str = pattern.apply(value, of_stored(locale), currency=currency, currency_digits=False)
    return _spaced(text, currency, locale)


def price(value: Decimal | None, currency: str, locale: str = LOCALE) -> str:
    """A unit price of up to 6 decimals, at least the currency's: "€0.50", "€0.0025"."""
    if value is None:
        return DASH
    places = max(minor_digits(currency), -_exponent(value))
    pattern = _money_pattern(locale, places)
    text: str = pattern.apply(value, of_stored(locale), currency=currency, currency_digits=False)
    return _spaced(text, currency, locale)


def _spaced(text: str, currency: str, locale: str) -> str:
    """Money with a space after a currency written in letters: "KWD 1.500", but "US$9.99"."""
    return _LETTERS.sub("\\1\u00a0", left_to_right(text, currency, of_stored(locale)))


def _exponent(value: Decimal) -> int:
    """The power of ten of the last digit that is not 0: −4 for 0.0025 and for 0.002500."""
    exponent = value.normalize().as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0
