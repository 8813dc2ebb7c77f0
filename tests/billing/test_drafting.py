"""Laws of drafts: lines as SQL sums them, bridges that hold, surprises that keep their name."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
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
from portal.billing.invoice import Totals, totals
from portal.billing.margin import Margin, Sale, margins, margins_at
from portal.billing.money import Spread
from portal.billing.rating import (
    Fleet,
    PriceList,
    Prices,
    Subscription,
    pool_of,
    price_pools,
    rate_cameras,
)
from portal.billing.retail import running_days
from tests.billing import reference
from tests.billing.worlds import World, world

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


def prices_of(made: World) -> Prices:
    rates = defaultdict(list)
    for rate in sorted(made.rates, key=lambda one: one.valid_from):
        rates[rate.service.id].append(rate)
    versions = defaultdict(list)
    for version in made.versions:
        versions[version.tariff].append(version)
    return Prices(
        PriceList(made.period, made.currency, rates, tuple(made.services)),
        {tariff: sorted(of, key=lambda one: one.valid_from) for tariff, of in versions.items()},
    )


def subscriptions_of(made: World) -> dict[int, list[Subscription]]:
    found = defaultdict(list)
    for one in made.subscriptions:
        found[one.camera].append(one)
    return found


@pytest.mark.parametrize("seed", range(150))
def test_lines_are_the_charges_summed_however_the_cameras_are_cut(seed: int) -> None:
    """Random worlds, rated in ranges: what SQL does over stored charges, by another way."""
    made = world(seed)
    prices, subscriptions = prices_of(made), subscriptions_of(made)
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


TAX, COST_DISCOUNT = Decimal(22), Decimal("7.5")
Books = tuple[dict[int | None, Totals], list[Margin]]
"""A month's documents by subscriber, the platform's under None, and what is left of its cameras."""


def figures_of(
    made: World, rated: RatedMonth, discounts: dict[int, Decimal]
) -> dict[int | None, Totals]:
    found: dict[int | None, Totals] = {
        subscriber: totals(sum(of.values()), discounts[subscriber], TAX)
        for subscriber, of in rated.retail.items()
    }
    return {**found, None: totals(sum(rated.wholesale.values()), COST_DISCOUNT, TAX)}


def held_days(made: World) -> dict[int, dict[int, int]]:
    """Subscribed days of the month by camera and subscriber."""
    found: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for one in made.subscriptions:
        days = len(running_days(made.period, one))
        if days:
            found[one.camera][one.subscriber] += days
    return found


def drafted(made: World, discounts: dict[int, Decimal]) -> Books:
    """As a draft makes it: all at once."""
    prices = prices_of(made)
    rated, rating = RatedMonth(), rate_cameras(prices, Fleet(made.cloud, subscriptions_of(made)))
    rated.add(rating.charges, made.period.start)
    rated.add_shares(rating.shares)
    for of in price_pools(prices, rated.shares):
        rated.add(of, made.period.start)
    figures = figures_of(made, rated, discounts)
    sales = [
        Sale(subscriber, of, figures[subscriber].taxable, figures[subscriber].taxable // 9)
        for subscriber, of in rated.retail.items()
    ]
    names = {one.camera: one.external_id for one in made.cloud}
    taxable = figures[None].taxable
    return figures, margins(sales, rated.wholesale, taxable, held_days(made), names)


def issued(made: World, discounts: dict[int, Decimal], seed: int) -> Books:
    """As a close makes it: a camera at a time, pools share by share, customers in parts."""
    prices, subscriptions = prices_of(made), subscriptions_of(made)
    rated = RatedMonth()
    for camera in made.cloud:
        rating = rate_cameras(prices, Fleet([camera], subscriptions))
        rated.add(rating.charges, made.period.start)
        rated.add_shares(rating.shares)
    for service, shares in rated.shares.items():
        total = sum(share.base for share in shares)
        pool = pool_of(made.period, made.currency, prices.wholesale.pools[service], total)
        spread = Spread.of(pool.amount, {one.external_id: one.base for one in shares})
        for share in shares:
            rated.add(pool.charges([share], spread), made.period.start)
    figures, names = (
        figures_of(made, rated, discounts),
        {c.camera: c.external_id for c in made.cloud},
    )
    cost = Spread.of(figures[None].discount, {names[c]: of for c, of in rated.wholesale.items()})
    net = {c: of - cost.part(of, names[c]) for c, of in rated.wholesale.items()}
    held = held_days(made)
    everybody = sorted({*rated.retail, *(who for of in held.values() for who in of)})
    random.Random(seed).shuffle(everybody)
    cut = random.Random(seed).randint(0, len(everybody))
    found = margins_at({c: of for c, of in net.items() if not held.get(c)}, [], {}, names)
    for part in (everybody[:cut], everybody[cut:]):
        sales = [
            Sale(who, rated.retail[who], figures[who].taxable, figures[who].taxable // 9)
            for who in part
            if who in rated.retail
        ]
        theirs = {c for who in part for c in rated.retail.get(who, ())}
        theirs |= {c for c, of in held.items() if set(of) & set(part)}
        costs = {c: of for c, of in net.items() if c in theirs and held.get(c)}
        rows = margins_at(costs, sales, held, names)
        found += [row for row in rows if row.subscriber in part]
    return figures, sorted(found, key=lambda row: (names[row.camera], row.subscriber or 0))


def changed(made: World, discounts: dict[int, Decimal], seed: int) -> int | None:
    """Change one thing of a world: usage of a day, a discount, or the end of a subscription.

    Whose charges may be others then: the camera, or, after a discount, nobody's.
    """
    chance = random.Random(seed)
    if chance.random() < 0.3:
        discounts[chance.choice(sorted(discounts))] = Decimal(chance.randint(0, 100))
        return None
    if chance.random() < 0.4:
        last = made.subscriptions[-1]
        ends = last.starts_on + timedelta(days=chance.randint(1, 60))
        made.subscriptions[-1] = replace(last, ends_on=ends)
        return last.camera
    place = chance.randrange(len(made.cloud))
    camera = made.cloud[place]
    for meter, values in sorted(camera.daily.items())[:1]:
        day = chance.randrange(len(values))
        more = [*values[:day], (values[day] or 0) + 1, *values[day + 1 :]]
        made.cloud[place] = replace(camera, daily={**camera.daily, meter: more})
    return camera.camera


def by_the_rules(made: World) -> dict[Any, int]:
    """Every charge of a month by what it is for, as the second reading of the rules finds them."""
    found: dict[Any, int] = {
        key: amount
        for key, (_quantity, amount) in reference.wholesale(
            made.period, made.currency, made.rates, made.cloud
        )[0].items()
    }
    for one in made.subscriptions:
        camera = next((c for c in made.cloud if c.camera == one.camera), None)
        charges = reference.retail(made.period, made.currency, one, made.versions, camera)
        found |= {(one.id, *key): amount for key, (_quantity, amount) in charges.items()}
    return found


def test_a_draft_is_what_is_issued_and_differs_by_exactly_what_changed() -> None:
    """Two thousand worlds, whole and in parts; of each fourth one thing changes before the issue."""
    for seed in range(2_000):
        made, discounts = world(seed), {11: Decimal(seed % 40), 12: Decimal("33.333")}
        draft = drafted(made, discounts)
        assert issued(made, discounts, seed) == draft, seed
        if seed % 4:
            continue
        before = by_the_rules(made)
        whose = changed(made, discounts, seed)
        after = by_the_rules(made)
        books, _left = issued(made, discounts, seed)
        came = sum(after.values()) - sum(before.values())
        was = sum(of.subtotal for of in draft[0].values())
        assert sum(of.subtotal for of in books.values()) - was == came, seed
        if whose is None:
            assert after == before, "a discount is not charged for"
            assert {who for who, of in books.items() if of != draft[0][who]} <= {11, 12}


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
