"""Writing charges in bulk."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from portal.billing.money import round_half_away

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from fractions import Fraction

    from portal.billing.rating import Charge, PoolShare
    from portal.db import Connection

QUANTITY_PLACES: Final = 6
_COLUMNS: Final = (
    "cloud",
    "period",
    "side",
    "kind",
    "camera",
    "subscriber",
    "subscription",
    "tariff",
    "version",
    "service",
    "rate",
    "original_period",
    "quantity",
    "unit_price",
    "amount",
)


@lru_cache(maxsize=65_536)
def stored_quantity(quantity: Fraction) -> Decimal:
    """A quantity as it is shown: 6 places. 112/31 is kept as 3.612903."""
    return Decimal(round_half_away(quantity * 10**QUANTITY_PLACES)).scaleb(-QUANTITY_PLACES)


async def write_charges(
    tx: Connection, *, cloud: int, period: int, about: date, charges: Iterable[Charge]
) -> None:
    """Store charges of a period (by row id); `about` is the first day of their original period."""
    records = [
        (
            cloud,
            period,
            charge.side,
            charge.kind,
            charge.camera,
            charge.subscriber,
            charge.subscription,
            charge.tariff,
            charge.version,
            charge.service,
            charge.rate,
            about,
            stored_quantity(charge.quantity),
            charge.unit_price,
            charge.amount,
        )
        for charge in charges
    ]
    if records:
        await tx.copy_records_to_table("charge", records=records, columns=_COLUMNS)


async def write_shares(
    tx: Connection, *, cloud: int, period: int, shares: Iterable[PoolShare]
) -> None:
    """Keep cameras' shares of pooled services until the last camera of a period is rated."""
    records = [(cloud, period, share.service, share.camera, share.base) for share in shares]
    if records:
        await tx.copy_records_to_table(
            "pool_share",
            records=records,
            columns=("cloud", "period", "service", "camera", "base"),
        )
