"""What rating measured, kept for the appendix: the same days and quantities that the charges are of."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from portal.billing.measurement import measure_subscription
from portal.billing.rating import (
    Fleet,
    Item,
    Measurement,
    PriceList,
    Prices,
    Rate,
    measure_cameras,
    rate_cameras,
)
from tests.billing.cast import (
    GATE,
    MOTION,
    OCTOBER,
    PEAK,
    PLATES,
    SUE,
    d,
    law,
    per_unit,
    rate,
    subscription,
    usage,
    version,
)
from tests.billing.worlds import world

WHOLE = (1 << 31) - 1


def test_a_camera_on_a_tariff_is_measured_on_the_days_it_ran_and_billed_after_its_trial():
    terms = version(1, "2026-01-01", "9.90", Item(MOTION, d("7"), None), trial=5)
    camera = usage(motion=[2] * 31, plates=[1] * 31)
    on = subscription("2026-10-11", "2026-10-21")
    billed, motion = measure_subscription(OCTOBER, on, [terms], camera)
    assert billed == Measurement(GATE, SUE, 1, None, 0, 0b11111 << 15)
    assert motion == Measurement(GATE, SUE, 1, MOTION.id, 20, 0b1111111111 << 10)


def test_days_switched_off_are_used_and_not_billed():
    terms = version(1, "2026-01-01", "9.90", Item(PEAK, d("1"), None), bill_when_disabled=False)
    camera = usage(stored=[None, 3, 0, *[None] * 28], enabled=[1, 0, *[None] * 29])
    billed, stored = measure_subscription(OCTOBER, subscription(), [terms], camera)
    assert billed.days == WHOLE & ~0b10
    assert (stored.base, stored.days) == (3, 0b10)


def test_what_was_never_seen_is_not_measured_and_a_zero_that_was_seen_is():
    terms = version(1, "2026-01-01", "9.90", Item(MOTION, d("7"), None), Item(PLATES, d("1"), None))
    camera = usage(motion=[None] * 31, plates=[0, *[None] * 30])
    _, plates = measure_subscription(OCTOBER, subscription(), [terms], camera)
    assert (plates.service, plates.base, plates.days) == (PLATES.id, 0, 0)
    assert not list(
        measure_subscription(OCTOBER, subscription("2026-09-01", "2026-10-01"), [terms], camera)
    )


def test_wholesale_measures_what_was_charged_or_shared():
    prices = PriceList(
        OCTOBER, "EUR", {MOTION.id: [rate(1, MOTION, per_unit("0.50"))]}, (MOTION, PLATES)
    )
    fleet = Fleet([usage(motion=[0, 7, *[None] * 29], plates=[1] * 31)], {})
    both = Prices(prices, {})
    found = list(measure_cameras(both, fleet, rate_cameras(both, fleet)))
    assert found == [Measurement(GATE, None, None, MOTION.id, 7, 0b10)]


@law(150)
@given(st.integers(0, 10**6))
def test_charges_are_of_the_days_and_quantities_that_were_measured(seed):
    """Months of recurring charges are the billable days; nothing bought is above what was used."""
    one = world(seed)
    dear = [replace(terms, monthly_price=d("1000")) for terms in one.versions]  # none rounds to 0
    rates: dict[int, list[Rate]] = defaultdict(list)
    for dated in one.rates:
        rates[dated.service.id].append(dated)
    wholesale = PriceList(one.period, one.currency, rates, tuple(one.services))
    prices = Prices(wholesale, {7: dear})
    fleet = Fleet(one.cloud, {1: one.subscriptions})
    rated = rate_cameras(prices, fleet)
    found = list(measure_cameras(prices, fleet, rated))
    assert len({(m.camera, m.subscription, m.service) for m in found}) == len(found)

    months: dict[int | None, Fraction] = defaultdict(Fraction)
    bought: dict[tuple[int, int | None], Fraction] = defaultdict(Fraction)
    for charge in rated.charges:
        if charge.kind == "recurring":
            months[charge.subscription] += charge.quantity
        elif charge.kind == "service":
            bought[charge.camera, charge.service] += charge.quantity
    for measured in found:
        if measured.service is None:
            billed = Fraction(measured.days.bit_count(), one.period.days)
            assert months.pop(measured.subscription, Fraction(0)) == billed
        elif measured.subscription is None:
            service = one.services[measured.service - 1]
            used = Fraction(measured.base, service.divisor(one.period.days))
            assert bought.pop((measured.camera, measured.service), Fraction(0)) <= used
            assert measured.days
    assert not months
    assert not bought
