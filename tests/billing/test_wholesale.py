"""Wholesale: what North pays the platform for each camera, when rates change and when they pool."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.billing.measure import base_quantity
from portal.billing.rating import (
    AMOUNT_MAX,
    CameraUsage,
    Measure,
    PoolShare,
    PriceList,
    Service,
    price_pool,
)
from portal.errors import Conflict
from tests.billing.cast import (
    ARCHIVE,
    FEBRUARY,
    GATE,
    GB,
    HOUR,
    HOURS,
    LAGO_GRADUATED,
    LEAP_FEBRUARY,
    MOTION,
    NOVEMBER,
    OCTOBER,
    PEAK,
    amounts,
    d,
    law,
    packages,
    per_unit,
    rate,
    usage,
)
from tests.billing.test_reference import rate_cloud
from tests.billing.worlds import world


def charged(period, rates, camera, currency="EUR"):
    return PriceList(period, currency, {rates[0].service.id: rates}).rate(camera)


def test_seven_days_of_archive_for_half_of_the_month_is_three_and_a_half():
    camera = usage(motion=[7] * 15 + [None] * 15)
    (charge,) = charged(NOVEMBER, [rate(1, MOTION, per_unit("1"))], camera).charges
    assert (charge.quantity, charge.amount) == (Fraction(7, 2), 350)
    assert (charge.side, charge.kind, charge.camera) == ("wholesale", "service", GATE)
    assert (charge.service, charge.rate, charge.unit_price) == (MOTION.id, 1, d("1"))
    assert (charge.subscriber, charge.subscription, charge.version) == (None, None, None)


@pytest.mark.parametrize(
    ("service", "daily", "quantity"),
    [
        (ARCHIVE, [10 * GB, None, 30 * GB], Fraction(40, 31)),
        (HOURS, [HOUR, None, 2 * HOUR + HOUR // 2], Fraction(7, 2)),
        (PEAK, [10 * GB, None, 30 * GB], Fraction(30)),
    ],
)
def test_each_measure_makes_its_own_quantity_of_the_same_days(service, daily, quantity):
    values = daily + [0] * 28
    camera = usage(stored=values, time=values)
    (charge,) = charged(OCTOBER, [rate(1, service, per_unit("1"))], camera).charges
    assert charge.quantity == quantity


@pytest.mark.parametrize(
    ("period", "cents"), [(FEBRUARY, 56), (LEAP_FEBRUARY, 54), (NOVEMBER, 52), (OCTOBER, 51)]
)
def test_a_unit_month_is_divided_by_the_days_of_its_own_month(period, cents):
    camera = usage(motion=[1] * 16 + [0] * (period.days - 16))
    rates = [rate(1, MOTION, per_unit("0.98123"))]
    assert amounts(charged(period, rates, camera).charges) == [cents]


@pytest.mark.parametrize(("currency", "amount"), [("EUR", 51), ("JPY", 1), ("KWD", 506)])
def test_a_charge_is_rounded_once_to_the_minor_unit_of_the_clouds_currency(currency, amount):
    camera = usage(motion=[1] * 16 + [0] * 15)
    rates = [rate(1, MOTION, per_unit("0.98123"))]
    assert amounts(charged(OCTOBER, rates, camera, currency).charges) == [amount]


def test_a_rate_that_changes_inside_the_month_makes_one_charge_each():
    # October |1————————10|11—————————————31|
    #          rate 1 0.50  rate 2 0.80        D stays 31
    rates = [rate(1, MOTION, per_unit("0.50")), rate(2, MOTION, per_unit("0.80"), "2026-10-11")]
    charges = charged(OCTOBER, rates, usage(motion=[7] * 31)).charges
    assert [(c.rate, c.quantity, c.unit_price, c.amount) for c in charges] == [
        (1, Fraction(70, 31), d("0.50"), 113),
        (2, Fraction(147, 31), d("0.80"), 379),
    ]


def test_a_total_is_split_by_day_too_but_a_peak_takes_the_last_days_price():
    daily = [2 * HOUR] * 10 + [HOUR] * 21
    rates = [rate(1, HOURS, per_unit("1")), rate(2, HOURS, per_unit("2"), "2026-10-11")]
    assert amounts(charged(OCTOBER, rates, usage(time=daily)).charges) == [2000, 4200]

    rates = [rate(3, PEAK, per_unit("1")), rate(4, PEAK, per_unit("2"), "2026-10-31")]
    (charge,) = charged(OCTOBER, rates, usage(stored=[9 * GB] + [4 * GB] * 30)).charges
    assert (charge.rate, charge.quantity, charge.unit_price, charge.amount) == (4, 9, d("2"), 1800)


def test_rates_of_other_months_are_not_asked():
    rates = [
        rate(1, MOTION, per_unit("9"), "2026-08-01"),
        rate(2, MOTION, per_unit("1"), "2026-09-30"),
        rate(3, MOTION, per_unit("9"), "2026-11-01"),
    ]
    assert [c.rate for c in charged(OCTOBER, rates, usage(motion=[1] * 31)).charges] == [2]


def test_days_without_a_rate_are_not_charged_and_are_listed():
    camera = usage(motion=[3, 0, None, 2] + [1] * 27)
    result = charged(OCTOBER, [rate(1, MOTION, per_unit("31"), "2026-10-05")], camera)
    assert amounts(result.charges) == [2700]
    assert result.unrated == {MOTION.id: (0, 3)}


def test_a_peak_before_its_first_rate_does_not_count():
    camera = usage(stored=[90 * GB] * 4 + [5 * GB] * 27)
    result = charged(OCTOBER, [rate(1, PEAK, per_unit("1"), "2026-10-05")], camera)
    assert amounts(result.charges) == [500]
    assert result.unrated == {PEAK.id: (0, 1, 2, 3)}


def test_a_service_that_was_never_priced_is_listed_when_it_is_used():
    prices = PriceList(OCTOBER, "EUR", {}, [MOTION, HOURS])
    result = prices.rate(usage(motion=[0, 1] + [None] * 29))
    assert (result.charges, result.shares, result.unrated) == ([], [], {MOTION.id: (1,)})


def test_quantity_zero_and_amounts_that_round_to_zero_are_no_charge():
    rates = [rate(1, MOTION, per_unit("0.01"))]
    for daily in ([0] * 31, [None] * 31, [1] + [0] * 30):
        assert not charged(OCTOBER, rates, usage(motion=daily)).charges
    assert not charged(OCTOBER, rates, usage(plates=[1] * 31)).charges
    assert not charged(OCTOBER, [rate(1, MOTION, per_unit("0"))], usage(motion=[7] * 31)).charges


# Pools: graduated, volume and package price the whole cloud


def pooled(period, rates, cameras, currency="EUR"):
    prices = PriceList(period, currency, {rates[0].service.id: rates})
    results = [prices.rate(camera) for camera in cameras]
    assert not any(result.charges for result in results)
    shares = [share for result in results for share in result.shares]
    return price_pool(period, currency, prices.pools[rates[0].service.id], shares)


def test_a_pooled_service_is_priced_once_for_the_cloud_and_spread_by_quantity():
    # 8 + 2 + 1 = 11 units → Lago's 110, by 8 : 2 : 1 = 80, 20, 10.
    cameras = [usage(c, n, motion=[v] * 31) for c, n, v in ((1, "a", 8), (2, "b", 2), (3, "c", 1))]
    charges = pooled(OCTOBER, [rate(5, MOTION, LAGO_GRADUATED)], cameras)
    assert [(c.camera, c.quantity, c.unit_price, c.amount) for c in charges] == [
        (1, 8, None, 8000),
        (2, 2, None, 2000),
        (3, 1, None, 1000),
    ]


def test_the_odd_cent_of_a_pool_goes_to_the_lower_external_id():
    cameras = [usage(c, n, motion=[1] * 31) for c, n in ((1, "b"), (2, "a"), (3, "B"))]
    charges = pooled(OCTOBER, [rate(5, MOTION, packages("100", "1"))], cameras)
    assert [(c.camera, c.amount) for c in charges] == [(1, 33), (2, 33), (3, 34)]


def test_a_pool_counts_only_days_with_a_rate_and_takes_the_last_days_price():
    rates = [
        rate(1, MOTION, packages("1", "99"), "2026-10-11"),
        rate(2, MOTION, packages("1", "31"), "2026-10-31"),
    ]
    charges = pooled(OCTOBER, rates, [usage(motion=[31] * 31)])
    assert [(c.rate, c.quantity, c.amount) for c in charges] == [(2, 21, 21 * 3100)]


def test_when_the_last_days_rate_is_pooled_the_unit_price_before_it_is_not_used():
    rates = [rate(1, MOTION, per_unit("100")), rate(2, MOTION, packages("10", "5"), "2026-10-31")]
    (charge,) = pooled(OCTOBER, rates, [usage(motion=[7] * 31)])
    assert (charge.rate, charge.quantity, charge.amount) == (2, 7, 500)


def test_when_the_last_days_rate_is_per_unit_pooled_days_take_its_price_as_their_own_charge():
    rates = [
        rate(1, MOTION, per_unit("0.10"), "2026-09-01"),
        rate(2, MOTION, LAGO_GRADUATED, "2026-10-11"),
        rate(3, MOTION, per_unit("0.50"), "2026-10-21"),
    ]
    result = charged(OCTOBER, rates, usage(motion=[31] * 31))
    assert not result.shares
    assert [(c.rate, c.quantity, c.unit_price, c.amount) for c in result.charges] == [
        (1, 10, d("0.10"), 100),
        (2, 10, d("0.50"), 500),
        (3, 11, d("0.50"), 550),
    ]


def test_a_pooled_peak_is_the_sum_of_the_cameras_peaks():
    cameras = [
        usage(1, "a", stored=[GB] * 30 + [3 * GB]),
        usage(2, "b", stored=[2 * GB] + [None] * 30),
    ]
    charges = pooled(OCTOBER, [rate(1, PEAK, packages("1", "1"))], cameras)
    assert amounts(charges) == [300, 200]


def test_a_pool_of_nothing_costs_nothing_whatever_its_flat_fee():
    assert pooled(OCTOBER, [rate(1, MOTION, LAGO_GRADUATED)], [usage(motion=[0] * 31)]) == []
    assert price_pool(OCTOBER, "EUR", rate(1, MOTION, LAGO_GRADUATED), []) == []


def test_a_camera_too_small_for_a_cent_of_the_pool_has_no_charge():
    cameras = [usage(1, "a", motion=[1000] * 31), usage(2, "b", motion=[1] + [0] * 30)]
    assert [
        c.camera for c in pooled(OCTOBER, [rate(1, MOTION, packages("10000", "1"))], cameras)
    ] == [1]


def test_shares_of_two_services_do_not_mix():
    with pytest.raises(ValueError, match="one service"):
        price_pool(OCTOBER, "EUR", rate(1, MOTION, LAGO_GRADUATED), [PoolShare(2, 1, "a", 1)])


@law(60)
@given(st.integers(0, 2**48))
def test_laws_9_and_11_cameras_sum_to_the_cloud_and_rating_again_gives_the_same(seed):
    at = world(seed)
    charges, _ = rate_cloud(at)
    by_camera = {u.camera: sum(c.amount for c in charges if c.camera == u.camera) for u in at.cloud}
    assert sum(by_camera.values()) == sum(charge.amount for charge in charges)
    at.cloud.reverse()
    at.rates.reverse()
    again, _ = rate_cloud(at)
    assert sorted(again, key=lambda c: (c.camera, c.service, c.rate)) == sorted(
        charges, key=lambda c: (c.camera, c.service, c.rate)
    )
    assert all(charge.amount for charge in charges)
    assert len({charge.key for charge in charges}) == len(charges)


# What must not be


def test_two_rates_of_one_day_are_a_conflict_of_the_caller():
    with pytest.raises(ValueError, match="on one day"):
        PriceList(
            OCTOBER, "EUR", {1: [rate(1, MOTION, per_unit("1")), rate(2, MOTION, per_unit("2"))]}
        )


def test_usage_of_another_month_is_not_rated_by_mistake():
    with pytest.raises(ValueError, match="30 values"):
        charged(OCTOBER, [rate(1, MOTION, per_unit("1"))], usage(motion=[1] * 30))


def test_a_charge_beyond_reason_stops_the_close_instead_of_being_billed():
    tiny = Service(9, "bytes", "archive.stored", 1, Measure.TOTAL)
    camera = CameraUsage(GATE, "gate", {"archive.stored": [2**63 - 1] * 31})
    with pytest.raises(Conflict, match="bytes"):
        charged(OCTOBER, [rate(1, tiny, per_unit("1000000000000"))], camera)
    assert 80 * AMOUNT_MAX < 2**63


def test_a_service_without_a_size_does_not_exist():
    with pytest.raises(ValueError, match="at least one"):
        Service(1, "x", "m", 0, Measure.PEAK)
    assert base_quantity(Measure.PEAK, []) == 0
