"""Corrections: what should have been charged for a closed month − what was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from portal.billing.charge import Charge, Key
from portal.billing.money import digits


@dataclass(frozen=True, slots=True)
class Charged:
    """All charges of one key together: minor units, the exact quantity, and the one price.

    `unit_price` is None where they were not all made by the same price.
    """

    amount: int
    quantity: Fraction
    unit_price: Decimal | None


MONTHS_CORRECTED: Final = 3
"""A close puts right so many months before its own; what comes later than that, a person sees."""
NOTHING: Final = Charged(0, Fraction(0), None)


def sum_by_key(charges: Iterable[Charge]) -> dict[Key, Charged]:
    """Charges summed by what they are for."""
    sums: dict[Key, Charged] = {}
    for charge in charges:
        one = Charged(charge.amount, charge.quantity, charge.unit_price)
        before = sums.get(charge.key)
        sums[charge.key] = one if before is None else _both(before, one)
    return sums


def _both(one: Charged, other: Charged) -> Charged:
    unit_price = one.unit_price if one.unit_price == other.unit_price else None
    return Charged(one.amount + other.amount, one.quantity + other.quantity, unit_price)


def differences(
    charged: Mapping[Key, Charged], recomputed: Sequence[Charge], currency: str
) -> list[Charge]:
    """The charges that put a closed month right: differences of rounded amounts, key by key.

    `charged` is, by `Charge.key`, all that was charged for that month so far: its own charges and
    earlier corrections of them. What is no longer due is taken back whole, at the price it was
    charged at. No difference of amounts, no charge; the quantity is the exact difference. It has a
    price where one makes both what was charged and what is due.

    Examples: 5.11 was charged and 5.43 is right → one charge of 0.32. A month at 30.00 was charged
    and nothing is right → −1 × 30.00.
    """
    due = sum_by_key(recomputed)
    found: list[Charge] = []
    for key in sorted({*charged, *due}, key=_order):
        before, after = charged.get(key, NOTHING), due.get(key, NOTHING)
        amount = after.amount - before.amount
        if not amount:
            continue
        quantity = after.quantity - before.quantity
        unit_price = (after if after.quantity else before).unit_price
        if unit_price is not None and not _is_made_by(unit_price, before, currency):
            unit_price = None
        found.append(Charge(*key, quantity=quantity, unit_price=unit_price, amount=amount))
    return found


def _is_made_by(unit_price: Decimal, charged: Charged, currency: str) -> bool:
    """Whether one price makes all that was charged, whatever prices made it on the way there.

    5 at 7.00, corrected to 6 at 6.50 of a higher tier, is 39.00: as if all had been at 6.50. What
    was taken back whole is nothing at any price.
    """
    if charged.unit_price == unit_price:
        return True
    places = digits(currency)
    exact: Fraction = Fraction(unit_price) * charged.quantity * 10**places
    # A camera's part of a pool may be up to one minor unit away from its own product.
    return abs(exact - charged.amount) < Fraction(1)


def _order(key: Key) -> tuple[tuple[bool, str | int], ...]:
    """A fixed order of keys, members that are None first."""
    return tuple((member is not None, member or 0) for member in key)
