"""Statements: which commissions a referral is paid, when, and in which sum.

The law; the view `due_commission` says the same of stored commissions, and a property test holds
the two together. Amounts are minor units of the cloud's currency.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from portal.billing import numbering


class Due(StrEnum):
    """How far a commission is on its way to the referral."""

    HELD = "held"
    PENDING = "pending"
    PAYABLE = "payable"
    STATED = "stated"
    PAID = "paid"


class StatementState(StrEnum):
    """A draft is approved or dropped, an approved one is paid or voided; that is the end."""

    DRAFT = "draft"
    DROPPED = "dropped"
    APPROVED = "approved"
    VOID = "void"
    PAID = "paid"


@dataclass(frozen=True, slots=True)
class Earning:
    """A commission as far as paying it goes.

    `earned_on` is the day of issue, or of the allocation where it is earned as paid; `month` the
    first day of the month it is counted in. `held` while somebody has to look at it.
    """

    month: date
    earned_on: date
    amount: int
    held: bool = False
    statement: StatementState | None = None


def due(earning: Earning, hold_days: int, today: date) -> Due:
    """How far it is: pending while it is younger than `hold_days`, unless it takes back.

    Example: earned on 1 November with 30 days, it is pending up to the 30th and payable from
    1 December on; what a credit note takes back is payable at once.
    """
    if earning.statement is StatementState.PAID:
        return Due.PAID
    if earning.statement in {StatementState.DRAFT, StatementState.APPROVED}:
        return Due.STATED
    if earning.held:
        return Due.HELD
    if earning.amount > 0 and today < earning.earned_on + timedelta(days=hold_days):
        return Due.PENDING
    return Due.PAYABLE


@dataclass(frozen=True, slots=True)
class Sum:
    """What is payable of a referral; `carried` is the part that earlier months earned."""

    entries: int
    carried: int
    amount: int


def sum_of(payable: Sequence[Earning], month: date) -> Sum:
    """The sum of what is payable, whatever month earned it, on a statement of `month`."""
    return Sum(
        entries=len(payable),
        carried=sum(one.amount for one in payable if one.month < month),
        amount=sum(one.amount for one in payable),
    )


def least(threshold: int, *, asked_for: bool = False) -> int:
    """From which sum on a statement is made: `threshold`, and never 0; where one asks, above 0.

    Below it, also below 0, none is made and everything waits.

    Example at 20.00: 12.00 waits; with 15.00 more, 27.00 is stated; −40.00 waits, and so does the
    10.00 that 50.00 more leaves.
    """
    return 1 if asked_for else max(threshold, 1)


def number_of(prefix: str, year: int, n: int) -> str:
    """The n-th number of a year's statements: ("NORTH", 2026, 1) → "NORTH-C-2026-000001"."""
    return numbering.number_of(f"{prefix}-C", year, n)


def is_same_person(one: str, other: str) -> bool:
    """Whether two e-mail addresses, tax numbers or IBANs agree: without case and spaces."""
    return bool(told := _bare(one)) and told == _bare(other)


def _bare(text: str) -> str:
    return "".join(text.split()).lower()
