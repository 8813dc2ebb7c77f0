"""How figures are written for people: numbers, percents, bytes and dates, by locale. Pure.

Every function takes the locale (and the zone, for a point in time) and returns plain text. Stored
amounts are never rounded here: money has its currency's digits already.
"""

from __future__ import annotations

import re
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Final, Literal

from babel.core import Locale
from babel.dates import format_date, format_interval
from babel.numbers import (
    NumberPattern,
    format_decimal,
)

from portal.billing.money import rounded
from portal.billing.period import is_zone, zone_of
from portal.values.amounts import (
    CACHED,
    DASH,
    LOCALE,
)
from portal.values.locales import SIGNS, english_of, of_stored
from portal.values.units import DECIMALS_OF_ARCHIVE, is_archive

Number = int | Decimal

ZONE: Final = "UTC"
DECIMALS: Final = 3
LEADING_ZERO: Final = re.compile(r"\b0(?=\d\b)")
"""Italian has "01–29 novembre" in CLDR where its single days are "1 novembre"."""
BYTES: Final = ("bytes", "kB", "MB", "GB", "TB", "PB", "EB")


def number(value: Number | None, locale: str = LOCALE) -> str:
    """A count, "12,345"; a decimal keeps its digits, without zeros at the end."""
    if value is None:
        return DASH
    return _minus(format_decimal(value, locale=of_stored(locale), decimal_quantization=False))


def quantity(
    value: Number | Fraction | None, unit: str = "", locale: str = LOCALE, *, bare: bool = False
) -> str:
    """A measured quantity with at most 3 decimals, and its unit: "3.5 hours". A dash for None.

    Days and GB of archive have at most 2, as in documents; 0.004 GB keeps its 3, since 0 would look
    like a mistake. Rounded for reading only; the charge was made from the exact value. `bare` is
    the figure alone, where a heading has the unit.
    """
    if value is None:
        return DASH
    places = DECIMALS_OF_ARCHIVE if is_archive(unit) else DECIMALS
    shown = rounded(Fraction(value), places) or rounded(Fraction(value), DECIMALS)
    text = _minus(format_decimal(shown, format="#,##0.###", locale=of_stored(locale)))
    return f"{text}\u00a0{unit}" if unit and not bare else text


def percent(value: Number | None, locale: str = LOCALE, digits: int = 6) -> str:
    """A percent, "22%" for 22: percents are kept as people say them, not as ratios."""
    if value is None:
        return DASH
    written: str = _percent_pattern(locale, digits).apply(
        Decimal(value).scaleb(-2), of_stored(locale)
    )
    return _minus(written)


@lru_cache(maxsize=64)
def _percent_pattern(locale: str, digits: int) -> NumberPattern:
    pattern: NumberPattern = copy(of_stored(locale).percent_formats[None])
    pattern.frac_prec = (0, digits)
    return pattern


def bytes_(value: int | None, locale: str = LOCALE) -> str:
    """Decimal units, as services are sold: "1.5 GB" for 1 500 000 000."""
    if value is None:
        return DASH
    power = min((len(str(abs(value))) - 1) // 3, len(BYTES) - 1)
    scaled = Decimal(value).scaleb(-3 * power)
    figure = _minus(format_decimal(scaled, format="#,##0.#", locale=of_stored(locale)))
    return f"{figure}\u00a0{BYTES[power]}"


@lru_cache(maxsize=CACHED)
def day(value: date | None, locale: str = LOCALE) -> str:
    """A day: "16 Oct 2026"."""
    return DASH if value is None else format_date(value, "medium", locale=_of_dates(locale))


def month(value: date | None, locale: str = LOCALE) -> str:
    """The month that holds a day: "October 2026"."""
    if value is None:
        return DASH
    return format_date(value, "LLLL y", locale=_of_dates(locale))


def days_of(first: date, last: date, locale: str = LOCALE) -> str:
    """Days of one month: "1–29 November", or "1 November" where they are one."""
    known = _of_dates(locale)
    short, long = (format_date(first, form, locale=known) for form in ("MMM", "MMMM"))
    text = str(format_interval(first, last, "MMMd", locale=known)).replace(short, long)
    return LEADING_ZERO.sub("", text)


def days_said(days: int) -> str:
    """Days of a month, a bit each, bit 0 the first, as people say them: 0b1000111 is "1–3, 7"."""
    runs: list[list[int]] = []
    for day in (place + 1 for place in range(days.bit_length()) if days >> place & 1):
        if runs and runs[-1][-1] == day - 1:
            runs[-1][1:] = [day]
        else:
            runs.append([day])
    return ", ".join("–".join(map(str, run)) for run in runs)


def month_alone(value: date, locale: str = LOCALE) -> str:
    """The month without its year, where the page has said that: "October"."""
    return format_date(value, "LLLL", locale=_of_dates(locale))


def month_short(value: date, locale: str = LOCALE) -> str:
    """For the axis of a chart: "Oct"."""
    return format_date(value, "LLL", locale=_of_dates(locale))


def moment(value: datetime | None, locale: str = LOCALE, zone: str = ZONE) -> str:
    """A point in time in a zone: "23 Nov 2026, 09:41". Naive times are refused (ValueError)."""
    if value is None:
        return DASH
    if value.tzinfo is None:
        raise ValueError("a point in time needs its zone")
    local = value.astimezone(zone_of(zone if is_zone(zone) else ZONE))
    return f"{day(local.date(), locale)}, {local:%H:%M}"


@dataclass(frozen=True, slots=True)
class Change:
    """A figure against the one before; `percent` is None where there was none to compare with."""

    direction: Literal["up", "down", "same", "new"]
    percent: Decimal | None


def change(now: Number, before: Number | None) -> Change:
    """How `now` stands against `before`, to a tenth of a percent of the size of `before`.

    Example: 110 against 100 is up 10.0; anything against 0 or None has no percent.
    """
    if before is None or before == 0:
        return Change("same" if not now else "new", None)
    ratio = (Decimal(now) - Decimal(before)) / abs(Decimal(before)) * 100
    rounded = ratio.quantize(Decimal("0.1"))
    if rounded == 0:
        return Change("same", Decimal(0))
    return Change("up" if rounded > 0 else "down", rounded)


def _minus(text: str) -> str:
    """A real minus sign, as wide as a digit, in place of the hyphen; no marks of direction."""
    return text.translate(SIGNS)


@lru_cache(maxsize=128)
def _of_dates(locale: str) -> Locale:
    """The locale of dates: English where the locale's own words run from the right.

    Beside words that run from the left "2 בדצמ׳ 2026" would be shown with its year in the middle.
    """
    known = of_stored(locale)
    return english_of(known) if known.text_direction == "rtl" else known
