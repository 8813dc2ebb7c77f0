"""Quantities are exact until they are shown: summed in any order and grouping, rounded once."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from portal.billing.charge import exact_sum
from portal.billing.correction import differences, sum_by_key
from portal.billing.measure import Measure, Service, base_quantity
from portal.billing.money import plain, rounded
from portal.billing.period import Period
from portal.billing.rating import PriceList, rate_retail
from tests.billing.cast import MOTION, d, law, per_unit, rate, subscription, usage, version
from tests.billing.test_reference import rate_cloud
from tests.billing.worlds import world

NOVEMBER = Period.month("2026-11")
SEEDS = st.integers(0, 2**48)


def stored(charges):
    """As a table keeps them."""
    return [(one.quantity.numerator, one.quantity.denominator) for one in charges]


def total(pairs) -> Fraction:
    return exact_sum(*zip(*pairs, strict=True)) if pairs else Fraction(0)


def test_three_cameras_for_a_third_of_a_month_are_one():
    some = subscription("2026-11-11", "2026-11-21")
    charges = rate_retail(NOVEMBER, "EUR", some, [version(monthly="9.90")], None)
    assert plain(charges[0].quantity) == "0.333333"
    assert rounded(total(stored(charges * 3))) == 1
    assert rounded(total(stored(charges * 300))) == 100


def test_wholesale_days_sum_the_same_way():
    prices = PriceList(NOVEMBER, "EUR", {MOTION.id: [rate(1, MOTION, per_unit("0.50"))]})
    charges = prices.rate(usage(motion=[1] * 10 + [None] * 20)).charges
    assert plain(charges[0].quantity) == "0.333333"
    assert rounded(total(stored(charges * 300))) == 100


def test_corrections_of_thirds_sum_to_whole_months():
    some = subscription("2026-11-01")
    terms = [version(monthly="9.90", bill_when_disabled=False)]
    before = rate_retail(NOVEMBER, "EUR", some, terms, usage(enabled=[1] * 30))
    after = rate_retail(NOVEMBER, "EUR", some, terms, usage(enabled=[1] * 20 + [0] * 10))
    correction = differences(sum_by_key(before), after, "EUR")
    assert plain(correction[0].quantity) == "-0.333333"
    assert rounded(total(stored(correction * 3))) == -1


def test_what_is_shown_has_six_places_rounded_half_away():
    assert rounded(Fraction(112, 31)) == d("3.612903")
    assert rounded(Fraction(-1, 2_000_000)) == d("-0.000001")


@law(60)
@given(SEEDS, st.integers(1, 9))
def test_groups_in_any_order_sum_to_what_all_charges_sum_to(seed, groups):
    charges, _ = rate_cloud(world(seed))
    pairs, whole = stored(charges), sum((one.quantity for one in charges), Fraction(0))
    Random(seed).shuffle(pairs)
    assert total(pairs) == whole
    parts = [pairs[start::groups] for start in range(groups)]
    sums = [total(part) for part in parts]
    assert total([(one.numerator, one.denominator) for one in sums]) == whole


@law(60)
@given(SEEDS)
def test_summing_denominator_by_denominator_loses_nothing(seed):
    """So a close sums in SQL: whole numbers over one denominator, then what those come to."""
    charges, _ = rate_cloud(world(seed))
    over: dict[int, int] = defaultdict(int)
    for above, below in stored(charges):
        over[below] += above
    assert exact_sum(over.values(), over.keys()) == total(stored(charges))


@law(60)
@given(SEEDS, st.integers(1, 6))
def test_quantities_charged_and_corrected_sum_to_what_is_right(seed, more):
    at, late = world(seed), world(seed)
    late.cloud = [
        type(camera)(
            camera.camera,
            camera.external_id,
            {m: [(v or 0) + more for v in days] for m, days in camera.daily.items()},
        )
        for camera in at.cloud
    ]
    before, after = rate_cloud(at)[0], rate_cloud(late)[0]
    corrections = differences(sum_by_key(before), after, "EUR")
    right, so_far = sum_by_key(after), sum_by_key([*before, *corrections])
    for one in corrections:
        assert so_far[one.key].quantity == (right[one.key].quantity if one.key in right else 0)


@law(200)
@given(
    st.sampled_from(list(Measure)),
    st.integers(1, 10**9),
    st.lists(st.none() | st.integers(0, 2**62), min_size=28, max_size=31),
)
def test_sums_and_peaks_make_the_quantity_that_days_make(measure, size, values):
    service = Service(1, "any", "any.meter", size, measure)
    known = [value for value in values if value is not None]
    exact = Fraction(base_quantity(measure, values), service.divisor(len(values)))
    assert service.quantity(sum(known), max(known, default=0), len(values)) == exact
