"""How money, quantities and dates of a document are written, by its locale and currency."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation, localcontext
from fractions import Fraction
from typing import Final

from babel.dates import format_date
from babel.numbers import parse_pattern

from portal.billing.money import digits, round_half_away, to_minor
from portal.gateways.documents.fonts import REPLACEMENT
from portal.values import languages
from portal.values.document import LineValue
from portal.values.locales import RIGHT_TO_LEFT, SIGNS, english_of, left_to_right, of_stored
from portal.values.units import DECIMALS_OF_ARCHIVE, is_archive

# Where people print on Letter and not on A4 (from CLDR's measurement data).
LETTER_TERRITORIES: Final = frozenset(
    "BZ CA CL CO CR GT MX NI PA PH PR SV US VE".split()  # noqa: SIM905
)
DIGITS_MAX: Final = 80
MOST_DECIMALS_OF_A_PRICE: Final = 6
MOST_DECIMALS_OF_A_QUANTITY: Final = 4
LETTER_BEFORE_DIGIT: Final = re.compile(r"(?<=[A-Za-z])(?=[-\u2212]?\d)")
STRONG: Final = RIGHT_TO_LEFT | {"L"}
# They turn the text after them the other way: a name with U+202E in it must not show 12 as 21.
DIRECTION_OVERRIDES: Final = frozenset(
    chr(c) for c in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
)


def plain(text: str) -> str:
    """`text` without the characters that would break a PDF or turn its line around.

    Of all others the installed fonts say whether they can be drawn, no table of names does: fonts
    have emoji that are newer than it. What is no character at all is shown as U+FFFD.
    """
    if text.isascii() and text.isprintable():
        return text.strip()
    return "".join(
        " "
        if unicodedata.category(c) in {"Cc", "Zl", "Zp"}
        else REPLACEMENT
        if _is_no_character(c)
        else c
        for c in text
        if c not in DIRECTION_OVERRIDES and unicodedata.category(c) != "Cs"
    ).strip()


def _is_no_character(letter: str) -> bool:
    """Whether Unicode keeps it from ever being one: U+FFFF, U+FDD0 and their like."""
    return ord(letter) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(letter) <= 0xFDEF


def direction(text: str) -> str:
    """The direction of a text's first letter that has one: "rtl" for Arabic, "ltr" for Latin."""
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in STRONG:
            return "rtl" if kind in RIGHT_TO_LEFT else "ltr"
    return "ltr"


def decimal_places(text: str, unit: str = "") -> int:
    """How many decimals of a quantity are shown: those that are not zeros at its end, four at most.

    Always two for days and GB of archive. Example: "3.50" → 1.
    """
    if is_archive(unit):
        return DECIMALS_OF_ARCHIVE
    return min(len(text.partition(".")[2].rstrip("0")), MOST_DECIMALS_OF_A_QUANTITY)


class Formats:
    """The writing of one document: its locale and currency, applied to plain values."""

    def __init__(self, currency: str, locale: str) -> None:
        self.currency = currency
        self.digits = digits(currency)
        self.locale = of_stored(locale)
        # Months are of the language of the words, whatever the numbers look like.
        self.language = languages.of_locale(locale)
        is_english = self.language == languages.ENGLISH
        self.words = english_of(self.locale) if is_english else self.locale
        self.paper = "letter" if self.locale.territory in LETTER_TERRITORIES else "A4"
        self._money = parse_pattern(self.locale.currency_formats["standard"].pattern)
        # ISO 4217 and not CLDR: CLDR prints Iraqi dinars without their three decimals.
        self._money.frac_prec = (self.digits, self.digits)
        self._number = parse_pattern(self.locale.decimal_formats[None].pattern)

    def money(self, minor: int) -> str:
        """`minor` units with the currency's sign: 1648 → "€16.48"."""
        text = self._money.apply(
            Decimal(minor).scaleb(-self.digits),
            self.locale,
            currency=self.currency,
            currency_digits=False,
        )
        text = left_to_right(text, self.currency, self.locale)
        # "KWD 1.500" and not "KWD1.500"; the wide yen sign is only in fonts made for Japanese.
        return LETTER_BEFORE_DIGIT.sub("\u00a0", text.replace("￥", "¥"))

    def amount(self, minor: int) -> str:
        """`minor` units without the sign, for columns whose head names the currency."""
        return self._decimal(Decimal(minor).scaleb(-self.digits), self.digits, self.digits)

    def price(self, text: str) -> str:
        """A unit price, at least to the minor unit and at most to six places."""
        return self._text(text, self.digits, MOST_DECIMALS_OF_A_PRICE)

    def quantity(self, text: str, unit: str = "", places: int = 0) -> str:
        """A quantity, to four places at most and at least `places`: "3.6129032258" → "3.6129".

        Days and GB of archive have two places: "3.6129032258" → "3.61".
        """
        if is_archive(unit):
            return self._text(text, DECIMALS_OF_ARCHIVE, DECIMALS_OF_ARCHIVE)
        return self._text(text, places, MOST_DECIMALS_OF_A_QUANTITY)

    def line_quantity(self, line: LineValue) -> str:
        """A line's quantity, with four places where two would not give its amount.

        0.004 GB at 1 000 is 4.00; "0.00 GB" beside it would look like a mistake.
        """
        if is_archive(line.unit) and self._needs_places(line):
            return self._text(line.quantity, 0, MOST_DECIMALS_OF_A_QUANTITY)
        return self.quantity(line.quantity, line.unit)

    def _needs_places(self, line: LineValue) -> bool:
        """Whether quantity × price is the amount only with more places than archive has."""
        try:
            quantity, price = Decimal(line.quantity), Decimal(line.unit_price or "")
        except InvalidOperation:
            return False

        def comes_to(places: int) -> bool:
            shown = round_half_away(Fraction(quantity) * 10**places)
            exact = Fraction(shown, 10**places) * Fraction(price)
            return to_minor(exact, self.currency) == line.amount

        return not comes_to(DECIMALS_OF_ARCHIVE) and comes_to(MOST_DECIMALS_OF_A_QUANTITY)

    def percent(self, text: str) -> str:
        """A percentage given in percent: "22.50" → "22.5%", in Finnish "22,5 %"."""
        pattern = parse_pattern(self.locale.percent_formats[None].pattern)
        pattern.frac_prec = (0, MOST_DECIMALS_OF_A_PRICE)
        return str(pattern.apply(Decimal(text) / 100, self.locale)).translate(SIGNS)

    def day(self, day: date) -> str:
        """5 October 2026, or October 5, 2026 in the United States."""
        return format_date(day, "long", locale=self.words)

    def month(self, period: str) -> str:
        """The period "2026-10" as October 2026."""
        return format_date(date.fromisoformat(f"{period}-01"), "LLLL y", locale=self.words)

    def span(self, start: date, end: date) -> str:
        """The days of `[start, end)` as people write them, the last one included."""
        return f"{self._short(start)} – {self._short(end - timedelta(days=1))}"

    def _short(self, day: date) -> str:
        return format_date(day, "medium", locale=self.words)

    def _text(self, text: str, least: int, most: int) -> str:
        try:
            return self._decimal(Decimal(text), least, most)
        except (InvalidOperation, ValueError, OverflowError):
            return plain(text)  # a quantity in words is printed as it stands

    def _decimal(self, value: Decimal, least: int, most: int) -> str:
        most = max(least, most)
        self._number.frac_prec = (least, most)
        # By the house's rounding, and for numbers of any length: Babel would cut at 28 digits.
        value = Decimal(f"{round_half_away(Fraction(value) * 10**most)}e-{most}")
        with localcontext(prec=DIGITS_MAX):
            return str(self._number.apply(value, self.locale)).translate(SIGNS)
