"""Returns and reversals: what a line takes back, and what is a fee above it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from portal.billing.bank.line import BankLine
from portal.billing.bank.taking_back import Earlier, Kind, TakenBack, taken_back

PAID = Earlier(
    7,
    1648,
    standing=1648,
    bank_reference="B1",
    end_to_end="N-2026-000016",
    text="x",
    numbers=frozenset({"N-2026-000016"}),
)


def debit(amount: int = -1998, **more: Any) -> BankLine:
    told: dict[str, Any] = {"return_reason": "AC04", **more}
    return BankLine(
        line=1, account="", booked_on=date(2026, 11, 9), amount=amount, currency="EUR", **told
    )


def certain(found: TakenBack | None) -> TakenBack:
    assert found is not None
    return found


def test_what_a_return_is_above_its_payment_is_a_fee():
    back = certain(taken_back(debit(end_to_end="N-2026-000016"), [], [PAID]))
    assert (back.kind, back.earlier.line, back.fee, back.short) == (Kind.RETURN, 7, 350, False)


def test_a_return_finds_its_payment_by_the_invoice_that_it_names():
    assert certain(taken_back(debit(), ["N-2026-000016"], [PAID])).earlier.line == 7
    assert taken_back(debit(), ["N-2026-000017"], [PAID]) is None


def test_a_return_that_is_less_than_its_payment_is_for_a_person():
    back = certain(taken_back(debit(-1600, end_to_end="N-2026-000016"), [], [PAID]))
    assert (back.short, back.fee) == (True, 0)


def test_of_two_payments_the_newest_that_the_line_covers_comes_back():
    larger = Earlier(8, 5000, standing=5000, end_to_end="N-2026-000016")
    older = Earlier(6, 1648, standing=1648, end_to_end="N-2026-000016")
    back = certain(taken_back(debit(end_to_end="N-2026-000016"), [], [older, PAID, larger]))
    assert back.earlier is PAID


@pytest.mark.parametrize(
    "one",
    [
        debit(return_reason=None, end_to_end="N-2026-000016"),
        debit(1998, end_to_end="N-2026-000016"),
        debit(-1648, return_reason=None, is_reversal=True, bank_reference="B9", text="other"),
    ],
    ids=["an ordinary debit", "money that came in", "a reversal of nothing"],
)
def test_other_lines_take_nothing_back(one):
    assert taken_back(one, ["N-2026-000016"], [PAID]) is None


def test_a_payment_that_is_gone_does_not_come_back_again():
    gone = Earlier(7, 1648, standing=0, end_to_end="N-2026-000016")
    assert taken_back(debit(end_to_end="N-2026-000016"), [], [gone]) is None


@pytest.mark.parametrize(
    "told", [{"bank_reference": "B1", "text": "?"}, {"bank_reference": "B9", "text": "x"}]
)
def test_a_reversal_is_of_the_line_with_its_reference_else_amount_and_text(told):
    one = debit(-1648, return_reason=None, is_reversal=True, **told)
    back = certain(taken_back(one, [], [PAID]))
    assert (back.kind, back.earlier, back.fee) == (Kind.REVERSAL, PAID, 0)
