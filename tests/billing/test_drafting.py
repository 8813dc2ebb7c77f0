"""Laws of drafts: lines as SQL sums them, bridges that hold, surprises that keep their name."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.billing.drafting.bridge import Billed, bridge
from portal.billing.drafting.rated import RatedMonth
from portal.billing.drafting.surprises import (
    RULES,
    SURPRISES_MAX,
    Customer,
    Limits,
    Unpaid,
    kept,
    of_customers,
    of_unpaid,
)
from portal.billing.rating import Fleet, PriceList, Prices, price_pools, rate_cameras
from tests.billing.worlds import world

MONTH = date(2026, 10, 1)
LIMITS = Limits(Decimal(25), Decimal(20), "EUR")
SUE = Customer(
    number=1,
    name="Sue",
    has_lines=True,
    is_issued=True,
    total=10_000,
    last=10_000,
    known=True,
    cameras=2,
    cameras_last=2,
    gross=9_000,
    revenue=8_200,
    cost=5_000,
)


@pytest.mark.parametrize("seed", range(150))
def test_lines_are_the_charges_summed_however_the_cameras_are_cut(seed: int) -> None:
    """Random worlds, rated in ranges: what SQL does over stored charges, by another way."""
    made = world(seed)
    rates = defaultdict(list)
    for rate in sorted(made.rates, key=lambda one: one.valid_from):
        rates[rate.service.id].append(rate)
    versions = defaultdict(list)
    for version in made.versions:
        versions[version.tariff].append(version)
    prices = Prices(
        PriceList(made.period, made.currency, rates, tuple(made.services)),
        {tariff: sorted(of, key=lambda one: one.valid_from) for tariff, of in versions.items()},
    )
    subscriptions = defaultdict(list)
    for one in made.subscriptions:
        subscriptions[one.camera].append(one)
    whole = rate_cameras(prices, Fleet(made.cloud, subscriptions))
    cut = random.Random(-seed).randint(0, len(made.cloud))
    rated = RatedMonth()
    for part in (made.cloud[:cut], made.cloud[cut:]):
        some = rate_cameras(prices, Fleet(part, subscriptions))
        rated.add(some.charges, made.period.start)
        rated.add_shares(some.shares)
    charges = list(whole.charges)
    for of in price_pools(prices, rated.shares):
        rated.add(of, made.period.start)
        charges += of
    sums: dict[Any, tuple[int, Fraction, set[Decimal | None]]] = {}
    for charge in charges:
        key = (charge.subscriber, charge.kind, charge.tariff, charge.version, charge.service)
        amount, quantity, unit_prices = sums.get(key, (0, Fraction(0), set()))
        sums[key] = (
            amount + charge.amount,
            quantity + charge.quantity,
            unit_prices | {charge.unit_price},
        )
    lines: dict[Any, tuple[int, Fraction, Decimal | None]] = {
        (subscriber, line.kind, line.tariff, line.version, line.service): (
            line.amount,
            line.quantity,
            line.unit_price,
        )
        for subscriber, of_subscriber in rated.lines().items()
        for line in of_subscriber
    }
    assert lines == {
        key: (amount, quantity, next(iter(found)) if len(found) == 1 else None)
        for key, (amount, quantity, found) in sums.items()
    }
    assert sum(rated.wholesale.values()) == sum(
        one.amount for one in charges if one.side == "wholesale"
    )


AMOUNTS = st.integers(-(10**7), 10**7)
MONTHS = st.dictionaries(
    st.integers(1, 6),
    st.builds(
        Billed,
        revenue=AMOUNTS,
        corrected=st.one_of(st.just(0), AMOUNTS),
        prices=st.dictionaries(
            st.integers(1, 2),
            st.tuples(st.decimals(0, 100, places=2), st.fractions(0, 30, max_denominator=31)),
        ),
        discount_percent=st.decimals(0, 100, places=2),
    ),
    max_size=6,
)


@given(last=MONTHS, now=MONTHS)
def test_the_steps_of_a_bridge_sum_to_the_difference(
    last: dict[int, Billed], now: dict[int, Billed]
) -> None:
    steps = bridge(last, now, "EUR")
    total = steps.existing + steps.new + steps.gone + steps.prices + steps.corrections
    assert total == sum(one.revenue for one in now.values()) - sum(
        one.revenue for one in last.values()
    )


def test_a_bridge_tells_prices_from_use() -> None:
    """Two cameras at 9.90, then three at 11.90: 6.00 are the price, 9.90 one camera more."""
    last = {1: Billed(1980, prices={7: (Decimal("9.90"), Fraction(2))})}
    now = {1: Billed(3570, prices={7: (Decimal("11.90"), Fraction(3))})}
    steps = bridge(last, now, "EUR")
    assert (steps.prices, steps.existing) == (600, 990)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"total": 12_500}, None),  # 25 % is not more than 25 %
        ({"total": 12_501}, "invoice_changed"),
        ({"total": 7_499}, "invoice_changed"),
        ({"total": 4_100, "last": 2_100}, None),  # 20.00 is not more than 20.00
        ({"total": 4_101, "last": 2_100}, "invoice_changed"),
        ({"known": False}, "first_invoice"),
        ({"total": 0}, "zero_or_negative"),
        ({"total": -1, "known": False}, "zero_or_negative"),
        ({"total": 0, "has_lines": False, "cameras": 0}, "no_invoice"),
        ({"total": 0, "has_lines": False, "cameras": 0, "last": 0}, None),
        ({"total": 0, "has_lines": False}, "zero_or_negative"),
        ({"last": None}, None),
    ],
)
def test_of_the_rules_about_invoices_one_applies_at_most(
    change: dict[str, object], rule: str | None
) -> None:
    found = of_customers([replace(SUE, **change)], LIMITS)  # type: ignore[arg-type]
    assert [one.rule for one in found] == ([] if rule is None else [rule])


def test_thresholds_are_in_the_currency_of_the_cloud() -> None:
    """20 yen are 20 minor units, 20 dinars 20 000."""
    assert Limits(Decimal(0), Decimal(20), "JPY").exceeded(100, 121)
    assert not Limits(Decimal(0), Decimal(20), "KWD").exceeded(100, 20_100)
    assert Limits(Decimal(0), Decimal(20), "KWD").exceeded(100, 20_101)


def test_a_surprise_is_called_the_same_however_much_it_is_about() -> None:
    one, other = (
        of_customers([replace(SUE, total=total)], LIMITS)[0] for total in (20_000, 30_000)
    )
    assert one.key == other.key
    assert one.key != of_customers([replace(SUE, number=2, total=20_000)], LIMITS)[0].key
    assert len({*RULES}) == 12


def test_of_one_rule_so_many_are_kept_those_about_most_money() -> None:
    cameras = [Unpaid(f"c{cost}", "", cost) for cost in range(1, SURPRISES_MAX + 11)]
    found = kept(of_unpaid(cameras))
    assert len(found) == SURPRISES_MAX
    assert (found[0].amount, found[-1].amount) == (SURPRISES_MAX + 10, 11)
