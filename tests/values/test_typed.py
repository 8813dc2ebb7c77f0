"""Amounts are read as they are typed, and never guessed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.billing.money import parse_minor
from portal.errors import Invalid
from portal.routes.shared.money.words import box_of
from portal.values.numbers import Amount
from portal.values.typed import decimal_text, typed

LOCALES = st.sampled_from(["en_GB", "it_IT", "de_CH", "fr_FR", "hi_IN"])
PRICES = st.decimals(min_value=0, max_value=10**9, places=6).map(Decimal.normalize)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("9,90", "9.90"),
        ("9.90", "9.90"),
        (" 9,9 ", "9.9"),
        (",5", "0.5"),
        ("9,", "9"),
        ("0,500", "0.500"),
        ("1.234,50", "1234.50"),
        ("1,234.50", "1234.50"),
        ("1 234,50", "1234.50"),
        ("1'234.50", "1234.50"),
        ("1’234.50", "1234.50"),
        ("12,34,567.89", "1234567.89"),
        ("1.234.567", "1234567"),
        ("1.2345", "1.2345"),
        ("12345.678", "12345.678"),
        ("٣٫٥", "3.5"),
    ],
)
def test_a_comma_and_a_point_are_both_understood(text: str, number: str) -> None:
    assert decimal_text(text, "price") == number


@pytest.mark.parametrize("text", ["1.234", "1,234", "12.500", "999,000"])
def test_a_number_that_reads_in_two_ways_is_refused_with_both(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        decimal_text(text, "price")
    told = refused.value.fields["price"]
    whole, fraction = text.replace(".", "").replace(",", ""), f"{text}0"
    assert whole in told
    assert fraction in told
    assert decimal_text(whole, "price") == whole
    assert Decimal(decimal_text(fraction, "price")) == Decimal(fraction.replace(",", "."))


@pytest.mark.parametrize(
    "text", ["ten", "1.2.3", "1,2,3", "1.23,456.7", "--1", "1e3", "", "1" * 500]
)
def test_what_is_no_number_stays_as_it_was_typed_for_the_field_to_refuse(text: str) -> None:
    assert decimal_text(text, "price") == text


@given(PRICES, LOCALES)
def test_a_number_in_a_box_is_read_back_as_it_was(price: Decimal, locale: str) -> None:
    assert Decimal(decimal_text(typed(price, locale), "price")) == price


def test_an_amount_of_three_places_can_be_typed_and_zeros_at_its_end_say_nothing() -> None:
    """A dinar has a thousand fils: "1.234" may be read in two ways, "1.2340" in one."""
    amount = Amount()
    for minor, currency in ((1_234, "KWD"), (1_250, "KWD"), (1_000, "JPY"), (164_800, "EUR")):
        for locale in ("it_IT", "en_US"):
            box = box_of(minor, currency, locale)
            assert parse_minor(amount.read_text(box, "amount"), currency) == minor, box
    assert amount.read_text("1000,00", "amount") == "1000"
    with pytest.raises(Invalid):
        amount.read_text("1,23401", "amount")
