"""Figures as people read them: the currency's own digits, a real minus, the cloud's zone."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest

from portal.routes import format as fmt
from portal.values import amounts

NBSP = "\u00a0"


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (123450, "EUR", "€1,234.50"),
        (-5, "EUR", "−€0.05"),
        (0, "EUR", "€0.00"),
        (999, "USD", "US$9.99"),
        (105, "JPY", "JP¥105"),
        (1500, "KWD", f"KWD{NBSP}1.500"),
        (1500, "IQD", f"IQD{NBSP}1.500"),  # CLDR would write it without digits
        (9_007_199_254_740_993, "EUR", "€90,071,992,547,409.93"),  # beyond what a float can hold
    ],
)
def test_money_has_the_digits_of_its_currency(minor, currency, text):
    assert amounts.money(minor, currency) == text


def test_money_follows_the_locale():
    assert amounts.money(123450, "EUR", "de_DE") == f"1.234,50{NBSP}€"


def test_what_is_not_known_is_a_dash():
    assert (
        amounts.money(None, "EUR") == fmt.day(None) == fmt.percent(None) == fmt.bytes_(None) == "–"
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [("0.5", "€0.50"), ("0.0025", "€0.0025"), ("9.900000", "€9.90"), ("12", "€12.00")],
)
def test_prices_keep_the_decimals_they_need(value, text):
    assert amounts.price(Decimal(value), "EUR") == text


def test_axis_of_money_is_short():
    assert amounts.money_tick(1_200_000, "EUR") == "€12,000"
    assert amounts.money_tick(-205_000, "EUR") == "−€2,050"
    assert amounts.money_tick(50, "EUR", "it_IT") == "0,50\u00a0€"


@pytest.mark.parametrize(
    ("value", "text"),
    [(22, "22%"), (Decimal("8.875"), "8.875%"), (Decimal("-0.5"), "−0.5%"), (0, "0%")],
)
def test_percents_are_as_people_say_them(value, text):
    assert fmt.percent(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1 kB"), (1_500_000_000, "1.5 GB")],
)
def test_bytes_are_decimal_units(value, text):
    assert fmt.bytes_(value) == text.replace(" ", NBSP)


def test_quantities_carry_their_unit():
    assert fmt.quantity(Decimal("3.5004"), "days") == f"3.5{NBSP}days"
    assert fmt.quantity(Decimal(12345)) == "12,345"


def test_days_and_months():
    assert fmt.day(date(2026, 10, 16)) == "16 Oct 2026"
    assert fmt.month(date(2026, 10, 1)) == "October 2026"
    assert fmt.month_short(date(2026, 10, 1)) == "Oct"


def test_a_moment_is_told_in_the_clouds_zone():
    late = datetime(2026, 10, 31, 23, 30, tzinfo=UTC)
    assert fmt.moment(late, zone="Europe/Rome") == "1 Nov 2026, 00:30"
    assert fmt.moment(late, zone="America/New_York") == "31 Oct 2026, 19:30"


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="zone"):
        fmt.moment(datetime(2026, 10, 31, 23, 30))  # noqa: DTZ001 - that is the point


@pytest.mark.parametrize(
    ("now", "before", "direction", "percent"),
    [
        (110, 100, "up", "10.0"),
        (90, 100, "down", "-10.0"),
        (-5, -10, "up", "50.0"),  # half the loss is better, not worse
        (100, 100, "same", "0"),
        (10_001, 10_000, "same", "0"),  # below a tenth of a percent nothing has changed
        (5, 0, "new", None),
        (5, None, "new", None),
        (0, 0, "same", None),
    ],
)
def test_a_change_is_measured_against_the_size_of_what_was(now, before, direction, percent):
    expected = None if percent is None else Decimal(percent)
    assert fmt.change(now, before) == fmt.Change(direction, expected)


@pytest.mark.parametrize(
    ("last", "locale", "text"),
    [
        (29, "en_GB", "1–29 November"),
        (1, "en_GB", "1 November"),
        (29, "de", "1.–29. November"),
        (29, "it", "1–29 novembre"),
    ],
)
def test_days_of_a_month_are_said_as_people_say_them(last, locale, text):
    assert fmt.days_of(date(2026, 11, 1), date(2026, 11, last), locale) == text


@pytest.mark.parametrize("locale", ["ar_KW", "he_IL", "fa_IR", "ur_PK"])
def test_figures_and_days_run_from_the_left_beside_english_words(locale):
    """No mark of direction turns 02/12/2026 around or puts a minus behind its number."""
    moment = datetime(2026, 12, 2, 10, 30, tzinfo=UTC)
    day = fmt.moment(moment, locale)
    texts = [
        amounts.money(-1234567, "KWD", locale),
        amounts.money(-1234567, "ILS", locale),
        amounts.price(Decimal("0.0025"), "KWD", locale),
        fmt.number(-1234567, locale),
        fmt.percent(-5, locale),
    ]
    for text in (*texts, day):
        kinds = {unicodedata.bidirectional(letter) for letter in text}
        assert not kinds & {"R", "AL"}, text
        assert not {"\u200e", "\u200f", "\u061c"} & set(text), text
    assert "-" not in "".join(texts)
    assert "KWD" in texts[0]
    assert "Dec" in day


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (Fraction(112, 31), "days", "3.61\u00a0days"),
        (Decimal("30.125"), "day of archive", "30.13\u00a0day of archive"),
        (Decimal("0.004"), "GB", "0.004\u00a0GB"),
        (Fraction(112, 31), "hours", "3.613\u00a0hours"),
        (7, "days", "7\u00a0days"),
    ],
)
def test_days_and_gb_of_archive_have_two_decimals_at_most_as_in_documents(value, unit, text):
    assert fmt.quantity(value, unit) == text
