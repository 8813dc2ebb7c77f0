"""What is held, pending, payable, and what of it a statement is made of."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.billing.payouts.statement import (
    Due,
    Earning,
    StatementState,
    due,
    is_same_person,
    least,
    number_of,
    sum_of,
)

OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
ISSUED = date(2026, 11, 3)
EARNED = Earning(month=OCTOBER, earned_on=ISSUED, amount=203)


@pytest.mark.parametrize(
    ("days", "expected"), [(0, Due.PENDING), (29, Due.PENDING), (30, Due.PAYABLE)]
)
def test_a_commission_is_pending_while_it_is_younger_than_the_days_to_hold(
    days: int, expected: Due
) -> None:
    assert due(EARNED, 30, ISSUED + timedelta(days=days)) is expected


def test_what_is_taken_back_is_payable_at_once() -> None:
    assert due(replace(EARNED, amount=-203), 30, ISSUED) is Due.PAYABLE
    assert due(replace(EARNED, amount=-203, held=True), 30, ISSUED) is Due.HELD


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (StatementState.DRAFT, Due.STATED),
        (StatementState.APPROVED, Due.STATED),
        (StatementState.PAID, Due.PAID),
        (StatementState.VOID, Due.PENDING),
        (StatementState.DROPPED, Due.PENDING),
    ],
)
def test_on_a_statement_that_stands_it_is_stated(state: StatementState, expected: Due) -> None:
    assert due(replace(EARNED, statement=state), 30, ISSUED) is expected


def test_statements_carry_what_is_below_the_threshold_and_below_nothing() -> None:
    """At 20.00, a row a month: 12.00; 15.00; −40.00; 50.00."""
    waiting: list[Earning] = []
    stated: list[tuple[int, int] | None] = []
    for number, amount in enumerate([1200, 1500, -4000, 5000]):
        month = date(2026, 1 + number, 1)
        waiting.append(Earning(month=month, earned_on=month, amount=amount))
        found = sum_of(waiting, month)
        if found.amount >= least(2000):
            stated.append((found.amount, found.carried))
            waiting = []
        else:
            stated.append(None)
    assert stated == [None, (2700, 1200), None, None]
    assert sum(one.amount for one in waiting) == 1000
    assert sum_of(waiting, NOVEMBER).amount >= least(2000, asked_for=True)
    assert least(0) == least(0, asked_for=True) == 1


@given(st.lists(st.tuples(st.integers(0, 11), st.integers(-5000, 5000)), max_size=12))
def test_what_is_carried_and_what_the_month_earned_are_the_whole(
    rows: list[tuple[int, int]],
) -> None:
    earnings = [Earning(date(2026, 1 + month, 1), ISSUED, amount) for month, amount in rows]
    june = date(2026, 6, 1)
    found = sum_of(earnings, june)
    assert found.entries == len(rows)
    assert found.amount - found.carried == sum(one.amount for one in earnings if one.month >= june)


def test_numbers_have_a_letter_of_their_own() -> None:
    assert number_of("NORTH", 2026, 1) == "NORTH-C-2026-000001"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Rex@Agents.test", "rex@agents.test ", True),
        ("IT 123 456", "it123456", True),
        ("", "", False),
        (" ", "", False),
        ("IT123456", "IT123457", False),
    ],
)
def test_the_same_person_is_compared_without_case_and_spaces(
    one: str, other: str, expected: bool
) -> None:
    assert is_same_person(one, other) is expected
