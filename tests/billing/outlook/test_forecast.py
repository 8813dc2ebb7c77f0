"""What a month will probably be charged: so far, and the rest of it at today's tariffs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from portal.billing.outlook.forecast import likely_charges
from portal.billing.period import MonthAt
from portal.billing.rating import Charge, Fleet, PriceList, Prices, rate_cameras
from tests.billing.cast import GATE, NOVEMBER, amounts, law, subscription, usage, version

PRICES = Prices(
    PriceList(NOVEMBER, "EUR", {}, ()),
    {7: [version(1), version(2, "2026-11-16", "12.00")]},
)


def likely(today: int, *subscriptions: tuple[str, str | None]) -> list[Charge]:
    sold = [subscription(*span, number=number) for number, span in enumerate(subscriptions, 1)]
    fleet = Fleet([usage(enabled=[1] * 30)], {GATE: sold})
    return likely_charges(PRICES, fleet, MonthAt(NOVEMBER, NOVEMBER.day(today)))


def test_the_rest_of_the_month_is_charged_at_todays_tariffs() -> None:
    # 15 of 30 days at 9.90, and 15 at the 12.00 that is in force from the 16th.
    assert amounts(likely(5, ("2026-10-01", None))) == [495, 600]
    assert amounts(likely(5, ("2026-10-01", "2026-11-11"))) == [330]
    assert amounts(likely(5, ("2026-11-21", None))) == [400]
    assert amounts(likely(5)) == []


@law(100)
@given(st.integers(1, 30), st.integers(1, 30))
def test_it_never_moves_while_nothing_changes_and_is_what_the_month_is_charged(
    first: int, later: int
) -> None:
    span = ("2026-10-01", None)
    assert amounts(likely(first, span)) == amounts(likely(later, span))
    fleet = Fleet([usage(enabled=[1] * 30)], {GATE: [subscription(*span)]})
    assert amounts(likely(first, span)) == amounts(rate_cameras(PRICES, fleet).charges)
