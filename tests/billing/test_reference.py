"""The fast core and a slow second reading of the rules agree to the last minor unit."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from fractions import Fraction
from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from portal.billing.period import MonthAt
from portal.billing.pricing import price, pricing_from, pricing_to
from portal.billing.rating import (
    Fleet,
    PoolShare,
    PriceList,
    Prices,
    Rate,
    price_pool,
    price_pools,
    rate_cameras,
    rate_retail,
)
from tests.billing import reference
from tests.billing.cast import law
from tests.billing.worlds import World, world

SEEDS = st.integers(0, 2**48)


def rate_cloud(at: World):
    """Every camera, then every pool, as a close does it."""
    dated: dict[int, list[Rate]] = defaultdict(list)
    for rate in at.rates:
        dated[rate.service.id].append(rate)
    prices = Prices(PriceList(at.period, at.currency, dated, at.services), {})
    charges, pools, unrated = [], defaultdict(list), set()
    for usage in at.cloud:
        rated = rate_cameras(prices, Fleet([usage], {}))
        charges += rated.charges
        for share in rated.shares:
            pools[share.service].append(share)
        unrated |= {(usage.camera, service, day) for service, day in rated.unrated}
    return [*charges, *chain.from_iterable(price_pools(prices, pools))], unrated


@law(250)
@given(SEEDS)
def test_wholesale_of_a_whole_cloud_is_what_the_rules_say_day_by_day(seed):
    at = world(seed)
    charges, unrated = rate_cloud(at)
    expected, days = reference.wholesale(at.period, at.currency, at.rates, at.cloud)

    found = {(c.camera, c.service, c.rate): (c.quantity, c.amount) for c in charges}
    assert found == expected
    assert len(found) == len(charges)
    rated = {rate.service.id for rate in at.rates}
    assert {row for row in unrated if row[1] in rated} == days


@law(250)
@given(SEEDS)
def test_retail_of_a_subscription_is_what_the_rules_say_day_by_day(seed):
    at = world(seed)
    camera = at.cloud[0] if seed % 7 else None
    for one in at.subscriptions:
        charges = rate_retail(at.period, at.currency, one, at.versions, camera)
        expected = reference.retail(at.period, at.currency, one, at.versions, camera)
        found = {(c.kind, c.version, c.service): (c.quantity, c.amount) for c in charges}
        assert found == expected
        assert len(found) == len(charges)


@law(100)
@given(SEEDS, st.integers(0, 200_000), st.sampled_from((1, 29, 31, 1000)))
def test_prices_agree_at_every_quantity_and_survive_json(seed, top, bottom):
    quantity = Fraction(top, bottom)
    for rate in world(seed).rates:
        assert price(rate.pricing, quantity) == reference.cost(pricing_to(rate.pricing), quantity)
        assert pricing_from(pricing_to(rate.pricing)) == rate.pricing


@law(100)
@given(SEEDS, st.integers(0, 40))
def test_a_fleet_rated_in_two_runs_is_the_fleet_rated_at_once(seed, first):
    at = world(seed)
    dated: dict[int, list[Rate]] = defaultdict(list)
    for rate in at.rates:
        dated[rate.service.id].append(rate)
    versions = {at.subscriptions[0].tariff: at.versions} if at.subscriptions else {}
    prices = Prices(PriceList(at.period, at.currency, dated, at.services), versions)
    sold = defaultdict(list)
    for one in at.subscriptions:
        sold[one.camera].append(one)
    whole = rate_cameras(prices, Fleet(at.cloud, sold))
    early, late = (
        rate_cameras(prices, Fleet(run, sold)) for run in (at.cloud[:first], at.cloud[first:])
    )
    assert whole.charges == early.charges + late.charges
    assert whole.shares == early.shares + late.shares
    assert whole.unrated == early.unrated + late.unrated


@law(100)
@given(SEEDS, st.integers(-3, 40))
def test_what_is_rated_so_far_is_the_month_as_if_nothing_came_after(seed, offset):
    at = world(seed)
    today = at.period.start + timedelta(days=offset)
    month = MonthAt(at.period, today)
    cut = Fleet(at.cloud, {0: at.subscriptions}).so_far(month)
    for before, after in zip(at.cloud, cut.cameras, strict=True):
        for meter, values in before.daily.items():
            kept = [
                value if day < today else None for day, value in zip(at.period, values, strict=True)
            ]
            assert list(after.daily[meter]) == kept
    assert cut.so_far(month) == cut, "cut twice is cut once"
    assert all(one.ends_on and one.ends_on <= month.until for one in cut.subscriptions[0])
    days_before = sum(one.starts_on < month.until for one in at.subscriptions)
    assert len(cut.subscriptions[0]) == days_before


@law(100)
@given(SEEDS)
def test_the_cameras_of_a_pool_sum_to_its_price_whatever_their_order(seed):
    at = world(seed)
    for rate in at.rates:
        shares = [
            PoolShare(rate.service.id, u.camera, u.external_id, (u.camera * 7919 + seed) % 1000 + 1)
            for u in at.cloud
        ]
        charges = price_pool(at.period, at.currency, rate, shares)
        over = rate.service.divisor(at.period.days)
        total = price(rate.pricing, Fraction(sum(share.base for share in shares), over))
        assert sum(c.amount for c in charges) == reference.rounded(
            total * reference.MINOR[at.currency]
        )
        again = price_pool(at.period, at.currency, rate, shares[::-1])
        assert sorted(charges, key=lambda c: c.camera) == sorted(again, key=lambda c: c.camera)
