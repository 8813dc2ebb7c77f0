"""What subscribers would have been charged at another version, and what that had left.

Amounts are minor units, after discount and before tax.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from portal.billing.commission import Term, earned
from portal.billing.money import percent_of


@dataclass(frozen=True, slots=True)
class Tried:
    """A subscriber's month: `charged`, and of that `replaced` by `instead`, before discount.

    `cost` is what the platform asked for its cameras.
    """

    charged: int
    replaced: int
    instead: int
    cost: int
    discount_percent: Decimal
    terms: Sequence[Term]


@dataclass(frozen=True, slots=True)
class Money:
    """Revenue, what it cost and earned referrals, and what is left."""

    revenue: int = 0
    cost: int = 0
    commission: int = 0

    @property
    def margin(self) -> int:
        """What is left of the revenue."""
        return self.revenue - self.cost - self.commission

    def __add__(self, other: Money) -> Money:
        return Money(
            self.revenue + other.revenue,
            self.cost + other.cost,
            self.commission + other.commission,
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """One subscriber's month as it was and as it would have been."""

    before: Money
    after: Money

    @property
    def difference(self) -> int:
        """How much more would have been charged."""
        return self.after.revenue - self.before.revenue


def outcome(tried: Tried) -> Outcome:
    """Before and after, each with its discount and each level of commission rounded once.

    Example: 15.01 at 10 % and 15 % for Rex is 13.51 and 2.03; at 19.80 it is 17.82 and 2.67.
    """
    before = tried.charged
    after = before - tried.replaced + tried.instead
    return Outcome(_money(tried, before), _money(tried, after))


def _money(tried: Tried, charges: int) -> Money:
    revenue = charges - percent_of(charges, tried.discount_percent)
    commission = sum(earned(revenue, term.percent) for term in tried.terms)
    return Money(revenue, tried.cost, commission)


def total(outcomes: Mapping[int, Outcome]) -> Outcome:
    """All subscribers together."""
    before = after = Money()
    for one in outcomes.values():
        before, after = before + one.before, after + one.after
    return Outcome(before, after)
