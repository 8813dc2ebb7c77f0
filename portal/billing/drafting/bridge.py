"""From the last month's revenue to this one: what new, gone and existing customers make of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction

from portal.billing.invoice import Line, net_of
from portal.billing.money import digits, percent_of, round_half_away


@dataclass(frozen=True, slots=True)
class Billed:
    """What a month has of a subscriber: revenue, the part of it that corrects older months.

    `prices` is by tariff (row id) the monthly price of a camera and the months sold at it, in major
    units, where the tariff had one price in the month.
    """

    revenue: int
    corrected: int = 0
    prices: Mapping[int, tuple[Decimal, Fraction]] = field(default_factory=dict)
    discount_percent: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Bridge:
    """The steps, in minor units: together they are the difference of the two revenues."""

    existing: int
    new: int
    gone: int
    prices: int
    corrections: int


def billed(lines: Sequence[Line], month: date, discount: int, discount_percent: Decimal) -> Billed:
    """A subscriber's month from the lines of its document."""
    nets = net_of([line.amount for line in lines], discount)
    prices: dict[int, tuple[Decimal, Fraction]] = {}
    several = set()
    for line in lines:
        if line.kind != "recurring" or line.original_period != month or line.tariff is None:
            continue
        if line.tariff in prices or line.unit_price is None:
            several.add(line.tariff)
        else:
            prices[line.tariff] = (line.unit_price, line.quantity)
    return Billed(
        revenue=sum(nets),
        corrected=sum(
            net for net, line in zip(nets, lines, strict=True) if line.original_period != month
        ),
        prices={tariff: of for tariff, of in prices.items() if tariff not in several},
        discount_percent=discount_percent,
    )


def bridge(last: Mapping[int, Billed], now: Mapping[int, Billed], currency: str) -> Bridge:
    """The steps between two months, by subscriber (row id).

    A subscriber with a document in only one of them is new or gone. Of those with both, a tariff
    whose price is another one makes the difference of prices on what is sold of it now; the rest is
    that more or less is used. Corrections of older months stand for themselves.

    Example: 100.00 and 50.00 before; now 110.00, of which 10.00 correct September, and 20.00 of
    somebody else: new 20.00, gone -50.00, corrections 10.00, existing 0.
    """
    existing = new = gone = prices = corrections = 0
    for subscriber in {*last, *now}:
        before, after = last.get(subscriber), now.get(subscriber)
        was = before.revenue - before.corrected if before else 0
        has = after.revenue - after.corrected if after else 0
        corrections += (after.corrected if after else 0) - (before.corrected if before else 0)
        if before is None:
            new += has - was
        elif after is None:
            gone += has - was
        else:
            dearer = _dearer(before, after, currency)
            prices += dearer
            existing += has - was - dearer
    return Bridge(existing, new, gone, prices, corrections)


def _dearer(before: Billed, after: Billed, currency: str) -> int:
    """What other prices of the same tariffs make of a subscriber's month, after discount."""
    exact = sum(
        (
            Fraction(price - before.prices[tariff][0]) * months
            for tariff, (price, months) in after.prices.items()
            if tariff in before.prices
        ),
        Fraction(0),
    )
    whole = round_half_away(exact * 10 ** digits(currency))
    return whole - percent_of(whole, after.discount_percent)
