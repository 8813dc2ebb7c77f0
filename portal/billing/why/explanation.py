"""Why a charge is what it is: the operands that made it, kept beside it where they are asked for.

Rating fills these in as it makes a charge, so that the reason and the amount are one calculation.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import TypeAlias

from portal.billing.charge import Key
from portal.billing.measure import Service
from portal.billing.pricing import Pricing, Step


@dataclass(frozen=True, slots=True)
class Prorated:
    """A monthly price for `days` of a period of `of` days; the version in force from a day on."""

    price: Decimal
    days: int
    of: int
    valid_from: date


@dataclass(frozen=True, slots=True)
class Once:
    """A fee that is due once, on the first day of a subscription."""

    price: Decimal
    on: date
    valid_from: date


@dataclass(frozen=True, slots=True)
class Measured:
    """A camera's usage of a service at one unit price.

    `base` is in base units, summed over the period's `of` days or the highest; `days` are those
    with usage, None where these are not known any more. The rate holds from `valid_from` on.
    """

    service: Service
    base: int
    days: int | None
    of: int
    unit_price: Decimal
    valid_from: date

    @property
    def quantity(self) -> Fraction:
        """In units of the service."""
        return Fraction(self.base, self.service.divisor(self.of))


@dataclass(frozen=True, slots=True)
class Beyond:
    """What a tariff's item charges beyond the `included` quantity, by the steps of its pricing.

    `used` are base units on the billable `days`, summed or the highest; None where only the
    quantity beyond is known, of a charge whose usage has changed since.
    """

    service: Service
    included: Decimal
    used: int | None
    days: int
    of: int
    quantity: Fraction
    pricing: Pricing
    steps: tuple[Step, ...]
    valid_from: date


@dataclass(frozen=True, slots=True)
class Pooled:
    """A camera's share of what the cloud's whole quantity of a service costs (`cost`, minor units).

    `base` and `total` are base units of the camera and of all cameras. The parts of a pool sum to
    its cost, so one may be up to a minor unit away from its exact share.
    """

    service: Service
    base: int
    total: int
    of: int
    cost: int
    pricing: Pricing
    steps: tuple[Step, ...]
    valid_from: date

    @property
    def quantity(self) -> Fraction:
        """The camera's, in units of the service."""
        return Fraction(self.base, self.service.divisor(self.of))

    @property
    def pool(self) -> Fraction:
        """Of all cameras, in units of the service."""
        return Fraction(self.total, self.service.divisor(self.of))


@dataclass(frozen=True, slots=True)
class Corrected:
    """A month's charge computed anew, less what was billed for it before, both in minor units.

    `how` is the reason of the recomputed charge; None where nothing is due any more, or where a
    later correction has followed.
    """

    month: date
    recomputed: int
    billed: int
    how: Explanation | None = None


@dataclass(frozen=True, slots=True)
class AsCharged:
    """A share of a pool as it was charged, where usage of the pool has changed since."""

    service: Service
    quantity: Fraction


@dataclass(frozen=True, slots=True)
class Earned:
    """A commission: a percent of a base in minor units.

    Of a document that is earned as it is paid, `paid` and `total` are its payments so far and its
    total. `before` is what was earned on it earlier.
    """

    base: int
    percent: Decimal
    paid: int | None = None
    total: int | None = None
    before: int = 0


OfUsage: TypeAlias = Measured | Beyond | Pooled | AsCharged
Explanation: TypeAlias = Prorated | Once | Measured | Beyond | Pooled | AsCharged | Corrected

Explained: TypeAlias = dict[Key, Explanation]
"""Reasons of charges, by what each is for: a rating of a period has one charge of a key."""


def days_of(explanation: Explanation | None) -> int | None:
    """How many days a charge is for: billed ones, or those with usage; None where none count."""
    match explanation:
        case Prorated() | Beyond() | Measured():
            return explanation.days
        case Corrected():
            return days_of(explanation.how)
        case _:
            return None
