"""A charge: one amount for one camera, and what identifies it."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Final, Literal, NamedTuple

from portal.billing.money import round_half_away
from portal.errors import Conflict
from portal.words import _

Side = Literal["retail", "wholesale"]
Kind = Literal["recurring", "setup", "overage", "service"]

AMOUNT_MAX: Final = 10**17
"""No charge is larger, in minor units: dozens of them still fit 64 bits.

Beyond it a price or a reading is wrong, and stopping is better than billing it.
"""


class Key(NamedTuple):
    """What a charge is for: charges of the same key in two ratings of a period are compared."""

    side: Side
    kind: Kind
    camera: int
    subscriber: int | None
    subscription: int | None
    tariff: int | None
    version: int | None
    service: int | None
    rate: int | None


class Charge(NamedTuple):
    """One charge. `amount` is in minor units and never 0, `quantity` in units of the service.

    The quantity of a recurring charge is months (16 days of 31 are 16/31), of a setup fee 1. The
    unit price is in major units, None where no single one makes the amount: several tiers, a flat
    fee, packages.
    A tuple, because a close makes millions of them and nothing else is made as quickly.
    """

    side: Side
    kind: Kind
    camera: int
    subscriber: int | None
    subscription: int | None
    tariff: int | None
    version: int | None
    service: int | None
    rate: int | None
    quantity: Fraction
    unit_price: Decimal | None
    amount: int

    @property
    def key(self) -> Key:
        """Everything but quantity, unit price and amount."""
        return Key(
            self.side,
            self.kind,
            self.camera,
            self.subscriber,
            self.subscription,
            self.tariff,
            self.version,
            self.service,
            self.rate,
        )


def exact_sum(numerators: Iterable[int], denominators: Iterable[int]) -> Fraction:
    """The sum of quantities kept as numerators over denominators, exact in any order and grouping.

    Three times 10 days of November's 30 are 1, not 0.999999: nothing is rounded before it is shown.
    """
    pairs = zip(numerators, denominators, strict=True)
    return sum((Fraction(above, below) for above, below in pairs), Fraction(0))


def round_charge(amount: Fraction | int, over: int, what: str) -> int:
    """The one rounding of a charge: `amount ÷ over` minor units.

    Raises `Conflict`, naming `what`, for an amount beyond `AMOUNT_MAX`: a close stops rather than
    bills it.
    """
    minor = round_half_away(amount, over)
    if not -AMOUNT_MAX <= minor <= AMOUNT_MAX:
        raise Conflict(
            _("A charge of %(what)s is beyond what can be billed: check price and usage.")
            % {"what": what}
        )
    return minor
