"""An outage gives back what was charged for its days: never more, never twice, in any order."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from portal.billing.crediting.outage import (
    Back,
    Charged,
    days_between,
    given_back,
    gross_of,
    months_between,
)
from portal.billing.period import Period

OCTOBER = Period.of(date(2026, 10, 1))
WHOLE = (1 << 31) - 1
days = st.integers(0, WHOLE)
shares = st.sampled_from([Decimal(100)]) | st.decimals("0.000001", 100, places=6)
Outage = tuple[int, Decimal]


def all_of(charged: Charged, outages: list[Outage]) -> Charged:
    """The camera after outages, each with its share, one after the other."""
    for out, share in outages:
        back = given_back(charged, out, share)
        assert back.amount >= 0
        known = [one for one, days in charged.given if days & back.days]
        assert all(one < share for one in known), "no day twice, but for what was missing of it"
        given = (*charged.given, (share, back.days)) if back.days else charged.given
        charged = Charged(charged.amount, charged.billable, given, charged.before + back.amount)
    return charged


def highest(charged: Charged) -> dict[int, Decimal]:
    """What percent of each day came back."""
    found: dict[int, Decimal] = {}
    for share, mask in charged.given:
        for day in range(31):
            if mask >> day & 1:
                found[day] = max(found.get(day, share), share)
    return found


def test_gate_was_out_for_three_days_of_october() -> None:
    out = days_between(OCTOBER, date(2026, 10, 10), date(2026, 10, 12))
    assert out == 0b111 << 9
    assert given_back(Charged(990, WHOLE), out) == Back(out, 96)
    half = given_back(Charged(990, WHOLE), out, Decimal(50))
    assert half == Back(out, 48)
    after = Charged(990, WHOLE, ((Decimal(50), out),), 48)
    assert given_back(after, out, Decimal(50)) == Back(0, 0), "a half is not told twice"
    assert given_back(after, out | 1) == Back(out | 1, 128 - 48), "what is missing to the whole"


def test_yard_gets_back_only_days_it_was_charged_for() -> None:
    """It runs from the 16th: an outage from the 10th to the 17th is 2 days of its 16."""
    runs = days_between(OCTOBER, date(2026, 10, 16), date(2026, 10, 31))
    out = days_between(OCTOBER, date(2026, 10, 10), date(2026, 10, 17))
    assert given_back(Charged(511, runs), out) == Back(0b11 << 15, 64)
    assert given_back(Charged(511, runs), 0b1) == Back(0, 0)
    assert given_back(Charged(-20, runs), out) == Back(0, 0)


@given(first=st.dates(date(2026, 1, 1), date(2028, 12, 31)), more=st.integers(0, 91))
def test_days_over_the_border_of_months_are_each_in_their_own_month_once(
    first: date, more: int
) -> None:
    """30 October to 2 November: two days of each, none of September or December."""
    last = first + timedelta(days=more)
    months = list(months_between(first, last))
    held = [
        month.start + timedelta(days=day)
        for month in months
        for day in range(month.days)
        if days_between(month, first, last) >> day & 1
    ]
    assert held == [first + timedelta(days=day) for day in range(more + 1)]
    assert all(days_between(month, first, last) >> month.days == 0 for month in months)
    assert days_between(months[0].previous(), first, last) == 0
    assert days_between(months[-1].next(), first, last) == 0


@given(
    amount=st.integers(1, 10**9),
    billable=st.integers(1, WHOLE),
    outages=st.lists(st.tuples(days, shares), max_size=6),
    order=st.randoms(use_true_random=False),
)
def test_order_and_repetition_of_outages_change_nothing_and_the_sum_is_what_was_charged_at_most(
    amount: int, billable: int, outages: list[Outage], order: object
) -> None:
    once = all_of(Charged(amount, billable), outages)
    shuffled = [*outages, *outages]
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    again = all_of(Charged(amount, billable), shuffled)
    assert (highest(again), again.before) == (highest(once), once.before)
    assert once.before <= amount
    assert all_of(once, [(WHOLE, Decimal(100))]).before == amount


@given(
    parts=st.lists(st.integers(0, 10**6), min_size=1, max_size=8),
    tax=st.integers(0, 30),
    left=st.integers(0, 10**7),
)
def test_notes_of_outages_come_to_the_invoice_at_most(
    parts: list[int], tax: int, left: int
) -> None:
    """Given back piece by piece, they are what they are at once, and never above what is left."""
    subtotal = sum(parts)
    total = subtotal + subtotal * tax // 100
    back = before = 0
    for part in parts:
        back += part
        gross = gross_of(subtotal, total, back, before=before, left=total - before)
        assert gross >= 0
        before += gross
    assert before == (total if subtotal else 0)
    assert gross_of(subtotal, total, subtotal, before=0, left=left) <= left
