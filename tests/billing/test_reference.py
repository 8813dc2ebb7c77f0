"""The fast core and a slow second reading of the rules agree to the last minor unit."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from portal.billing.pricing import price, pricing_from, pricing_to
from portal.billing.rating import (
    PoolShare,
    PriceList,
    Rate,
    price_pool,
    rate_retail,
    rate_wholesale,
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
    prices = PriceList(at.period, at.currency, dated, at.services)
    charges, pools, unrated = [], defaultdict(list), set()
    for usage in at.cloud:
        result = rate_wholesale(at.period, at.currency, prices, usage)
        charges += result.charges
        for share in result.shares:
            pools[share.service].append(share)
        unrated |= {(usage.camera, s, day) for s, days in result.unrated.items() for day in days}
    for service, shares in pools.items():
        charges += price_pool(at.period, at.currency, prices.pools[service], shares)
    return charges, unrated


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
