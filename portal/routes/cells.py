"""What a column's value looks like: as a person reads it, and as a file keeps it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from portal.billing.period import Period, zone_of
from portal.routes import format as fmt
from portal.routes.listing import Column, FileFormat
from portal.values import amounts
from portal.values.states import state_word
from portal.values.text import unformula
from portal.words import _

WRITTEN: Final[Mapping[str, Callable[[Any, str], str]]] = {
    "number": fmt.number,
    "percent": fmt.percent,
    "day": fmt.day,
    "month": fmt.month,
}
AS_IT_IS: Final = frozenset({"number", "quantity", "rough", "percent", "price", "day"})

CODES: Final = frozenset({"state", "flag"})

THOUSAND: Final = 1000

Cell = str | int | Decimal | date | datetime | None


def shown(column: Column, row: Any, locale: str, zone: str) -> str:
    """The cell of a table, in the person's language; a dash where nothing is known."""
    value = column.value(row)
    if column.kind in {"money", "price"}:
        write = amounts.money if column.kind == "money" else amounts.price
        return write(value, column.currency_of(row), locale)
    if column.kind == "moment":
        return fmt.moment(value, locale, column.zone_of(row, zone))
    if column.kind in {"quantity", "rough"}:
        rough = column.kind == "rough" and value is not None and value >= THOUSAND
        return fmt.quantity(round(value, 1) if rough else value, column.unit, locale, bare=True)
    if column.kind in WRITTEN:
        return WRITTEN[column.kind](value, locale)
    return amounts.DASH if value is None or value == "" else in_words(column, row)


def in_words(column: Column, row: Any) -> str:
    """How people call a value that is a code, in their language; any other as it is."""
    if column.says:
        return column.word(row)
    value = column.value(row)
    if column.kind == "state":
        return str(state_word(value))
    if column.kind == "flag":
        return str(_("Yes") if value else _("No"))
    return str(value)


def kept(column: Column, row: Any, zone: str, file: FileFormat = "csv") -> Cell:
    """The cell of a file: money in the currency's unit, a month as "2026-10", times of `zone`.

    A code stays one in a CSV, for programs; a workbook is for people and has its word.
    """
    value = column.value(row)
    if value is None or value == "":
        return None
    if column.says or column.kind in CODES:
        code = str(value).lower() if column.kind == "flag" else str(value)
        return code if file == "csv" else in_words(column, row)
    if column.kind == "money":
        return amounts.major(value, column.currency_of(row))
    if column.kind == "month":
        return Period.of(value).key
    if column.kind == "moment":
        local: datetime = value.astimezone(zone_of(column.zone_of(row, zone)))
        return local.replace(tzinfo=None, microsecond=0)
    as_it_is: Cell = value
    return as_it_is if column.kind in AS_IT_IS else str(value)


def written(cell: Cell) -> str:
    """A cell of a CSV: ISO days and decimal points; a text is never taken for a formula."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    return unformula(cell) if isinstance(cell, str) else str(cell)
