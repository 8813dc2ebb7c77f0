"""Writing charges in bulk."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from portal.actions.bulk import copy_text
from portal.billing.money import round_half_away
from portal.billing.rating import Charge, Key

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from fractions import Fraction

    from portal.billing.rating import PoolShare
    from portal.db import Connection

QUANTITY_PLACES: Final = 6
KEY_LENGTH: Final = len(Key._fields)


def stored_quantity(quantity: Fraction) -> Decimal:
    """A quantity as it is shown: 6 places. 112/31 is kept as 3.612903."""
    return Decimal(_scaled(quantity)).scaleb(-QUANTITY_PLACES)


def _scaled(quantity: Fraction) -> int:
    return round_half_away(quantity.numerator * 10**QUANTITY_PLACES, quantity.denominator)


async def write_charges(
    tx: Connection, *, cloud: int, period: int, about: date, charges: Iterable[Charge]
) -> None:
    """Store charges of a period (by row id); `about` is the first day of their original period."""
    rows = (
        (
            cloud,
            period,
            about,
            *charge[:KEY_LENGTH],
            f"{_scaled(charge.quantity)}e-{QUANTITY_PLACES}",
            charge.unit_price,
            charge.amount,
        )
        for charge in charges
    )
    columns = ("cloud", "period", "original_period", *Charge._fields)
    await copy_text(tx, "charge", columns, rows)


async def write_shares(
    tx: Connection, *, cloud: int, period: int, shares: Iterable[PoolShare]
) -> None:
    """Keep cameras' shares of pooled services until the last camera of a period is rated."""
    rows = [(cloud, period, share.service, share.camera, share.base) for share in shares]
    if rows:
        await copy_text(tx, "pool_share", ("cloud", "period", "service", "camera", "base"), rows)
