"""Charges, and what they were measured from, as lines that COPY takes; writing them in bulk."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import islice
from typing import Final

from portal.billing.rating import Charge, Key, Measurement, PoolShare
from portal.db import Transaction
from portal.kit.actions.bulk import ROWS_AT_ONCE, copy_lines, lines_of

KEYS: Final = len(Key._fields)
"""So many fields of a charge, the first, say what it is for: a slice is quicker than its key."""
COLUMNS: Final = (
    "original_period",
    *Key._fields,
    "quantity_numerator",
    "quantity_denominator",
    "unit_price",
    "amount",
)
MEASURED: Final = ("camera", "subscriber", "subscriptions", "services", "bases", "days")
SHARED: Final = ("service", "camera", "base")
OF: Final = ("cloud", "period")


def charge_lines(about: date, charges: Iterable[Charge]) -> bytes:
    """Charges as lines of COLUMNS; `about` is the first day of their original period."""
    rows = (
        (
            about,
            *charge[:KEYS],
            charge.quantity.numerator,
            charge.quantity.denominator,
            charge.unit_price,
            charge.amount,
        )
        for charge in charges
    )
    return lines_of(rows, len(COLUMNS))


def measurement_lines(measurements: Iterable[Measurement]) -> bytes:
    """What rating measured as lines of MEASURED, for the appendices of documents."""
    found: dict[tuple[int, int | None], list[list[int | None]]] = {}
    for camera, subscriber, *measured in measurements:
        found.setdefault((camera, subscriber), []).append(measured)
    rows = ((*of, *map(_array, zip(*rows, strict=True))) for of, rows in found.items())
    return lines_of(rows, len(MEASURED))


def _array(values: Iterable[int | None]) -> str:
    """Whole numbers as PostgreSQL writes an array of them: {7,NULL}."""
    return "{" + ",".join(["NULL" if one is None else str(one) for one in values]) + "}"


def share_lines(shares: Iterable[PoolShare]) -> bytes:
    """Cameras' shares of pooled services as lines of SHARED."""
    return lines_of(((one.service, one.camera, one.base) for one in shares), len(SHARED))


async def write_charges(
    tx: Transaction,
    *,
    cloud: int,
    period: int,
    about: date,
    charges: Iterable[Charge],
    corrects: bool = False,
) -> None:
    """Store charges of a period (by row id), as many as there are, in bounded pieces."""
    of, columns = (cloud, period, corrects), (*OF, "corrects", *COLUMNS)
    waiting = iter(charges)
    while some := charge_lines(about, islice(waiting, ROWS_AT_ONCE)):
        await copy_lines(tx, "charge", columns, some, of)


async def write_shares(
    tx: Transaction, *, cloud: int, period: int, shares: Iterable[PoolShare]
) -> None:
    """Keep cameras' shares of pooled services until the last camera of a period is rated."""
    await copy_lines(tx, "pool_share", (*OF, *SHARED), share_lines(shares), (cloud, period))
