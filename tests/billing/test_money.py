"""Money: one rounding, splits that lose nothing, numbers from outside that are exactly what they say."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from babel.core import get_global
from babel.numbers import get_currency_precision
from hypothesis import given
from hypothesis import strategies as st

from portal.billing.money import (
    CURRENCIES,
    Money,
    allocate,
    digits,
    format_minor,
    parse_decimal,
    parse_minor,
    parse_quantity,
    percent_of,
    plain,
    round_half_away,
    to_minor,
)
from portal.errors import Invalid
from tests.billing.cast import d, law
from tests.billing.worlds import NAMES

# Where ISO 4217 gives a minor unit, CLDR records that coins of it are no longer seen.
CLDR_DIFFERS = {
    "AFN",
    "ALL",
    "IQD",
    "IRR",
    "KPW",
    "LAK",
    "LBP",
    "MGA",
    "MMK",
    "RSD",
    "SOS",
    "SYP",
    "YER",
}


def test_every_currency_has_the_minor_digits_of_iso_4217():
    differs = {code for code, minor in CURRENCIES.items() if get_currency_precision(code) != minor}
    assert differs == CLDR_DIFFERS
    known = {
        "EUR": 2,
        "JPY": 0,
        "KWD": 3,
        "CLF": 4,
        "UYW": 4,
        "MRU": 2,
        "MGA": 2,
        "IQD": 3,
        "CLP": 0,
    }
    assert {code: digits(code) for code in known} == known


def test_currencies_that_left_the_list_are_unknown_and_those_that_came_are_known():
    assert not {"HRK", "BGN", "ANG", "ZWL", "CUC", "SLL", "MRO", "XAU", "XXX", "XTS"} & set(
        CURRENCIES
    )
    assert {"XCG", "ZWG", "SLE", "VED", "XAD", "XOF", "XPF"} <= set(CURRENCIES)
    assert len(CURRENCIES) == 165


def test_every_currency_that_is_tender_somewhere_is_known():
    tender = {
        code
        for spans in get_global("territory_currencies").values()
        for code, _, end, legal in spans
        if legal and end is None
    }
    assert tender - set(CURRENCIES) == {"BGN"}  # Bulgaria has the euro since 1 January 2026


@pytest.mark.parametrize("code", ["eur", "EURO", "", "XXX", None, 978, ["EUR"]])
def test_an_unknown_currency_is_refused_by_name(code):
    with pytest.raises(Invalid) as refused:
        digits(code)
    assert "currency" in refused.value.fields


@pytest.mark.parametrize(
    ("amount", "rounded"),
    [
        ("1/2", 1),
        ("-1/2", -1),
        ("3/2", 2),
        ("-5/2", -3),
        ("49/100", 0),
        ("-49/100", 0),
        ("7", 7),
        ("1000000000000000000001/2", 500000000000000000001),
    ],
)
def test_a_half_goes_away_from_zero(amount, rounded):
    assert round_half_away(Fraction(amount)) == rounded


@law(60)
@given(st.integers(-(10**12), 10**12), st.integers(1, 1000), st.integers(1, 1000))
def test_rounding_is_to_the_nearest_and_the_same_on_both_sides_of_zero(top, bottom, over):
    amount = Fraction(top, bottom)
    found = round_half_away(amount, over)
    assert abs(found - amount / over) <= Fraction(1, 2)
    assert round_half_away(-amount, over) == -found
    assert round_half_away(amount / over) == found


@pytest.mark.parametrize(
    ("source", "price", "days", "of", "minor"),
    [("Kill Bill", "599.95", 29, 31, 56124), ("Kill Bill", "249.95", 27, 30, 22496)],
)
def test_golden_proration_by_days(source, price, days, of, minor):
    assert to_minor(Fraction(price) * days / of, "EUR") == minor


@pytest.mark.parametrize(
    ("source", "base", "percent", "currency", "tax"),
    [
        ("EN 16931 BR-CO-17", "70.00", "7", "EUR", "4.90"),
        ("Flexprice", "100.00", "8.875", "USD", "8.88"),
        ("Flexprice", "123.45", "7.25", "USD", "8.95"),
        ("Flexprice", "999", "10.5", "JPY", "105"),
    ],
)
def test_golden_tax_figures(source, base, percent, currency, tax):
    found = percent_of(parse_minor(base, currency), d(percent))
    assert format_minor(found, currency) == tax


def test_a_percent_of_a_negative_amount_mirrors_the_positive_one():
    assert percent_of(-12345, d("7.25")) == -895
    assert percent_of(1, d("50")) == 1
    assert percent_of(-1, d("50")) == -1


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (1234, "EUR", "12.34"),
        (-5, "EUR", "-0.05"),
        (0, "EUR", "0.00"),
        (105, "JPY", "105"),
        (-105, "JPY", "-105"),
        (1500, "KWD", "1.500"),
        (1, "CLF", "0.0001"),
        (10**17, "EUR", "1000000000000000.00"),
    ],
)
def test_amounts_are_written_with_exactly_their_minor_digits(minor, currency, text):
    assert format_minor(minor, currency) == text
    if abs(minor) < 10**14:
        assert parse_minor(text, currency) == minor


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("1.5", "JPY"),
        ("1.0", "JPY"),
        ("1.234", "EUR"),
        ("1e3", "EUR"),
        ("", "EUR"),
        (" 1", "EUR"),
        ("1,5", "EUR"),
        ("+1", "EUR"),
        (12, "EUR"),
        (1.5, "EUR"),
        (None, "EUR"),
        ("9" * 30, "EUR"),
    ],
)
def test_amounts_that_are_not_plain_decimals_of_their_currency_are_refused(text, currency):
    with pytest.raises(Invalid) as refused:
        parse_minor(text, currency)
    assert list(refused.value.fields) == ["amount"]


def test_amounts_may_have_fewer_digits_than_their_currency():
    assert parse_minor("12", "EUR") == 1200
    assert parse_minor("-12.3", "EUR") == -1230


@pytest.mark.parametrize(
    "value",
    [
        1,
        1.5,
        True,
        None,
        [],
        {},
        "",
        " ",
        "1 ",
        " 1",
        "1_000",
        "1e5",
        "1E5",
        "NaN",
        "Infinity",
        "-Infinity",
        "sNaN",
        ".5",
        "5.",
        "1.2.3",
        "--1",
        "+1",
        "1,5",
        "0x10",
        "١٢",
        "１２",
        "½",
        "1\n",
        "\x001",
        "1.1234567",
        "-0.01",
        "1000000000000.01",
        "9" * 1_000_000,
    ],
)
def test_a_price_is_a_plain_decimal_string_or_nothing(value):
    with pytest.raises(Invalid) as refused:
        parse_decimal(value, "versions[0].monthly_price")
    assert list(refused.value.fields) == ["versions[0].monthly_price"]
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", "0"),
        ("12.34", "12.34"),
        ("0.000001", "0.000001"),
        ("007.50", "7.50"),
        ("1000000000000", "1000000000000"),
        ("-0", "0"),
        ("-0.00", "0"),
    ],
)
def test_a_price_is_read_exactly(text, number):
    found = parse_decimal(text, "price")
    assert found == d(number)
    assert not found.is_signed()


def test_bounds_of_a_number_can_be_told():
    assert parse_decimal("-5", "x", minimum=None) == -5
    with pytest.raises(Invalid, match="at most 100"):
        parse_decimal("100.5", "discount_percent", maximum=d("100"))
    with pytest.raises(Invalid, match="at most 2 decimal places"):
        parse_decimal("1.005", "x", places=2)
    with pytest.raises(Invalid, match="no decimal places"):
        parse_decimal("1.5", "x", places=0)


def test_a_quantity_may_also_be_an_integer_but_never_a_flag_or_a_float():
    assert parse_quantity(7, "quantity") == 7
    assert parse_quantity("7.5", "quantity") == d("7.5")
    wrong: list[Any] = [True, 1.5, None, -1, "-1", 10**30, -(10**5000), [], "1e3"]
    for value in wrong:
        with pytest.raises(Invalid):
            parse_quantity(value, "quantity")


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (Fraction(16, 31), "0.516129"),
        (d("3.50"), "3.5"),
        (d("1E+3"), "1000"),
        (Fraction(7), "7"),
        (d("0.0000001"), "0"),
        (Fraction(-1, 3), "-0.333333"),
        (d("100"), "100"),
        (Fraction(2, 3), "0.666667"),
    ],
)
def test_numbers_are_written_plainly(number, text):
    assert plain(number) == text


def test_whole_numbers_keep_their_zeros_when_no_places_are_wanted():
    assert plain(d("1200"), 0) == "1200"
    assert plain(Fraction(5, 2), 0) == "3"


def test_the_odd_cent_goes_to_the_largest_remainder_and_ties_to_the_lower_key():
    assert allocate(100, [1, 1, 1]) == [34, 33, 33]
    assert allocate(100, [1, 1, 1], ["c", "b", "a"]) == [33, 33, 34]
    assert allocate(-100, [1, 1, 1], ["c", "b", "a"]) == [-33, -33, -34]
    assert allocate(10, [5, 3, 1]) == [6, 3, 1]
    assert allocate(1, [0, 0, 1]) == [0, 0, 1]


def test_ties_go_by_code_point_as_a_locale_would_not():
    # "10" < "9" < "Z" < "a" < "à"; a locale would put "à" and "a" before "Z".
    assert allocate(2, [1] * 5, ["à", "a", "Z", "9", "10"]) == [0, 0, 0, 1, 1]
    assert allocate(1, [1, 1], ["\U0001f4f7", "￿"]) == [0, 1]
    assert allocate(1, [1, 1], [10, 9]) == [0, 1]


def test_a_share_may_be_negative_where_a_line_is():
    assert allocate(7, [100, -30]) == [10, -3]
    assert allocate(10, [3, -1, 1]) == [10, -3, 3]
    assert allocate(-5, [-100, -100]) == [-3, -2]


def test_weights_may_be_fractions():
    assert allocate(511, [Fraction(16, 31), Fraction(15, 31)]) == [264, 247]


def test_nothing_is_split_into_nothings_but_something_is_not():
    assert allocate(0, [0, 0]) == [0, 0]
    assert allocate(0, []) == []
    for weights in ([0, 0], [1, -1], []):
        with pytest.raises(ValueError, match="sum to 0"):
            allocate(1, weights)
    with pytest.raises(ValueError, match="one key"):
        allocate(1, [1, 1], ["a"])


@law(60)
@given(
    st.integers(-(10**9), 10**9),
    st.lists(st.integers(-1000, 10**6), min_size=1, max_size=8).filter(sum),
    st.integers(1, 31),
)
def test_law_parts_sum_to_the_whole_and_none_is_a_unit_off(total, weights, days):
    weights = [Fraction(weight, days + index % 2) for index, weight in enumerate(weights)]
    if not sum(weights):
        return
    parts = allocate(total, weights)
    assert sum(parts) == total
    over = Fraction(sum(weights))
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - total * weight / over) < 1
    assert allocate(-total, weights) == [-part for part in parts]


@law(60)
@given(
    st.integers(0, 10**6),
    st.lists(st.integers(1, 9), min_size=8, max_size=8),
    st.permutations(NAMES),
)
def test_the_order_in_which_cameras_come_does_not_change_their_shares(total, numbers, names):
    weights = dict(zip(NAMES, numbers, strict=True))
    one = dict(zip(NAMES, allocate(total, numbers, NAMES), strict=True))
    assert one == dict(zip(names, allocate(total, [weights[n] for n in names], names), strict=True))


def test_money_refuses_floats_flags_and_foreign_currencies():
    assert Money(1234, "EUR") + Money(-34, "EUR") - Money(200, "EUR") == Money(1000, "EUR")
    assert -Money(5, "JPY") == Money(-5, "JPY")
    assert str(Money(-5, "EUR")) == "-0.05 EUR"
    wrong: list[Any] = [1.0, True, Decimal(1), "1", None]
    for minor in wrong:
        with pytest.raises(TypeError):
            Money(minor, "EUR")
    with pytest.raises(Invalid):
        Money(1, "XXX")
    with pytest.raises(ValueError, match="do not add up"):
        Money(1, "EUR") + Money(1, "USD")
    with pytest.raises(TypeError):
        Money(1, "EUR") + wrong[0]
