"""A list as a file: exactly the rows that its filters leave, in every column, as CSV or XLSX."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from io import StringIO
from tempfile import SpooledTemporaryFile
from typing import Any, Final

from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream
from xlsxwriter import Workbook

from portal.errors import Invalid
from portal.routes.cells import Cell, kept, written
from portal.routes.guards import person_of
from portal.routes.listing import FILE_ROWS, Column, Listing
from portal.words import _

MEDIA: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
BOM: Final = "\ufeff"
"""Without it a spreadsheet reads a CSV as if it were not UTF-8."""
IN_MEMORY: Final = 1 << 20
CHUNK: Final = 1 << 16
ROWS_A_CHUNK: Final = 200
DAY_FORMAT: Final = "yyyy-mm-dd"
MOMENT_FORMAT: Final = "yyyy-mm-dd hh:mm:ss"
EXACT_DIGITS: Final = 15
"""A spreadsheet keeps no more digits of a number; a longer one stays a text."""


async def list_file(
    request: HTMXRequest,
    name: str,
    columns: Sequence[Column],
    rows: Sequence[Any],
    listing: Listing,
    *,
    zone: str = "",
) -> Stream:
    """The file that `listing` asks for, streamed; `zone` is that of its times, else the person's.

    Raises `Invalid` where more rows match than a file has.
    """
    if listing.total > FILE_ROWS:
        most = _("A file has at most %(rows)d rows. Narrow the filters.") % {"rows": FILE_ROWS}
        raise Invalid({"format": most})
    kinds = [column for column in columns if column.of]
    money = next((column for column in kinds if column.kind in {"money", "price"}), None)
    heads = [str(column.label) for column in kinds] + ([str(_("Currency"))] if money else [])
    where = zone or person_of(request).zone

    def cells(row: Any) -> list[Cell]:
        found = [kept(column, row, where) for column in kinds]
        return [*found, money.currency_of(row)] if money else found

    table = map(cells, rows)
    month = listing.filters.get("month", "")
    stem = f"{name}-{month}" if month.replace("-", "").isdigit() and month.isascii() else name
    if listing.file == "xlsx":
        content = await asyncio.to_thread(_sheet, heads, list(table))
        body: Iterator[Any] = _chunks(content)
    else:
        body = _lines(heads, table)
    return Stream(
        body,
        media_type=MEDIA[listing.file],
        headers={
            "Content-Disposition": f'attachment; filename="{stem}.{listing.file}"',
            "Cache-Control": "no-store",
        },
    )


def _lines(heads: Sequence[str], table: Iterable[Sequence[Cell]]) -> Iterator[str]:
    buffer = StringIO()
    write = csv.writer(buffer).writerow
    buffer.write(BOM)
    write([written(head) for head in heads])
    for number, row in enumerate(table, 1):
        write([written(cell) for cell in row])
        if number % ROWS_A_CHUNK == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


def _sheet(heads: Sequence[str], table: Iterable[Sequence[Cell]]) -> SpooledTemporaryFile[bytes]:
    """A workbook of one sheet with typed cells, written row by row."""
    file: SpooledTemporaryFile[bytes] = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115
    book = Workbook(file, {"constant_memory": True})
    sheet = book.add_worksheet()
    bold = book.add_format({"bold": True})
    day, moment = (book.add_format({"num_format": one}) for one in (DAY_FORMAT, MOMENT_FORMAT))
    sheet.freeze_panes(1, 0)
    for at, head in enumerate(heads):
        sheet.write_string(0, at, head, bold)
    for down, row in enumerate(table, 1):
        for at, cell in enumerate(row):
            if isinstance(cell, datetime):
                sheet.write_datetime(down, at, cell, moment)
            elif isinstance(cell, date):
                sheet.write_datetime(down, at, cell, day)
            elif isinstance(cell, int | Decimal) and len(str(cell)) <= EXACT_DIGITS:
                sheet.write_number(down, at, cell)
            elif cell is not None:
                sheet.write_string(down, at, str(cell))
    book.close()
    file.seek(0)
    return file


def _chunks(file: SpooledTemporaryFile[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(CHUNK):
            yield chunk
