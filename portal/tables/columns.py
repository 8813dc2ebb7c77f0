"""Column shapes that every table shares, so that a percent is the same everywhere."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from piccolo.columns import (
    BigInt,
    BigSerial,
    Date,
    ForeignKey,
    Numeric,
    OnDelete,
    OnUpdate,
    Timestamptz,
)
from piccolo.columns.defaults import TimestamptzNow


def key() -> BigSerial:
    """A surrogate key."""
    return BigSerial(primary_key=True)


def belongs_to(table: Any, *, null: bool = False) -> ForeignKey[Any]:
    """A reference that keeps what it points at: nothing with history is ever deleted."""
    reference: ForeignKey[Any] = ForeignKey(
        references=table,
        null=null,
        default=None,
        on_delete=OnDelete.restrict,
        on_update=OnUpdate.restrict,
    )
    return reference


def pointer(*, null: bool = False) -> BigInt:
    """A row's id without a foreign key, where each of millions of rows would be checked."""
    return BigInt(null=null, default=None)


def price(*, null: bool = False) -> Numeric:
    """A price in major units, up to 6 places."""
    return Numeric(digits=(24, 6), null=null, default=None)


def percent() -> Numeric:
    """A percentage, 0 to 100, up to 6 places."""
    return Numeric(digits=(9, 6), null=False, default=Decimal(0))


def quantity(*, null: bool = False) -> Numeric:
    """A quantity in a service's unit, up to 6 places."""
    return Numeric(digits=(38, 6), null=null, default=None)


def whole() -> Numeric:
    """A whole number that may be beyond 64 bits."""
    return Numeric(digits=(60, 0), null=False, default=None)


def amount() -> BigInt:
    """Money in the currency's minor unit."""
    return BigInt(null=False, default=None)


def day(*, null: bool = False) -> Date:
    """A date in the cloud's zone."""
    return Date(null=null, default=None)


def moment(*, null: bool = False, now: bool = False) -> Timestamptz:
    """An instant, in UTC."""
    return Timestamptz(null=null, default=TimestamptzNow() if now else None)
