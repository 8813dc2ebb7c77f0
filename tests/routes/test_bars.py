"""Bars that lie: a price split into its parts, figures before and after."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from portal.routes.bars import Part, dumbbell, split_bar
from tests.billing.cast import law

AMOUNTS = st.integers(0, 10**9)


def test_a_price_is_split_and_the_target_stands_where_its_margin_begins() -> None:
    bar = split_bar(
        1000,
        [Part("Cost", 700, 3), Part("Commission", 100, 2)],
        Part("Margin", 200, 1),
        Decimal(25),
    )
    assert [(strip.x, strip.width, strip.tone) for strip in bar.strips] == [
        (0, 70, 3),
        (70, 10, 2),
        (80, 20, 1),
    ]
    assert (bar.price, bar.target) == (100, 75)


def test_what_is_lost_lies_over_the_end_of_what_is_spent() -> None:
    bar = split_bar(500, [Part("Cost", 1000, 3)], Part("Loss", -500, 4), Decimal(20))
    assert [(strip.x, strip.width, strip.tone) for strip in bar.strips] == [
        (0, 100, 3),
        (50, 50, 4),
    ]
    assert (bar.price, bar.target) == (50, 40)


@law(60)
@given(price=AMOUNTS, cost=AMOUNTS, commission=AMOUNTS, target=st.integers(0, 100))
def test_no_bar_leaves_its_picture(price: int, cost: int, commission: int, target: int) -> None:
    rest = price - cost - commission
    bar = split_bar(
        price,
        [Part("Cost", cost, 3), Part("Commission", commission, 2)],
        Part("Margin", rest, 1),
        Decimal(target),
    )
    for strip in bar.strips:
        assert 0 <= strip.x <= 100
        assert 0 < strip.width <= 100
        assert strip.x + strip.width <= 100.01
    assert 0 <= (bar.target or 0) <= bar.price <= 100
    assert (bar.target is None) == (price == 0)


@law(60)
@given(st.lists(st.tuples(st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9)), max_size=10))
def test_dots_stand_in_order_of_their_figures(figures: list[tuple[int, int]]) -> None:
    pairs = dumbbell([("Sue", "", before, after, "") for before, after in figures])
    for pair, (before, after) in zip(pairs, figures, strict=True):
        assert 2 <= pair.before <= 98
        assert 2 <= pair.after <= 98
        assert (pair.before <= pair.after) or before > after
