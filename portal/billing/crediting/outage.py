"""What an outage gives back: the days on which a camera was out, of what was charged for it.

Days are bits of a month, bit 0 the first. What a camera gets back is counted anew over all its days
of outage, less what it got before: so neither the order of outages nor how often one is told
changes the sum, and no day is given back twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from portal.billing.money import round_half_away
from portal.billing.period import Period


@dataclass(frozen=True, slots=True)
class Charged:
    """A camera's charges on an invoice, in minor units before discount, and what came back of them.

    `billable` are the days that they are for, `given` those given back before with `before`.
    """

    amount: int
    billable: int
    given: int = 0
    before: int = 0


@dataclass(frozen=True, slots=True)
class Back:
    """What comes back of a camera now: the days, and the amount before discount."""

    days: int
    amount: int


def days_between(period: Period, first: date, last: date) -> int:
    """The days of a period from `first` to `last`, both included; days beyond it are left out.

    Example: 30 October to 2 November are the last two days of October, the first two of November.
    """
    begin, end = (
        max(0, (first - period.start).days),
        min((last - period.start).days, period.days - 1),
    )
    return ((1 << (end - begin + 1)) - 1) << begin if begin <= end else 0


def months_between(first: date, last: date) -> Iterator[Period]:
    """The months that hold the days from `first` to `last`, both included, in their order."""
    month = Period.of(first)
    while month.start <= last:
        yield month
        month = month.next()


def given_back(charged: Charged, out: int) -> Back:
    """What the days `out` bring a camera, rounded once over all its days of outage so far.

    Days that were not charged, or given back before, bring nothing. Example: 9.90 for 31 days, out
    on 3 of them: 0.96; all 31 days, whatever came before: 9.90 in all.
    """
    new = out & charged.billable & ~charged.given
    if not new or charged.amount <= 0:
        return Back(0, 0)
    days = (charged.given | new) & charged.billable
    due = round_half_away(charged.amount * days.bit_count(), charged.billable.bit_count())
    return Back(new, due - charged.before)


def gross_of(subtotal: int, total: int, back: int, *, before: int, left: int) -> int:
    """What a note gives back with discount and tax: the invoice's total in proportion.

    `back` is what its cameras get in all outages so far, of its `subtotal`; `before` what notes of
    outages came to, `left` what no note took. Never above that, and never below 0.
    """
    if subtotal <= 0:
        return 0
    return max(0, min(round_half_away(total * back, subtotal) - before, left))
