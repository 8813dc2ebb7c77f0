"""Writing charges, and what they were measured from, in bulk."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

from portal.billing.rating import Charge, Key, Measurement, PoolShare
from portal.db import Transaction
from portal.kit.actions.bulk import copy_text

KEYS: Final = len(Key._fields)
"""So many fields of a charge, the first, say what it is for: a slice is quicker than its key."""
COLUMNS: Final = (
    *Key._fields,
    "quantity_numerator",
    "quantity_denominator",
    "unit_price",
    "amount",
)


async def write_charges(
    tx: Transaction, *, cloud: int, period: int, about: date, charges: Iterable[Charge]
) -> None:
    """Store charges of a period (by row id); `about` is the first day of their original period."""
    rows = (
        (
            cloud,
            period,
            about,
            *charge[:KEYS],
            charge.quantity.numerator,
            charge.quantity.denominator,
            charge.unit_price,
            charge.amount,
        )
        for charge in charges
    )
    await copy_text(tx, "charge", ("cloud", "period", "original_period", *COLUMNS), rows)


async def write_measurements(
    tx: Transaction, *, cloud: int, period: int, measurements: Iterable[Measurement]
) -> None:
    """Keep what rating measured in a period (by row id), for the appendices of its documents."""
    found: dict[tuple[int, int | None], list[list[int | None]]] = {}
    for camera, subscriber, *measured in measurements:
        found.setdefault((camera, subscriber), []).append(measured)
    rows = (
        (cloud, period, *of, *map(_array, zip(*rows, strict=True))) for of, rows in found.items()
    )
    arrays = ("subscriptions", "services", "bases", "days")
    await copy_text(tx, "measurement", ("cloud", "period", "camera", "subscriber", *arrays), rows)


def _array(values: Iterable[int | None]) -> str:
    """Whole numbers as PostgreSQL writes an array of them: {7,NULL}."""
    return "{" + ",".join(["NULL" if one is None else str(one) for one in values]) + "}"


async def write_shares(
    tx: Transaction, *, cloud: int, period: int, shares: Iterable[PoolShare]
) -> None:
    """Keep cameras' shares of pooled services until the last camera of a period is rated."""
    rows = [(cloud, period, share.service, share.camera, share.base) for share in shares]
    if rows:
        await copy_text(tx, "pool_share", ("cloud", "period", "service", "camera", "base"), rows)
