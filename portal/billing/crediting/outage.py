"""What an outage gives back: the days on which a camera was out, of what was charged for it.

Days are bits of a month, bit 0 the first. What a camera gets back is counted anew over all its days
of outage, less what it got before: so neither the order of outages nor how often one is told
changes the sum, and no day is given back twice. A share is what comes back of a day in all: told
with a half and then as a whole, a day comes back as a whole, and not once and a half.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from portal.billing.money import round_half_away
from portal.billing.period import Period

WHOLE: Final = Decimal(100)
_MILLIONTHS: Final = 10**6


@dataclass(frozen=True, slots=True)
class Charged:
    """A camera's charges on an invoice, in minor units before discount, and what came back of them.

    `billable` are the days that they are for; `given` are days given back before, with what percent
    of them, in any order; of a day that is there twice the higher share counts. They came to
    `before`.
    """

    amount: int
    billable: int
    given: tuple[tuple[Decimal, int], ...] = ()
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


def given_back(charged: Charged, out: int, share: Decimal = WHOLE) -> Back:
    """What the days `out` bring a camera, rounded once over all its days of outage so far.

    `share` is what percent of them is to come back in all, above 0, to 6 places. Days that were not
    charged, or given back so far before, bring nothing. Example: 9.90 for 31 days, out on 3 of
    them: 0.96, or 0.48 with a share of 50; all 31 days, whatever came before: 9.90 in all.
    """
    known = 0
    for one, days in charged.given:
        if one >= share:
            known |= days
    new = out & charged.billable & ~known
    if not new or charged.amount <= 0:
        return Back(0, 0)
    parts = _parts(((share, new), *charged.given), charged.billable)
    whole = int(WHOLE) * _MILLIONTHS * charged.billable.bit_count()
    return Back(new, round_half_away(charged.amount * parts, whole) - charged.before)


def _parts(given: Iterable[tuple[Decimal, int]], billable: int) -> int:
    """Millionths of a percent of a day that came back, summed over days: each with its highest."""
    seen = parts = 0
    for share, days in sorted(given, reverse=True):
        new = days & billable & ~seen
        seen |= new
        parts += int(share * _MILLIONTHS) * new.bit_count()
    return parts


def gross_of(subtotal: int, total: int, back: int, *, before: int, left: int) -> int:
    """What a note gives back with discount and tax: the invoice's total in proportion.

    `back` is what its cameras get in all outages so far, of its `subtotal`; `before` what notes of
    outages came to, `left` what no note took. Never above that, and never below 0.
    """
    if subtotal <= 0:
        return 0
    return max(0, min(round_half_away(total * back, subtotal) - before, left))
