"""Other prices on a month that was measured: charged as the close charges, to the cent."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from portal.billing.measure import base_quantity
from portal.billing.pricing import Graduated, PerUnit, price, raised
from portal.billing.rating import PriceList, price_pool
from tests.billing.cast import (
    LAGO_GRADUATED,
    MOTION,
    OCTOBER,
    d,
    law,
    packages,
    per_unit,
    rate,
    usage,
)

PRICINGS = st.sampled_from(
    [per_unit("0.50"), per_unit("0.333333"), per_unit("0"), LAGO_GRADUATED, packages("2", "3", "1")]
)


@law(100)
@given(
    st.lists(st.lists(st.integers(0, 40), min_size=31, max_size=31), max_size=6),
    PRICINGS,
)
def test_tried_prices_come_to_what_rating_charges_for_the_same_usage(cameras, pricing):
    prices = PriceList(OCTOBER, "EUR", {MOTION.id: [rate(1, MOTION, pricing)]})
    results = [
        prices.rate(usage(camera, f"camera-{camera}", motion=values))
        for camera, values in enumerate(cameras)
    ]
    charged = sum(one.amount for result in results for one in result.charges)
    shares = [share for result in results for share in result.shares]
    if MOTION.id in prices.pools:
        pool = price_pool(OCTOBER, "EUR", prices.pools[MOTION.id], shares)
        charged += sum(one.amount for one in pool)
    measured = Counter(base_quantity(MOTION.measure, values) for values in cameras)
    assert prices.tried({MOTION.id: measured}).get(MOTION.id, 0) == charged


@law(100)
@given(st.decimals("0", "100", places=6), st.integers(0, 1000))
def test_a_pricing_that_is_raised_costs_so_much_more(percent, quantity):
    before = per_unit("0.50")
    after = raised(before, percent)
    assert isinstance(after, PerUnit)
    exact = price(before, Fraction(quantity)) * (100 + Fraction(percent)) / 100
    assert abs(price(after, Fraction(quantity)) - exact) <= Fraction(quantity, 2_000_000)


def test_bounds_stay_when_tiers_are_raised():
    after = raised(LAGO_GRADUATED, d("10"))
    assert isinstance(after, Graduated)
    assert [one.up_to for one in after.tiers] == [one.up_to for one in LAGO_GRADUATED.tiers]
    assert after.tiers[0].unit_price == LAGO_GRADUATED.tiers[0].unit_price * d("1.1")
