"""What a tariff leaves of its price, for one camera and full month: figures to decide by.

Included cost, real cost and commission are each rounded once from their exact amounts; margins are
differences of rounded figures. Amounts are minor units.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Final

from portal.billing.commission import Referral, earned, terms
from portal.billing.money import digits, percent_of, round_half_away, to_minor
from portal.billing.pricing import Pricing, price

LEAST_LEFT: Final = Fraction(1, 1000)
"""Of a price: where target and commission leave less, no price that anybody pays has the margin."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What one unit of a service costs a cloud: its rate's pricing.

    Of a pooled rate `average` is the price of a unit in the last closed month, None before one.
    """

    pricing: Pricing
    average: Fraction | None = None

    def cost(self, quantity: Decimal) -> Fraction:
        """Of so many units, in major units, before the cloud's discount."""
        if self.average is not None:
            return self.average * Fraction(quantity)
        return price(self.pricing, Fraction(quantity))


@dataclass(frozen=True, slots=True)
class Terms:
    """What is taken off on the way: the cloud's discount on cost, and commission of a price.

    Both in percent; the commission is the sum over all levels.
    """

    currency: str
    discount_percent: Decimal
    commission_percent: Decimal

    def net(self, cost: Fraction) -> int:
        """A cost in major units, less the discount, rounded once."""
        left = 100 - Fraction(self.discount_percent)
        return to_minor(cost * left / 100, self.currency)

    def commission(self, base: int) -> int:
        """What a sale of so much earns, on all levels together."""
        return earned(base, self.commission_percent)


@dataclass(frozen=True, slots=True)
class Figures:
    """One camera and month; `real_cost` None before anything is known of real use."""

    price: int
    included_cost: int
    real_cost: int | None
    commission: int

    @property
    def margin_full(self) -> int:
        """What is left if all that is included is used."""
        return self.price - self.included_cost - self.commission

    @property
    def margin_real(self) -> int | None:
        """What is left at real use."""
        if self.real_cost is None:
            return None
        return self.price - self.real_cost - self.commission

    @property
    def below_cost(self) -> bool:
        """Whether it loses money at full or at real use."""
        return self.margin_full < 0 or (self.margin_real or 0) < 0

    @property
    def cost(self) -> int:
        """What it is judged by: real use, where that is known."""
        return self.included_cost if self.real_cost is None else self.real_cost


def cost_of(parts: Iterable[tuple[Pricing, Decimal]], by: Terms) -> int:
    """What so many units of each service cost together, less the discount, rounded once.

    Example: 7 units at 0.50 and one at 4.00, less 5 % → 7.13.
    """
    return by.net(sum((Offer(one).cost(quantity) for one, quantity in parts), Fraction(0)))


def compose(
    monthly_price: Decimal, included: Fraction, real: Fraction | None, by: Terms
) -> Figures:
    """The figures of a price; `included` and `real` are exact, in major units, before discount.

    Example: 9.90, included 7.50 less 5 %, commission 15 % → 7.13, 1.49 and a margin of 1.28.
    """
    amount = to_minor(Fraction(monthly_price), by.currency)
    return Figures(
        amount,
        by.net(included),
        None if real is None else by.net(real),
        by.commission(amount),
    )


def at_discount(figures: Figures, percent: Decimal, by: Terms) -> Figures:
    """The same sold at a discount: what it is sold for, and commission on that."""
    sold = figures.price - percent_of(figures.price, percent)
    return Figures(sold, figures.included_cost, figures.real_cost, by.commission(sold))


def price_for_margin(cost: int, target_percent: Decimal, by: Terms) -> int | None:
    """The lowest price, in minor units, of which at least a percent is left; None where none is.

    Example: a cost of 8.05 and 15 % commission: 12.39 is the lowest with a margin of 20 %.
    """
    target, taken = Fraction(target_percent) / 100, Fraction(by.commission_percent) / 100
    left = 1 - target - taken
    if left < LEAST_LEFT:
        return None
    # Commission is rounded by at most a half, so nothing below this can do; one unit is.
    lowest = max(0, ceil((cost - Fraction(1, 2)) / left))
    return next(
        amount
        for amount in range(lowest, lowest + ceil(1 / left) + 2)
        if amount - cost - by.commission(amount) >= target * amount
    )


def highest_commission(
    brought_by: Iterable[int], referrals: Mapping[int, Referral], level_percents: Sequence[Decimal]
) -> tuple[Decimal, int | None]:
    """The highest percent, over all levels, that a sale pays, and the referral of level 1.

    `brought_by` are the referrals of the subscribers that there are; 0 and None without.
    """
    found: tuple[Decimal, int | None] = (Decimal(0), None)
    for one in sorted(set(brought_by)):
        total = sum((term.percent for term in terms(one, referrals, level_percents)), Decimal(0))
        if total > found[0]:
            found = total, one
    return found


def average(total: int, cameras: int, currency: str) -> Fraction | None:
    """What cameras cost on average, in major units, of their sum in minor ones; None of none."""
    return Fraction(total, cameras * 10 ** digits(currency)) if cameras else None


def share_of(margin: int, of: int) -> int | None:
    """A margin in percent of a price, rounded: 1.28 of 9.90 is 13; None of nothing."""
    return round_half_away(100 * margin, of) if of else None
