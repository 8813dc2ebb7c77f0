"""Movements of an account as a bank's CSV, read as its mapping says."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from io import StringIO
from typing import Final

from portal.billing.bank.line import BankLine
from portal.errors import Invalid
from portal.gateways.bank.fields import (
    NAME_MAX,
    Lines,
    account_of,
    check_size,
    minor_of,
    reference_of,
    said,
    text_of,
    unreadable,
)
from portal.gateways.bank.letters import decoded
from portal.values.bank_files import CsvHead, CsvMapping
from portal.words import _

HEADER_MAX: Final = 10_000
"""Characters of a header line."""
MINUS: Final = "-\u2212"
_GROUPED: Final = {
    ",": re.compile(r"[0-9]+(?:,[0-9]*)?|[0-9]{1,3}(?:[.' ][0-9]{3})+(?:,[0-9]*)?"),
    ".": re.compile(r"[0-9]+(?:\.[0-9]*)?|[0-9]{1,3}(?:[,' ][0-9]{3})+(?:\.[0-9]*)?"),
}
"""Amounts by the sign before their decimal places, with or without groups of thousands."""


def read_csv(content: bytes, currency: str, mappings: Sequence[CsvMapping]) -> list[BankLine]:
    """The lines of a file, amounts in `currency`, counted from the row after the header.

    Raises `Invalid`, `InvalidLines` (422) and `TooLarge` (413).
    """
    text = decoded(content)
    mapping = _mapping_of(text, mappings)
    rows = csv.reader(StringIO(text, newline=""), delimiter=mapping.delimiter, strict=True)
    lines = Lines()
    try:
        header = [cell.strip() for cell in next(rows)]
        for cells in rows:
            if not any(cell.strip() for cell in cells):
                continue
            with lines.at_next():
                row = _row(header, cells)
                lines.extend([_line(lines.next, row, mapping, currency)])
    except csv.Error as error:
        told = _("row %(row)s is no CSV: %(error)s")
        raise unreadable(told % {"row": rows.line_num, "error": said(str(error))}) from None
    return lines.done()


def _mapping_of(text: str, mappings: Sequence[CsvMapping]) -> CsvMapping:
    """The mapping whose columns are exactly those of the header."""
    header = text[: HEADER_MAX + 1].splitlines()[:1]
    if not header or not header[0].strip():
        raise unreadable(_("has no header in its first row"))
    for mapping in mappings:
        if _cells(header[0], mapping.delimiter) == sorted(mapping.columns.names()):
            return mapping
    told = _("has columns that no mapping of CSV files has: %(header)s")
    raise unreadable(told % {"header": said(header[0])})


HEAD_ROWS: Final = 3
"""Rows after the header that are shown of a file whose columns nobody knows."""
DELIMITERS: Final = (";", ",", "\t", "|")


def read_csv_head(content: bytes) -> CsvHead:
    """Fills `portal.ports.ReadCsvHead`: the delimiter that makes the most columns."""
    check_size(content)
    text = decoded(content)[: HEADER_MAX * (HEAD_ROWS + 1)]
    first = text.splitlines()[:1]
    if not first or not first[0].strip():
        raise unreadable(_("has no header in its first row"))
    delimiter = max(DELIMITERS, key=lambda one: len(_cells(first[0], one)))
    rows = []
    try:
        for cells in csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True):
            rows.append([cell.strip() for cell in cells])
            if len(rows) > HEAD_ROWS:
                break
    except csv.Error as error:
        told = _("row %(row)s is no CSV: %(error)s")
        raise unreadable(told % {"row": len(rows) + 1, "error": said(str(error))}) from None
    return CsvHead(delimiter, rows[0], rows[1:])


def _cells(header: str, delimiter: str) -> list[str]:
    """The names of a header; none where it cannot be cut at this delimiter."""
    try:
        return sorted(
            cell.strip() for cell in next(csv.reader([header], delimiter=delimiter, strict=True))
        )
    except csv.Error:
        return []


def _row(header: Sequence[str], cells: Sequence[str]) -> Mapping[str, str]:
    if len(cells) != len(header):
        told = _("has %(count)s columns, the header has %(expected)s")
        raise Invalid({"row": told % {"count": len(cells), "expected": len(header)}})
    return dict(zip(header, (cell.strip() for cell in cells), strict=True))


def _line(number: int, row: Mapping[str, str], mapping: CsvMapping, currency: str) -> BankLine:
    columns = mapping.columns

    def cell(name: str) -> str:
        return row[name] if name else ""

    reference = reference_of(cell(columns.reference))
    name, iban = text_of(cell(columns.payer), NAME_MAX), account_of(cell(columns.iban))
    return BankLine(
        line=number,
        account="",
        booked_on=_day(cell(columns.booked_on), columns.booked_on, mapping.date_format),
        amount=_signed(row, mapping, currency),
        currency=currency,
        references=(reference,) if reference else (),
        text=text_of(cell(columns.text)),
        name=name,
        iban=iban,
        row=f"{reference}\0{name}\0{iban}",
    )


def _signed(row: Mapping[str, str], mapping: CsvMapping, currency: str) -> int:
    """The amount below 0 where money went out. Raises `Invalid`."""
    columns = mapping.columns
    if columns.amount:
        return _amount(row[columns.amount], columns.amount, mapping.decimal, currency)
    debit, credit = (
        abs(_amount(row[name], name, mapping.decimal, currency)) if row[name] else 0
        for name in (columns.debit, columns.credit)
    )
    if bool(debit) == bool(credit):
        told = _("exactly one of %(debit)s and %(credit)s must have an amount")
        facts = {"debit": said(columns.debit), "credit": said(columns.credit)}
        raise Invalid({"amount": told % facts})
    return credit - debit


def _amount(text: str, column: str, decimal: str, currency: str) -> int:
    """A signed amount: "-1.234,56", "1 234,56-"."""
    plain = " ".join(text.split())  # banks put hard spaces between thousands
    signs = sum(plain.count(sign) for sign in MINUS)
    bare = plain.strip(f"{MINUS} ")
    if signs > 1 or not _GROUPED[decimal].fullmatch(bare.removeprefix("+")):
        raise Invalid({column: _("is not an amount: %(text)s") % {"text": said(text)}})
    digits = re.sub(rf"[^0-9{re.escape(decimal)}]", "", bare).replace(decimal, ".")
    minor = minor_of(digits.removesuffix("."), currency)
    return -minor if signs else minor


def _day(text: str, column: str, pattern: str) -> date:
    try:
        return datetime.strptime(text[:40], pattern).date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        told = _("is not a day like %(example)s: %(text)s")
        example = date(2026, 10, 31).strftime(pattern)
        raise Invalid({column: told % {"example": example, "text": said(text)}}) from None
