"""Corrections: what should have been charged for a closed month − what was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from portal.billing.charge import Charge, Key


def differences(
    charged: Mapping[Key, int],
    recomputed: Sequence[Charge],
    quantities: Mapping[Key, Fraction] | None = None,
) -> list[Charge]:
    """The charges that put a closed month right: differences of rounded amounts, key by key.

    `charged` is, by `Charge.key`, the sum of all that was charged for that month so far in minor
    units: its own charges and earlier corrections of them. What is no longer due is taken back
    whole. No difference, no charge. `quantities` are the quantities charged so far: with them a
    correction's quantity is the difference too, without them it is 0, "an amount only".

    Example: 5.11 was charged and 5.43 is right → one charge of 0.32.
    """
    before = quantities or {}
    due: dict[Key, Charge] = {}
    amounts: dict[Key, int] = {}
    units: dict[Key, Fraction] = {}
    for charge in recomputed:
        due.setdefault(charge.key, charge)
        amounts[charge.key] = amounts.get(charge.key, 0) + charge.amount
        units[charge.key] = units.get(charge.key, Fraction(0)) + charge.quantity
    found: list[Charge] = []
    for key in sorted({*charged, *amounts}, key=_order):
        amount = amounts.get(key, 0) - charged.get(key, 0)
        if not amount:
            continue
        quantity = Fraction(0)
        if quantities is not None:
            quantity = units.get(key, Fraction(0)) - before.get(key, Fraction(0))
        unit_price = due[key].unit_price if key in due else None
        found.append(Charge(*key, quantity=quantity, unit_price=unit_price, amount=amount))
    return found


def _order(key: Key) -> tuple[tuple[bool, str | int], ...]:
    """A fixed order of keys, members that are None first."""
    return tuple((member is not None, member or 0) for member in key)
