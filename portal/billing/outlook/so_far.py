"""A running month as a close would settle it now: discounts, cost, and what referrals earn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from portal.billing.commission import Commission, Term, on_issue
from portal.billing.money import allocate, percent_of


@dataclass(frozen=True, slots=True)
class Charged:
    """Charges of a subscriber's cameras so far, in minor units, and its terms."""

    retail: int
    wholesale: int
    discount_percent: Decimal
    terms: Sequence[Term]


@dataclass(frozen=True, slots=True)
class Settled:
    """The same after discounts, before tax; what the cloud is given is part of each cost."""

    revenue: int
    cost: int
    earned: Sequence[Commission]

    @property
    def commission(self) -> int:
        """All that referrals would earn."""
        return sum(one.amount for one in self.earned)


def settle(charged: Sequence[Charged], wholesale_discount_percent: Decimal) -> list[Settled]:
    """Each subscriber's document, and its share of the platform's: costs sum to that.

    Example: charges of 10.00 and 5.00, for which the cloud pays 6.00 and 4.00 less 5 %, are costs
    of 5.70 and 3.80; a referral at 15 % earns 1.50 on the first.
    """
    wholesale = [one.wholesale for one in charged]
    given = allocate(percent_of(sum(wholesale), wholesale_discount_percent), wholesale)
    settled = []
    for one, less in zip(charged, given, strict=True):
        revenue = one.retail - percent_of(one.retail, one.discount_percent)
        settled.append(Settled(revenue, one.wholesale - less, on_issue(revenue, one.terms)))
    return settled
