"""The four pricing models, by figures others publish and by what may not be."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.billing.pricing import (
    Graduated,
    Package,
    PerUnit,
    Tier,
    Volume,
    price,
    pricing_from,
    pricing_to,
    unit_price_of,
)
from portal.errors import Invalid
from tests.billing.cast import (
    LAGO_GRADUATED,
    STRIPE_GRADUATED,
    STRIPE_VOLUME,
    d,
    law,
    packages,
    per_unit,
    tiers,
)
from tests.billing.worlds import world


@pytest.mark.parametrize(
    ("source", "pricing", "quantity", "amount"),
    [
        *[
            ("Stripe volume", STRIPE_VOLUME, q, a)
            for q, a in ((1, "7"), (5, "35"), (6, "39"), (20, "120"), (25, "150"))
        ],
        *[
            ("Stripe graduated", STRIPE_GRADUATED, q, a)
            for q, a in ((1, "7"), (5, "35"), (6, "41.50"), (20, "127.50"), (25, "157.50"))
        ],
        *[
            ("Lago graduated", LAGO_GRADUATED, q, a)
            for q, a in ((0, "2"), (1, "12"), (10, "102"), (11, "110"))
        ],
        ("Lago package", packages("10", "100"), 121, "1300"),
        ("Lago package", packages("10", "100", "10"), 121, "1200"),
        ("Lago package", packages("10", "100", "200"), 121, "0"),
    ],
)
def test_golden_figures(source, pricing, quantity, amount):
    assert price(pricing, Fraction(quantity)) == Fraction(amount)


def test_a_unit_price_is_multiplied_exactly():
    assert price(per_unit("0.50"), Fraction(112, 31)) == Fraction(56, 31)
    assert price(per_unit("0.000001"), Fraction(1, 3)) == Fraction(1, 3_000_000)


def test_a_bound_belongs_to_its_tier_and_the_least_beyond_it_to_the_next():
    little = Fraction(1, 1_000_000_000)
    assert price(STRIPE_VOLUME, Fraction(5)) == 35
    assert price(STRIPE_VOLUME, 5 + little) == Fraction("6.50") * (5 + little)
    assert price(LAGO_GRADUATED, Fraction(10)) == 102
    assert price(LAGO_GRADUATED, 10 + little) == 102 + 3 + 5 * little
    assert price(LAGO_GRADUATED, Fraction(20)) == 102 + 3 + 50
    assert price(LAGO_GRADUATED, 20 + little) == 155 + 3 + 5 * little


def test_volume_adds_only_the_flat_fee_of_the_tier_that_holds_the_quantity():
    pricing = Volume(tiers(("10", "1", "5"), (None, "0.5", "20")))
    assert price(pricing, Fraction(0)) == 5
    assert price(pricing, Fraction(10)) == 15
    assert price(pricing, Fraction(12)) == 26


def test_a_package_begun_is_a_package_paid():
    pricing = packages("10", "100", "2.5")
    assert price(pricing, Fraction(5, 2)) == 0
    assert price(pricing, Fraction(5, 2) + Fraction(1, 31)) == 100
    assert price(pricing, Fraction(25, 2)) == 100
    assert price(packages("0.5", "1"), Fraction(7, 4)) == 4


def test_a_quantity_is_never_negative():
    with pytest.raises(ValueError, match="not negative"):
        price(per_unit("1"), Fraction(-1))


@law(60)
@given(st.integers(0, 2**48), st.integers(0, 90_000), st.integers(0, 30_000))
def test_law_7_graduated_and_package_amounts_never_fall_as_quantity_rises(seed, start, step):
    low, high = Fraction(start, 1000), Fraction(start + step, 1000)
    for rate in world(seed).rates:
        if not isinstance(
            rate.pricing, Volume
        ):  # a cheaper tier may make more cost less: by design
            assert price(rate.pricing, low) <= price(rate.pricing, high)


def test_a_unit_has_a_price_where_a_single_one_makes_the_amount():
    five, six = Fraction(5), Fraction(6)
    assert unit_price_of(per_unit("0.50"), five) == d("0.50")
    assert unit_price_of(STRIPE_VOLUME, five) == d("7")
    assert unit_price_of(STRIPE_VOLUME, six) == d("6.50")
    assert unit_price_of(STRIPE_GRADUATED, five) == d("7")
    assert unit_price_of(STRIPE_GRADUATED, six) is None
    assert unit_price_of(LAGO_GRADUATED, five) is None  # a flat fee comes with it
    assert unit_price_of(packages("10", "1"), five) is None


@law(60)
@given(st.integers(0, 2**48), st.integers(0, 90_000))
def test_the_unit_price_times_the_quantity_is_the_exact_amount(seed, thousandths):
    quantity = Fraction(thousandths, 1000)
    for rate in world(seed).rates:
        unit_price = unit_price_of(rate.pricing, quantity)
        if unit_price is not None:
            assert Fraction(unit_price) * quantity == price(rate.pricing, quantity)


# JSON


def test_each_model_is_read_from_json_in_the_long_and_the_short_form():
    assert pricing_from({"model": "per_unit", "unit_price": "0.50"}) == per_unit("0.50")
    assert pricing_from({"per_unit": {"unit_price": "0.50"}}) == per_unit("0.50")
    rows = [
        {"up_to": 5, "unit_price": "7"},
        {"up_to": "10", "unit_price": "6.50", "flat_fee": "0"},
        {"up_to": None, "unit_price": "6", "flat_fee": "0"},
    ]
    assert pricing_from({"model": "volume", "tiers": rows}) == STRIPE_VOLUME
    assert pricing_from({"volume": {"tiers": rows}}) == STRIPE_VOLUME
    assert pricing_from({"model": "graduated", "tiers": rows}) == STRIPE_GRADUATED
    package = {"model": "package", "package_size": 10, "package_price": "100"}
    assert pricing_from(package) == packages("10", "100")
    assert pricing_from({**package, "free_units": "2.5"}) == packages("10", "100", "2.5")


def test_what_is_written_is_read_back_and_is_strings():
    for pricing in (
        per_unit("0.500000"),
        STRIPE_VOLUME,
        LAGO_GRADUATED,
        packages("10", "1E+2", "0"),
    ):
        shape = json.loads(json.dumps(pricing_to(pricing)))
        assert pricing_from(shape) == pricing
    assert pricing_to(LAGO_GRADUATED) == {
        "model": "graduated",
        "tiers": [
            {"up_to": "10", "unit_price": "10", "flat_fee": "2"},
            {"up_to": "20", "unit_price": "5", "flat_fee": "3"},
            {"up_to": None, "unit_price": "5", "flat_fee": "3"},
        ],
    }
    assert pricing_to(packages("10", "100")) == {
        "model": "package",
        "package_size": "10",
        "package_price": "100",
        "free_units": "0",
    }


def graduated(*rows: object) -> dict[str, object]:
    return {"model": "graduated", "tiers": list(rows)}


LAST = {"up_to": None, "unit_price": "1"}


@pytest.mark.parametrize(
    ("data", "fields"),
    [
        (None, ["pricing"]),
        ("per_unit", ["pricing"]),
        ([], ["pricing"]),
        ({}, ["pricing.model"]),
        ({"model": "flat"}, ["pricing.model"]),
        ({"model": ["per_unit"]}, ["pricing.model"]),
        ({"flat": {"unit_price": "1"}}, ["pricing.model"]),
        ({"per_unit": "0.50"}, ["pricing.per_unit"]),
        ({"model": "per_unit"}, ["pricing.unit_price"]),
        ({"model": "per_unit", "unit_price": 0.5}, ["pricing.unit_price"]),
        ({"model": "per_unit", "unit_price": 1}, ["pricing.unit_price"]),
        ({"model": "per_unit", "unit_price": "1e2"}, ["pricing.unit_price"]),
        ({"model": "per_unit", "unit_price": "-0.01"}, ["pricing.unit_price"]),
        ({"model": "per_unit", "unit_price": "0.0000001"}, ["pricing.unit_price"]),
        ({"model": "per_unit", "unit_price": None}, ["pricing.unit_price"]),
        (
            {"model": "per_unit", "unit_price": "1", "price": "1", "tiers": []},
            ["pricing.price", "pricing.tiers"],
        ),
        ({"per_unit": {"unit_price": "-1"}}, ["pricing.unit_price"]),
        ({"model": "volume"}, ["pricing.tiers"]),
        ({"model": "volume", "tiers": []}, ["pricing.tiers"]),
        ({"model": "volume", "tiers": {}}, ["pricing.tiers"]),
        ({"model": "volume", "tiers": [LAST] * 101}, ["pricing.tiers"]),
        (graduated({"up_to": 10, "unit_price": "1"}), ["pricing.tiers[0].up_to"]),
        (graduated(LAST, LAST), ["pricing.tiers[0].up_to"]),
        (
            graduated({"up_to": 10, "unit_price": "1"}, {"up_to": 10, "unit_price": "1"}, LAST),
            ["pricing.tiers[1].up_to"],
        ),
        (
            graduated({"up_to": 10, "unit_price": "1"}, {"up_to": "9.5", "unit_price": "1"}, LAST),
            ["pricing.tiers[1].up_to"],
        ),
        (graduated({"up_to": 0, "unit_price": "1"}, LAST), ["pricing.tiers[0].up_to"]),
        (graduated({"up_to": -5, "unit_price": "1"}, LAST), ["pricing.tiers[0].up_to"]),
        (graduated({"up_to": True, "unit_price": "1"}, LAST), ["pricing.tiers[0].up_to"]),
        (graduated({"up_to": 1.5, "unit_price": "1"}, LAST), ["pricing.tiers[0].up_to"]),
        (graduated({"unit_price": "1"}), ["pricing.tiers[0].up_to"]),
        (
            graduated({"up_to": None, "unit_price": "1", "flat_fee": "-1"}),
            ["pricing.tiers[0].flat_fee"],
        ),
        (
            graduated({"up_to": None, "unit_price": "1", "flat_fee": None}),
            ["pricing.tiers[0].flat_fee"],
        ),
        (graduated({"up_to": None}), ["pricing.tiers[0].unit_price"]),
        (graduated({"up_to": None, "unit_price": "1", "free": 1}), ["pricing.tiers[0].free"]),
        ({"model": "graduated", "tiers": ["x", LAST]}, ["pricing.tiers[0]"]),
        ({"model": "package"}, ["pricing.package_price", "pricing.package_size"]),
        ({"model": "package", "package_size": 0, "package_price": "1"}, ["pricing.package_size"]),
        (
            {"model": "package", "package_size": "-1", "package_price": "1"},
            ["pricing.package_size"],
        ),
        (
            {"model": "package", "package_size": 1, "package_price": 1, "free_units": -1},
            ["pricing.free_units", "pricing.package_price"],
        ),
    ],
)
def test_what_is_wrong_is_named_by_its_path(data, fields):
    with pytest.raises(Invalid) as refused:
        pricing_from(data)
    assert sorted(refused.value.fields) == fields


def test_everything_wrong_is_told_at_once():
    rows = [
        {"up_to": 5, "unit_price": -1},
        {"up_to": 5, "flat_fee": 0.5},
        {"up_to": 9, "unit_price": "1"},
    ]
    with pytest.raises(Invalid) as refused:
        pricing_from(
            {"model": "graduated", "tiers": rows, "note": ""}, "versions[0].items[2].overage"
        )
    at = "versions[0].items[2].overage"
    assert sorted(refused.value.fields) == [
        f"{at}.note",
        f"{at}.tiers[0].unit_price",
        f"{at}.tiers[1].flat_fee",
        f"{at}.tiers[1].unit_price",
        f"{at}.tiers[1].up_to",
        f"{at}.tiers[2].up_to",
    ]


def test_an_endless_name_is_not_echoed_whole():
    with pytest.raises(Invalid) as refused:
        pricing_from({"model": "per_unit", "unit_price": "1", "x" * 1_000_000: 1})
    assert len(str(refused.value)) < 200


def test_a_price_that_cannot_be_is_not_built():
    for build in (
        lambda: PerUnit(d("-1")),
        lambda: Tier(None, d("-1")),
        lambda: Tier(None, d("1"), d("-1")),
        lambda: Graduated(()),
        lambda: Volume(tiers(("5", "1", "0"))),
        lambda: Graduated(tiers(("5", "1", "0"), ("5", "1", "0"), (None, "1", "0"))),
        lambda: Package(d("0"), d("1")),
        lambda: Package(d("1"), d("1"), d("-1")),
    ):
        with pytest.raises(ValueError, match=r"price|tier|package"):
            build()
