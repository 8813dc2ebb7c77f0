"""Why each charge is what it is: the reason comes from the rater, and makes the amount."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.billing.commission import Basis, Sold, Term, change, earned_so_far, explain
from portal.billing.correction import differences, sum_by_key
from portal.billing.money import digits, round_half_away
from portal.billing.rating import (
    Charge,
    Fleet,
    Item,
    PriceList,
    Prices,
    Rate,
    price_pools,
    rate_cameras,
    rate_retail,
)
from portal.billing.why.explanation import Corrected, Explained, Pooled, days_of
from portal.billing.why.formula import earned_text, formula_text
from portal.billing.why.month import Stored, explain_month
from tests.billing.cast import (
    ARCHIVE,
    GATE,
    GB,
    HOUR,
    HOURS,
    LAGO_GRADUATED,
    MOTION,
    NOVEMBER,
    OCTOBER,
    PEAK,
    PLATES,
    STRIPE_GRADUATED,
    STRIPE_VOLUME,
    YARD,
    d,
    law,
    packages,
    per_unit,
    rate,
    subscription,
    usage,
    version,
)
from tests.billing.worlds import World, world


def evaluate(text: str) -> Fraction:
    """The left side of a formula as anybody would work it out, with nothing but its operands."""
    tokens = re.findall(r"\d+(?:\.\d+)?|[×÷+−()]", text)
    assert "".join(tokens) == text.replace(" ", ""), text

    def added() -> Fraction:
        value = multiplied()
        while tokens and tokens[0] in "+−":
            value = value + multiplied() if tokens.pop(0) == "+" else value - multiplied()
        return value

    def multiplied() -> Fraction:
        value = operand()
        while tokens and tokens[0] in "×÷":
            value = value * operand() if tokens.pop(0) == "×" else value / operand()
        return value

    def operand() -> Fraction:
        if tokens[0] == "(":
            tokens.pop(0)
            value = added()
            assert tokens.pop(0) == ")"
            return value
        return Fraction(tokens.pop(0))

    return added()


def check(text: str, amount: int, currency: str, *, share: bool = False) -> None:
    """What stands before the last `=` makes what stands behind it, and that is the amount."""
    operands, _equals, result = text.rpartition(" = ")
    scale = 10 ** digits(currency)
    assert Fraction(result) * scale == amount, text
    exact = evaluate(operands.rpartition("; ")[2]) * scale
    if share:
        assert abs(exact - amount) < 1, text
    else:
        assert round_half_away(exact) == amount, text


def formulas(charges: Sequence[Charge], explained: Explained, currency: str = "EUR") -> list[str]:
    return [formula_text(explained[one.key], one.amount, currency) for one in charges]


def wholesale(*cameras, rates: Sequence[Rate], period=OCTOBER) -> list[str]:
    dated = defaultdict(list)
    for one in rates:
        dated[one.service.id].append(one)
    prices = Prices(PriceList(period, "EUR", dated), {})
    rated = rate_cameras(prices, Fleet(cameras, {}), explain=True)
    shares = defaultdict(list)
    for share in rated.shares:
        shares[share.service].append(share)
    pools = chain.from_iterable(price_pools(prices, shares, rated.explained))
    return formulas([*rated.charges, *pools], rated.explained)


def retail(terms, camera=None, start="2026-10-16", currency="EUR") -> list[str]:
    explained: Explained = {}
    charges = rate_retail(
        OCTOBER, currency, subscription(start), [terms], camera, explained=explained
    )
    return formulas(charges, explained, currency)


def half_of_october(value: int) -> list[int | None]:
    return [None] * 15 + [value] * 16


def test_the_worked_example_says_its_formulas():
    assert retail(version()) == ["9.90 × 16 ÷ 31 = 5.11"]
    assert retail(version(setup="25", monthly="0")) == ["25.00 × 1 = 25.00"]
    yard = usage(YARD, "yard", motion=half_of_october(7), plates=half_of_october(1))
    rates = [rate(1, MOTION, per_unit("0.50")), rate(2, PLATES, per_unit("4"))]
    assert wholesale(yard, rates=rates) == ["112 ÷ 31 × 0.50 = 1.81", "16 ÷ 31 × 4.00 = 2.06"]


def test_yen_have_no_decimals_and_prices_all_of_theirs():
    assert retail(version(monthly="990"), currency="JPY") == ["990 × 16 ÷ 31 = 511"]
    assert retail(version(monthly="0.0125"), start="2026-10-01") == ["0.0125 × 31 ÷ 31 = 0.01"]


def test_base_units_are_units_where_decimals_make_them_so():
    camera = usage(stored=[100 * GB] * 31, time=[HOUR] * 30 + [HOUR + 100])
    rates = [rate(1, ARCHIVE, per_unit("0.05")), rate(2, HOURS, per_unit("0.02"))]
    assert wholesale(camera, rates=rates) == [
        "111700 ÷ 3600 × 0.02 = 0.62",
        "3100 ÷ 31 × 0.05 = 5.00",
    ]
    assert wholesale(camera, rates=[rate(3, PEAK, per_unit("0.05"))]) == ["100 × 0.05 = 5.00"]


def test_what_is_beyond_says_how_much_is_included():
    nine = usage(motion=[8] * 31, time=[4 * HOUR] * 31, stored=[150 * GB] * 31)
    for service, quantity, start, said in (
        (MOTION, "7", "2026-10-01", "31 ÷ 31 × 0.80 = 0.80"),
        (HOURS, "100", "2026-10-01", "(124 − 100) × 0.80 = 19.20"),
        (HOURS, "100", "2026-10-16", "(64 − 100 × 16 ÷ 31) × 0.80 = 9.91"),
        (PEAK, "100.5", "2026-10-01", "(150 − 100.5) × 0.80 = 39.60"),
    ):
        terms = version(1, "2026-01-01", "0", Item(service, d(quantity), per_unit("0.80")))
        assert retail(terms, nine, start) == [said]


@pytest.mark.parametrize(
    ("pricing", "said"),
    [
        (STRIPE_VOLUME, "(124 − 100) × 6.00 = 144.00"),
        (STRIPE_GRADUATED, "5 × 7.00 + 5 × 6.50 + 14 × 6.00 = 151.50"),
        (LAGO_GRADUATED, "10 × 10.00 + 2.00 + 10 × 5.00 + 3.00 + 4 × 5.00 + 3.00 = 178.00"),
        (packages("10", "100"), "3 × 100.00 = 300.00"),
    ],
)
def test_steps_of_a_price_are_said_one_by_one(pricing, said):
    terms = version(1, "2026-01-01", "0", Item(HOURS, d("100"), pricing))
    assert retail(terms, usage(time=[4 * HOUR] * 31), "2026-10-01") == [said]


def test_a_share_of_a_pool_is_its_part_of_what_the_pool_costs():
    gate, yard = usage(motion=[7] * 31), usage(YARD, "yard", motion=half_of_october(7))
    # 10.61 days in tiers: 5 × 7 + 5 × 6.50 + 0.61 × 6 = 71.18
    assert wholesale(gate, yard, rates=[rate(1, MOTION, STRIPE_GRADUATED)]) == [
        "71.18 × 217 ÷ 329 = 46.95",
        "71.18 × 112 ÷ 329 = 24.23",
    ]


def test_a_commission_says_its_base_and_what_was_earned_before():
    invoiced, collected = (Term(1, 1, d("7"), basis) for basis in Basis)
    issued = explain(Sold(10000, 11900), invoiced)
    assert earned_text(issued, 700, "EUR") == "100.00 × 7 ÷ 100 = 7.00"
    paid = Sold(10000, 11900, paid=7934)
    row = change(paid, collected, 233, 3333)
    assert row is not None
    assert earned_text(explain(paid, collected, 233), row.amount, "EUR") == (
        "100.00 × 7 ÷ 100 × 79.34 ÷ 119.00 = 4.67; 4.67 − 2.33 = 2.34"
    )
    credited = Sold(10000, 11900, 2000, 2380)
    row = change(credited, invoiced, 700, -2000)
    assert row is not None
    assert earned_text(explain(credited, invoiced, 700), row.amount, "EUR") == (
        "80.00 × 7 ÷ 100 = 5.60; 5.60 − 7.00 = -1.40"
    )
    assert earned_so_far(credited, invoiced) == 560


def test_days_are_those_that_were_billed_or_had_usage():
    explained: Explained = {}
    rate_retail(OCTOBER, "EUR", subscription("2026-10-16"), [version()], None, explained=explained)
    assert [days_of(one) for one in explained.values()] == [16]
    assert days_of(Corrected(date(2026, 10, 1), 5, 4)) is None
    assert days_of(None) is None


# Of random worlds: every model, measure, trial and change of versions ----------------------------


def rated_world(at: World):
    dated = defaultdict(list)
    for price in at.rates:
        dated[price.service.id].append(price)
    sold = defaultdict(list)
    for one in at.subscriptions:
        sold[one.camera].append(one)
    prices = Prices(PriceList(at.period, at.currency, dated, at.services), {7: at.versions})
    rated = rate_cameras(prices, Fleet(at.cloud, sold), explain=True)
    shares = defaultdict(list)
    for share in rated.shares:
        shares[share.service].append(share)
    pools = chain.from_iterable(price_pools(prices, shares, rated.explained))
    return prices, [*rated.charges, *pools], rated.explained


@law(150)
@given(st.integers(0, 2**48))
def test_every_charge_has_a_formula_that_makes_its_amount(seed):
    at = world(seed)
    prices, charges, explained = rated_world(at)
    assert set(explained) == {one.key for one in charges}
    for one in charges:
        reason = explained[one.key]
        text = formula_text(reason, one.amount, prices.currency)
        check(text, one.amount, prices.currency, share=isinstance(reason, Pooled))


@law(100)
@given(st.integers(0, 2**48))
def test_asking_for_reasons_changes_no_charge(seed):
    at = world(seed)
    prices, charges, _explained = rated_world(at)
    sold = defaultdict(list)
    for one in at.subscriptions:
        sold[one.camera].append(one)
    plain = rate_cameras(prices, Fleet(at.cloud, sold))
    assert plain.explained == {}
    assert plain.charges == charges[: len(plain.charges)]


@law(100)
@given(st.integers(0, 2**48), st.integers(0, 2**48))
def test_charges_corrections_and_their_reasons_sum_to_what_is_due(seed, other):
    """A month is charged, its usage changes twice, and both times the difference is charged."""
    at = world(seed)
    month, later = at.period.start, at.period.next().start
    worlds = [at]
    for shift in (1, 2):
        longer = [
            replace(
                one,
                daily={
                    meter: [None if v is None else v + (other + shift) % 3 * (v > 1) for v in of]
                    for meter, of in one.daily.items()
                },
            )
            for one in at.cloud
        ]
        worlds.append(replace(at, cloud=longer))
    stored: list[Stored] = []
    rated = [rated_world(one) for one in worlds]
    for place, (_prices, due, _reasons) in enumerate(rated):
        charged = sum_by_key(row.charge for row in stored)
        made = due if place == 0 else differences(charged, due, at.currency)
        billed_in = month if place == 0 else later
        stored += [Stored(len(stored) + n, billed_in, row) for n, row in enumerate(made)]
    subscriptions = {one.id: one for one in at.subscriptions}
    prices, due, explained = rated[-1]
    reasons = explain_month(prices, subscriptions, stored, due, explained)
    assert len(reasons) == len(stored)
    for reason in reasons:
        assert not reason.differs
        assert reason.explanation is not None
        text = formula_text(reason.explanation, reason.stored.charge.amount, at.currency)
        is_share = isinstance(reason.explanation, Pooled)
        check(text, reason.stored.charge.amount, at.currency, share=is_share)


def test_a_month_whose_usage_came_late_explains_both_charges():
    dated = {MOTION.id: [rate(1, MOTION, per_unit("0.50"))]}
    prices = Prices(PriceList(OCTOBER, "EUR", dated), {})
    half, whole = (
        rate_cameras(prices, Fleet([usage(motion=days)], {}), explain=True)
        for days in (half_of_october(7), [7] * 31)
    )
    (more,) = differences(sum_by_key(half.charges), whole.charges, "EUR")
    stored = [
        Stored(1, OCTOBER.start, half.charges[0]),
        Stored(9, NOVEMBER.start, more),
    ]
    first, second = explain_month(prices, {}, stored, whole.charges, whole.explained)
    assert first.explanation is not None
    assert second.explanation is not None
    assert formula_text(first.explanation, 181, "EUR") == "112 ÷ 31 × 0.50 = 1.81"
    assert formula_text(second.explanation, 169, "EUR") == "3.50 − 1.81 = 1.69"
    assert isinstance(second.explanation, Corrected)
    assert second.explanation.how == whole.explained[more.key]


def test_a_stored_amount_that_is_not_its_usage_times_its_price_is_told():
    dated = {MOTION.id: [rate(1, MOTION, per_unit("0.50"))]}
    prices = Prices(PriceList(OCTOBER, "EUR", dated), {})
    rated = rate_cameras(prices, Fleet([usage(GATE, motion=[7] * 31)], {}), explain=True)
    forged = rated.charges[0]._replace(amount=351)
    stored = [Stored(1, OCTOBER.start, forged)]
    (reason,) = explain_month(prices, {}, stored, rated.charges, rated.explained)
    assert reason.differs
