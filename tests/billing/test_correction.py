"""Corrections: a closed month whose usage came late is put right by its differences, and only by them."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from portal.billing.correction import Charged, differences, sum_by_key
from portal.billing.rating import Charge, Key, PriceList, rate_retail
from tests.billing.cast import (
    GATE,
    MOTION,
    OCTOBER,
    SUE,
    d,
    law,
    per_unit,
    rate,
    subscription,
    usage,
    version,
)
from tests.billing.test_reference import rate_cloud
from tests.billing.worlds import world

RATES = {MOTION.id: [rate(1, MOTION, per_unit("0.50"))]}


def motion(*daily):
    values = [*daily, *[None] * (31 - len(daily))]
    return PriceList(OCTOBER, "EUR", RATES).rate(usage(motion=values)).charges


def test_late_usage_is_charged_as_the_difference_of_the_rounded_amounts():
    before = motion(*[7] * 16)  # 112 ÷ 31 × 0.50 = 1.81
    after = motion(*[7] * 17)  # 119 ÷ 31 × 0.50 = 1.92
    (correction,) = differences(sum_by_key(before), after, "EUR")
    assert correction.amount == 192 - 181
    assert correction.key == before[0].key
    assert correction.unit_price == d("0.50")


def test_the_quantity_is_the_exact_difference_too():
    before, after = motion(*[7] * 16), motion(*[7] * 17)
    (correction,) = differences(sum_by_key(before), after, "EUR")
    assert correction.quantity == Fraction(7, 31)


def test_no_difference_no_line():
    assert differences(sum_by_key(motion(7, 7)), motion(7, 7), "EUR") == []
    # Another quantity, the same cents: still nothing.
    assert differences(sum_by_key(motion(1)), motion(1, 0, None), "EUR") == []


def test_what_is_no_longer_due_is_taken_back_whole():
    before = motion(*[7] * 16)
    (correction,) = differences(sum_by_key(before), [], "EUR")
    assert (correction.amount, correction.quantity, correction.unit_price) == (
        -181,
        Fraction(-112, 31),
        d("0.50"),
    )
    assert (correction.camera, correction.service, correction.rate) == (GATE, MOTION.id, 1)


def test_what_was_not_charged_at_all_is_charged_whole():
    (correction,) = differences({}, motion(*[7] * 16), "EUR")
    assert correction.amount == 181


def test_a_second_correction_only_adds_what_the_first_left_out():
    first = motion(*[7] * 16)
    second = motion(*[7] * 17)
    third = motion(*[7] * 18)
    so_far = [*first, *differences(sum_by_key(first), second, "EUR")]
    (correction,) = differences(sum_by_key(so_far), third, "EUR")
    assert correction.amount == third[0].amount - second[0].amount


def test_a_correction_goes_to_the_subscriber_who_was_charged():
    camera = usage(enabled=[0] * 31)
    terms = version(monthly="31", bill_when_disabled=False)
    before = rate_retail(OCTOBER, "EUR", subscription(), [terms], None)
    after = rate_retail(OCTOBER, "EUR", subscription(), [terms], camera)
    (correction,) = differences(sum_by_key(before), after, "EUR")
    assert (correction.subscriber, correction.kind, correction.amount) == (SUE, "recurring", -3100)


def test_a_flat_price_given_back_whole_is_minus_one_of_it():
    terms = version(monthly="30.00", bill_when_disabled=False)
    before = rate_retail(OCTOBER, "EUR", subscription(), [terms], usage(enabled=[1] * 31))
    after = rate_retail(OCTOBER, "EUR", subscription(), [terms], usage(enabled=[0] * 31))
    (correction,) = differences(sum_by_key(before), after, "EUR")
    assert (correction.quantity, correction.unit_price, correction.amount) == (
        Fraction(-1),
        d("30"),
        -3000,
    )


def test_two_prices_make_no_single_one():
    key = Key("wholesale", "service", GATE, None, None, None, None, MOTION.id, 1)
    at_two, at_one = Charge(*key, Fraction(3), d("2"), 600), Charge(*key, Fraction(8), d("1"), 800)
    (correction,) = differences(sum_by_key([at_two]), [at_one], "EUR")
    assert (correction.quantity, correction.unit_price, correction.amount) == (
        Fraction(5),
        None,
        200,
    )


def overage(quantity, minor, unit_price):
    key = Key("retail", "overage", GATE, SUE, 1, 7, 1, MOTION.id, None)
    return Charge(*key, Fraction(quantity), unit_price and d(unit_price), minor)


def corrected(*states):
    """What each state after the first adds, charged on top of all before it."""
    so_far, found = [states[0]], []
    for state in states[1:]:
        found = differences(sum_by_key(so_far), [state] if state else [], "EUR")
        so_far += found
    return [(one.quantity, one.unit_price, one.amount) for one in found]


FIVE, SIX, SEVEN = overage(5, 3500, "7"), overage(6, 3900, "6.50"), overage(7, 4550, "6.50")
"""Volume tiers: up to 5 at 7.00 each, more at 6.50 each."""


def test_what_went_to_another_tier_has_no_price_and_what_follows_there_has_one():
    assert corrected(FIVE, SIX) == [(1, None, 400)]
    assert corrected(FIVE, SIX, SEVEN) == [(1, d("6.50"), 650)]
    assert corrected(FIVE, SIX, FIVE) == [(-1, None, -400)]


def test_what_was_taken_back_whole_is_charged_again_at_its_price():
    assert corrected(FIVE, SIX, None, SEVEN) == [(7, d("6.50"), 4550)]
    assert corrected(FIVE, None, FIVE, None) == [(-5, d("7"), -3500)]
    assert corrected(overage(6, 4150, None), None, FIVE) == [(5, d("7"), 3500)]
    assert corrected(FIVE, overage(6, 4150, None)) == [(1, None, 650)]


def test_corrections_come_in_a_fixed_order():
    keys = [Key("retail", "recurring", camera, SUE, 1, 7, 1, None, None) for camera in (3, 1, 2)]
    found = differences(dict.fromkeys(keys, Charged(5, Fraction(1), None)), [], "EUR")
    assert [charge.camera for charge in found] == [1, 2, 3]


@law(60)
@given(st.integers(0, 2**48), st.integers(0, 2**48))
def test_charges_and_corrections_sum_to_what_should_have_been(seed, other):
    at, late = world(seed), world(seed)
    late.cloud = [
        type(camera)(
            camera.camera,
            camera.external_id,
            {m: [(v or 0) + other % 7 for v in days] for m, days in camera.daily.items()},
        )
        for camera in at.cloud
    ]
    before, after = rate_cloud(at)[0], rate_cloud(late)[0]
    corrections = differences(sum_by_key(before), after, "EUR")
    assert all(correction.amount for correction in corrections)
    so_far = sum_by_key([*before, *corrections])
    amounts = {key: sums.amount for key, sums in so_far.items() if sums.amount}
    assert amounts == {charge.key: charge.amount for charge in after}
