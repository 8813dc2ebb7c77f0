"""Retail: what Sue pays North, through trials, disabled days, changing tariffs and moves."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.billing.rating import Item, Subscription, rate_retail, version_on
from portal.errors import Conflict
from tests.billing.cast import (
    ARCHIVE,
    FEBRUARY,
    GATE,
    GB,
    HOUR,
    HOURS,
    LAGO_GRADUATED,
    MOTION,
    NOVEMBER,
    OCTOBER,
    PEAK,
    SUE,
    TOM,
    amounts,
    by_kind,
    d,
    law,
    packages,
    per_unit,
    subscription,
    usage,
    version,
)
from tests.billing.worlds import world


def billed(subscribed, versions, camera=None, period=OCTOBER, currency="EUR"):
    return rate_retail(period, currency, subscribed, versions, camera)


# Recurring


def test_a_whole_month_costs_the_monthly_price_however_long_it_is():
    for period in (FEBRUARY, OCTOBER, NOVEMBER):
        assert amounts(billed(subscription(), [version()], period=period)) == [990]


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        ("2026-10-16", None, 16),
        ("2026-01-01", "2026-10-02", 1),
        ("2026-10-31", None, 1),
        ("2026-10-10", "2026-10-20", 10),
        ("2026-10-01", "2026-11-01", 31),
    ],
)
def test_a_part_of_the_month_is_its_days_of_the_months_days(start, end, days):
    (charge,) = billed(subscription(start, end), [version(monthly="31")])
    assert (charge.quantity, charge.amount) == (Fraction(days, 31), days * 100)
    assert (charge.kind, charge.camera, charge.subscriber) == ("recurring", GATE, SUE)
    assert (charge.subscription, charge.tariff, charge.version, charge.service) == (1, 7, 1, None)


@pytest.mark.parametrize(("start", "end"), [("2026-11-01", None), ("2026-01-01", "2026-10-01")])
def test_a_subscription_of_another_month_costs_nothing_in_this_one(start, end):
    assert billed(subscription(start, end), [version(setup="5")]) == []


@pytest.mark.parametrize(
    ("price", "days", "period", "amount"),
    [("599.95", 29, OCTOBER, 56124), ("249.95", 27, NOVEMBER, 22496)],
)
def test_golden_proration_of_kill_bill(price, days, period, amount):
    start = period.end - timedelta(days=days)
    assert amounts(billed(subscription(start), [version(monthly=price)], period=period)) == [amount]


@pytest.mark.parametrize(("currency", "amount"), [("EUR", 511), ("JPY", 5), ("KWD", 5110)])
def test_a_month_is_rounded_to_the_minor_unit(currency, amount):
    assert amounts(billed(subscription("2026-10-16"), [version()], currency=currency)) == [amount]


def test_a_price_of_zero_is_no_charge():
    assert billed(subscription(), [version(monthly="0")]) == []


# Versions


def test_a_day_is_priced_by_the_version_in_force_on_it():
    # October |1—————————15|16———————————31|
    #          version 1     version 2
    charges = billed(subscription(), [version(1), version(2, "2026-10-16", "31")])
    assert [(c.version, c.quantity, c.amount) for c in charges] == [
        (1, Fraction(15, 31), 479),
        (2, Fraction(16, 31), 1600),
    ]


def test_versions_of_the_past_and_the_future_are_not_charged():
    versions = [version(1), version(2, "2026-09-30", "5"), version(3, "2026-11-01", "7")]
    assert [(c.version, c.amount) for c in billed(subscription(), versions)] == [(2, 500)]


def test_a_version_on_the_first_day_has_the_whole_month():
    versions = [version(1), version(2, "2026-10-01", "5")]
    assert [(c.version, c.amount) for c in billed(subscription(), versions)] == [(2, 500)]


def test_a_subscription_before_the_first_version_is_refused():
    with pytest.raises(Conflict, match="first version"):
        billed(subscription("2026-10-01"), [version(1, "2026-10-02")])
    with pytest.raises(Conflict):
        billed(subscription(), [])
    assert version_on([version(1, "2026-10-02")], OCTOBER.start) is None


def test_an_empty_subscription_does_not_exist():
    for end in ("2026-10-01", "2026-09-30"):
        with pytest.raises(ValueError, match="at least one day"):
            subscription("2026-10-01", end)


def test_a_version_with_a_negative_price_or_trial_is_not_built():
    for build in (
        lambda: version(monthly="-0.01"),
        lambda: version(setup="-1"),
        lambda: version(trial=-1),
    ):
        with pytest.raises(ValueError, match="not negative"):
            build()


# Setup and trial


def test_the_setup_fee_is_due_once_in_the_month_of_the_start_even_in_the_trial():
    terms = [version(setup="25", trial=60)]
    subscribed = subscription("2026-10-31")
    (charge,) = billed(subscribed, terms)
    assert (charge.kind, charge.quantity, charge.unit_price, charge.amount) == (
        "setup",
        1,
        d("25"),
        2500,
    )
    assert by_kind(billed(subscribed, terms, period=NOVEMBER)) == {}
    assert by_kind(billed(subscribed, terms, period=NOVEMBER.next())) == {
        "recurring": 64
    }  # 30 and 31 December


def test_the_setup_fee_and_the_trial_are_those_in_force_on_the_day_it_starts():
    versions = [
        version(1, setup="25", trial=3),
        version(2, "2026-10-16", "9.90", setup="99", trial=30),
    ]
    charges = billed(subscription("2026-10-15"), versions)
    assert [(c.kind, c.version, c.quantity) for c in charges] == [
        ("setup", 1, 1),
        ("recurring", 2, Fraction(14, 31)),
    ]
    later = billed(subscription("2026-10-16"), versions)
    assert [(c.kind, c.version, c.amount) for c in later] == [("setup", 2, 9900)]


def test_trial_days_are_free_overage_included():
    item = Item(MOTION, d("7"), per_unit("31"))
    camera = usage(motion=[8] * 31)
    charges = billed(
        subscription("2026-10-01"), [version(1, "2026-01-01", "31", item, trial=10)], camera
    )
    assert [(c.kind, c.quantity, c.amount) for c in charges] == [
        ("recurring", Fraction(21, 31), 2100),
        ("overage", Fraction(21, 31), 2100),
    ]


def test_a_trial_runs_on_over_the_end_of_the_month():
    terms = [version(monthly="30", trial=14)]
    subscribed = subscription("2026-10-25")
    assert billed(subscribed, terms) == []
    assert amounts(billed(subscribed, terms, period=NOVEMBER)) == [2300]  # 8 to 30 November


def test_each_subscription_has_a_trial_of_its_own():
    terms = [version(monthly="31", trial=5)]
    first = billed(subscription("2026-10-01", "2026-10-11"), terms)
    second = billed(subscription("2026-10-11", number=2, subscriber=TOM), terms)
    assert (amounts(first), amounts(second)) == ([500], [1600])


# Disabled days


def test_a_day_known_to_be_disabled_is_free_where_the_tariff_says_so():
    camera = usage(enabled=[0] * 10 + [None] * 10 + [1] * 11)
    free = version(monthly="31", bill_when_disabled=False)
    (charge,) = billed(subscription(), [free], camera)
    assert (charge.quantity, charge.amount) == (Fraction(21, 31), 2100)
    assert amounts(billed(subscription(), [version(monthly="31")], camera)) == [3100]


def test_a_camera_without_readings_is_billed_since_nothing_is_known():
    free = version(monthly="31", bill_when_disabled=False)
    assert amounts(billed(subscription(), [free], None)) == [3100]
    assert amounts(billed(subscription(), [free], usage(motion=[1] * 31))) == [3100]


def test_a_month_disabled_throughout_costs_nothing():
    item = Item(PEAK, d("0"), per_unit("1"))
    camera = usage(enabled=[0] * 31, stored=[GB] * 31)
    assert (
        billed(
            subscription(), [version(1, "2026-01-01", "31", item, bill_when_disabled=False)], camera
        )
        == []
    )


def test_usage_of_disabled_days_is_no_overage_either():
    items = (Item(PEAK, d("1"), per_unit("1")), Item(HOURS, d("0"), per_unit("1")))
    camera = usage(enabled=[0] + [1] * 30, stored=[9 * GB] + [3 * GB] * 30, time=[HOUR] * 31)
    charges = billed(
        subscription(), [version(1, "2026-01-01", "0", *items, bill_when_disabled=False)], camera
    )
    assert [(c.service, c.quantity) for c in charges] == [(PEAK.id, 2), (HOURS.id, 30)]


def test_disabled_days_follow_the_version_of_the_day():
    camera = usage(enabled=[0] * 31)
    versions = [version(1, monthly="31", bill_when_disabled=False), version(2, "2026-10-21", "31")]
    assert [(c.version, c.amount) for c in billed(subscription(), versions, camera)] == [(2, 1100)]


# Overage


def test_a_unit_month_counts_day_by_day_what_exceeds_the_included_quantity():
    item = Item(MOTION, d("7"), per_unit("31"))
    camera = usage(
        motion=[9] * 15 + [3] * 15 + [None]
    )  # 2 too much on 15 days; less never makes up
    (charge,) = billed(subscription(), [version(1, "2026-01-01", "0", item)], camera)
    assert (charge.kind, charge.service, charge.unit_price) == ("overage", MOTION.id, d("31"))
    assert (charge.quantity, charge.amount) == (Fraction(30, 31), 3000)


def test_a_total_includes_its_share_of_the_billable_days():
    item = Item(HOURS, d("62"), per_unit("1"))  # 2 hours a day
    camera = usage(time=[3 * HOUR] * 31)
    for start, hours in (("2026-01-01", 31), ("2026-10-16", 16)):
        (charge,) = billed(subscription(start), [version(1, "2026-01-01", "0", item)], camera)
        assert (charge.quantity, charge.amount) == (hours, hours * 100)


def test_a_peak_is_what_the_highest_day_exceeds():
    item = Item(PEAK, d("2.5"), per_unit("1"))
    camera = usage(stored=[GB] * 30 + [4 * GB])
    (charge,) = billed(subscription(), [version(1, "2026-01-01", "0", item)], camera)
    assert (charge.quantity, charge.amount) == (Fraction(3, 2), 150)


def test_included_quantities_are_in_units_and_may_be_fractions():
    item = Item(ARCHIVE, d("1.5"), per_unit("31"))
    camera = usage(stored=[1_750_000_000] * 4 + [1_500_000_000] * 27)
    (charge,) = billed(subscription(), [version(1, "2026-01-01", "0", item)], camera)
    assert charge.quantity == Fraction(1, 31)


def test_no_overage_no_charge_whatever_its_flat_fee():
    item = Item(MOTION, d("7"), LAGO_GRADUATED)
    versions = [version(1, "2026-01-01", "0", item)]
    for daily in ([7] * 31, [0] * 31, [None] * 31):
        assert billed(subscription(), versions, usage(motion=daily)) == []
    assert amounts(billed(subscription(), versions, usage(motion=[8] * 31))) == [1200]


def test_what_is_included_without_a_price_beyond_is_never_charged():
    item = Item(MOTION, d("7"), None)
    assert (
        billed(subscription(), [version(1, "2026-01-01", "0", item)], usage(motion=[30] * 31)) == []
    )


def test_overage_may_have_any_pricing():
    camera = usage(motion=[18] * 31)  # 11 too much
    for pricing, amount in (
        (LAGO_GRADUATED, 11000),
        (packages("10", "3"), 600),
        (per_unit("0.25"), 275),
    ):
        item = Item(MOTION, d("7"), pricing)
        assert amounts(billed(subscription(), [version(1, "2026-01-01", "0", item)], camera)) == [
            amount
        ]


def test_tiers_flat_fees_and_peaks_start_anew_with_each_version_and_subscription():
    flat = Item(PEAK, d("0"), LAGO_GRADUATED)  # 1 unit: 12
    camera = usage(stored=[GB] * 31)
    versions = [version(1, "2026-01-01", "0", flat), version(2, "2026-10-11", "0", flat)]
    assert amounts(billed(subscription(), versions, camera)) == [1200, 1200]
    moved = billed(subscription("2026-01-01", "2026-10-05"), versions, camera)
    moved += billed(subscription("2026-10-05", number=2, subscriber=TOM), versions, camera)
    assert [(c.subscriber, c.version, c.amount) for c in moved] == [
        (SUE, 1, 1200),
        (TOM, 1, 1200),
        (TOM, 2, 1200),
    ]


def test_days_outside_the_subscription_are_nobodys_overage():
    item = Item(PEAK, d("0"), per_unit("1"))
    camera = usage(stored=[90 * GB] + [GB] * 29 + [80 * GB])
    charges = billed(
        subscription("2026-10-02", "2026-10-31"), [version(1, "2026-01-01", "0", item)], camera
    )
    assert amounts(charges) == [100]


# Law 5


@law(60)
@given(st.integers(0, 2**48), st.integers(1, 60))
def test_law_5_a_version_change_or_a_move_loses_no_day_and_bills_none_twice(seed, cut):
    at = world(seed)
    versions = [
        version(v.id, v.valid_from, "30", bill_when_disabled=v.bill_when_disabled)
        for v in at.versions
    ]
    days: dict[int, Fraction] = {}
    for one in at.subscriptions:
        for start, end in _cut(one, cut):
            part = Subscription(one.id, one.camera, one.subscriber, 7, start, end)
            for charge in rate_retail(at.period, "KWD", part, versions, at.cloud[0]):
                days[one.id] = days.get(one.id, Fraction(0)) + charge.quantity
    whole = {
        one.id: sum(c.quantity for c in rate_retail(at.period, "KWD", one, versions, at.cloud[0]))
        for one in at.subscriptions
    }
    assert days == {number: total for number, total in whole.items() if total}


def _cut(one, after):
    middle = one.starts_on + timedelta(days=after)
    if one.ends_on is not None and middle >= one.ends_on:
        return [(one.starts_on, one.ends_on)]
    return [(one.starts_on, middle), (middle, one.ends_on)]
