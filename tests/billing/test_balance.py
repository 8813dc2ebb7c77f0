"""What is left of a document, its state, and from which day on it is overdue."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.billing.balance import Balance, State, Status
from tests.billing.cast import law

DUE = date(2026, 11, 14)
DAY_AFTER = date(2026, 11, 15)
AMOUNTS = st.integers(0, 10**12)


@pytest.mark.parametrize(
    ("total", "paid", "credited", "status", "left"),
    [
        (11900, 0, 0, Status.OPEN, 11900),
        (11900, 1, 0, Status.PARTLY_PAID, 11899),
        (11900, 11900, 0, Status.PAID, 0),
        (11900, 0, 900, Status.OPEN, 11000),
        (11900, 11000, 900, Status.PAID, 0),
        (11900, 0, 11900, Status.CREDITED, 0),
        (11900, 11900, 11900, Status.CREDITED, 0),
        (-500, 0, 0, Status.ISSUED, 0),
    ],
)
def test_the_status_of_a_document_follows_from_what_was_paid_and_credited(
    total, paid, credited, status, left
):
    one = Balance(total, credited, paid, DUE)
    assert (one.status, one.left) == (status, left)


@pytest.mark.parametrize(
    ("paid", "credited", "written_off", "status"),
    [
        (0, 0, 60, Status.WRITTEN_OFF),
        (25, 0, 35, Status.WRITTEN_OFF),
        (0, 20, 40, Status.WRITTEN_OFF),
        (0, 60, 0, Status.CREDITED),
        (20, 0, 10, Status.PARTLY_PAID),
        (0, 0, 10, Status.OPEN),
    ],
)
def test_what_is_written_off_is_said_once_nothing_is_left(paid, credited, written_off, status):
    one = Balance(60, credited, paid, DUE, written_off)
    assert (one.status, one.left) == (status, 60 - paid - credited - written_off)


def test_a_document_is_overdue_from_the_day_after_it_was_due():
    one = Balance(11900, 0, 0, DUE)
    assert not one.is_overdue(DUE)
    assert one.is_overdue(DAY_AFTER)
    assert (one.state(DUE), one.state(DAY_AFTER)) == (State.OPEN, State.OVERDUE)


@pytest.mark.parametrize(
    ("one", "state"),
    [
        (Balance(11900, 0, 11900, DUE), State.PAID),
        (Balance(11900, 11900, 0, DUE), State.CREDITED),
        (Balance(11900, 0, 0, None), State.OPEN),
        (Balance(-500, 0, 0, None), State.CREDIT_NOTE),
    ],
)
def test_nothing_is_overdue_of_which_nothing_has_to_be_paid(one, state):
    assert not one.is_overdue(date.max)
    assert one.state(date.max) is state


@law(200)
@given(AMOUNTS.filter(bool), AMOUNTS, AMOUNTS)
def test_left_is_never_below_0_and_goes_as_money_comes(total, credited, paid):
    one = Balance(total, credited, paid, DUE)
    assert 0 <= one.left <= total
    assert (one.left == 0) == (one.status in {Status.PAID, Status.CREDITED})
    assert Balance(total, credited, paid + 1, DUE).left <= one.left
