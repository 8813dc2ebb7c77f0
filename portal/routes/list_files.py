"""A list as a file: exactly the rows that its filters leave, in every column, as CSV or XLSX.

It is read page by page within the picture that the page's handler takes, and written to a file
of its own before the first byte is sent: a list of 100 000 cameras is never held whole, and a slow
reader holds no connection to the database.
"""

from __future__ import annotations

import asyncio
import csv
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from io import StringIO
from tempfile import SpooledTemporaryFile
from typing import Any, Final, Protocol, TypeVar

from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream
from xlsxwriter import Workbook
from xlsxwriter.format import Format

from portal.errors import Invalid, Unavailable
from portal.kit.queries import tenancy
from portal.routes.cells import Cell, kept, written
from portal.routes.guards import actor_of, person_of
from portal.routes.listing import FILE_ROWS, Column, Listing
from portal.words import _

MEDIA: Final = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
BOM: Final = "\ufeff"
"""Without it a spreadsheet reads a CSV as if it were not UTF-8."""
IN_MEMORY: Final = 1 << 20
CHUNK: Final = 1 << 16
SECONDS: Final = 120
"""A file that takes longer to be read is not made: its picture would hold back the database."""
DAY_FORMAT: Final = "yyyy-mm-dd"
MOMENT_FORMAT: Final = "yyyy-mm-dd hh:mm:ss"
WIDEST: Final = 40
NARROWEST: Final = 12
EXACT_DIGITS: Final = 15
"""A spreadsheet keeps no more digits of a number; a longer one stays a text."""
CELL_LENGTH: Final = 32_767
"""A cell of a workbook holds no longer text."""
PLATFORM: Final = "platform"

More = Callable[[Listing], Awaitable[Sequence[Any]]]
Line = Sequence[Cell]


class Writer(Protocol):
    """What writes the lines of one format into a file."""

    def write(self, lines: Sequence[Line]) -> None:
        """Add these."""

    def close(self) -> None:
        """The file is whole after it."""


class Found(Protocol):
    """A page of a list, and how many rows match: more than `total` with `is_more`."""

    @property
    def rows(self) -> Sequence[Any]: ...
    @property
    def total(self) -> int: ...
    @property
    def is_more(self) -> bool: ...


F = TypeVar("F", bound=Found)


async def read_page(
    request: HTMXRequest,
    name: str,
    columns: Sequence[Column],
    listing: Listing,
    read: Callable[[Listing], Awaitable[F]],
    *,
    cloud: str = "",
) -> tuple[F, Listing, Stream | None]:
    """The page that `listing` asks for, read by `read`; and the file, where one is asked for.

    The file is as `list_file` makes it, of all pages.
    """
    found = await read(listing)
    listing = listing.found(found.total, is_more=found.is_more)
    if not listing.file:
        return found, listing, None

    async def more(part: Listing) -> Sequence[Any]:
        return (await read(part)).rows

    file = await list_file(request, name, columns, found.rows, listing, more=more, cloud=cloud)
    return found, listing, file


@asynccontextmanager
async def spooled(told: str) -> AsyncIterator[SpooledTemporaryFile[bytes]]:
    """A file that is written whole and then read from its beginning; closed where that fails.

    Raises `Unavailable`, as `told`, where it takes too long.
    """
    file: SpooledTemporaryFile[bytes] = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115
    try:
        async with asyncio.timeout(SECONDS):
            yield file
    except TimeoutError:
        file.close()
        raise Unavailable(told) from None
    except BaseException:
        file.close()
        raise
    file.seek(0)


async def list_file(
    request: HTMXRequest,
    name: str,
    columns: Sequence[Column],
    rows: Sequence[Any],
    listing: Listing,
    *,
    more: More | None = None,
    cloud: str = "",
    period: str = "",
    zone: str = "",
) -> Stream:
    """The file that `listing` asks for: `rows`, and those of the pages after the first by `more`.

    Without `more` they are all. It is called CLOUD-NAME[-PERIOD]: `cloud` is the slug of the one
    that the list is of, else the person's own, or the platform's; `period` a month, else that of
    the filters. `zone` is that of its times, else the person's. Raises `Invalid` where more rows
    match than a file has, `Unavailable` where it takes too long.
    """
    if max(listing.total, len(rows)) > FILE_ROWS:
        most = _("A file has at most %(rows)d rows. Narrow the filters.") % {"rows": FILE_ROWS}
        raise Invalid({"format": most})
    kinds = [column for column in columns if column.of]
    where = zone or person_of(request).zone
    async with spooled(_("This list takes too long. Narrow the filters.")) as file:
        writer = _writer(file, kinds, listing)
        await _add(writer, rows, kinds, listing, where)
        if more is not None:
            for number in range(2, listing.pages + 1):
                page = await more(replace(listing, page=number))
                await _add(writer, page, kinds, listing, where)
        await asyncio.to_thread(writer.close)
    return Stream(
        chunks_of(file),
        media_type=MEDIA[listing.file],
        headers={
            "Content-Disposition": f'attachment; filename="'
            f'{await _stem(request, name, listing, cloud, period)}.{listing.file}"',
            "Cache-Control": "no-store",
        },
    )


async def _stem(request: HTMXRequest, name: str, listing: Listing, cloud: str, period: str) -> str:
    actor = actor_of(request)
    own = cloud or (PLATFORM if actor.cloud is None else (await tenancy.own_cloud(actor)).slug)
    month = period or listing.filters.get("month", "")
    is_month = month.isascii() and month.replace("-", "").isdigit()
    return "-".join([own, name, *([month] if is_month else [])])


def _money(columns: Sequence[Column]) -> Column | None:
    return next((column for column in columns if column.kind in {"money", "price"}), None)


async def _add(
    writer: Writer, rows: Sequence[Any], columns: Sequence[Column], listing: Listing, zone: str
) -> None:
    """A page of rows, written where it does not hold up the others."""
    money = _money(columns)

    def lines() -> None:
        found: list[Line] = []
        for row in rows:
            line = [kept(column, row, zone, listing.file) for column in columns]
            found.append([*line, money.currency_of(row)] if money else line)
        writer.write(found)

    await asyncio.to_thread(lines)


def _writer(
    file: SpooledTemporaryFile[bytes], columns: Sequence[Column], listing: Listing
) -> Writer:
    heads = [str(column.label) for column in columns]
    if _money(columns):
        heads.append(str(_("Currency")))
    return _Sheet(file, heads, columns) if listing.file == "xlsx" else _Lines(file, heads)


class _Lines:
    """CSV: one heading, ISO days, decimal points."""

    def __init__(self, file: SpooledTemporaryFile[bytes], heads: Sequence[str]) -> None:
        self._file = file
        file.write(BOM.encode())
        self.write([heads])

    def write(self, lines: Sequence[Line]) -> None:
        buffer = StringIO()
        csv.writer(buffer).writerows([written(cell) for cell in line] for line in lines)
        self._file.write(buffer.getvalue().encode())

    def close(self) -> None:
        """Nothing is left to write."""


class _Sheet:
    """A workbook of one sheet with typed cells; a row that is written is not kept in memory."""

    def __init__(
        self, file: SpooledTemporaryFile[bytes], heads: Sequence[str], columns: Sequence[Column]
    ) -> None:
        self._book = Workbook(file, {"constant_memory": True})
        self._sheet = self._book.add_worksheet()
        self._money = [column.kind == "money" for column in columns] + [False]
        self._formats: dict[str, Format] = {}
        self._down = 0
        self._sheet.freeze_panes(1, 0)
        bold = self._book.add_format({"bold": True})
        for at, head in enumerate(heads):
            width = min(WIDEST, max(NARROWEST, len(head) + 2))
            self._sheet.set_column(at, at, width)
            self._sheet.write_string(0, at, head, bold)

    def write(self, lines: Sequence[Line]) -> None:
        for line in lines:
            self._down += 1
            for at, cell in enumerate(line):
                self._write(at, cell)

    def _write(self, at: int, cell: Cell) -> None:
        if isinstance(cell, datetime):
            self._sheet.write_datetime(self._down, at, cell, self._format(MOMENT_FORMAT))
        elif isinstance(cell, date):
            self._sheet.write_datetime(self._down, at, cell, self._format(DAY_FORMAT))
        elif isinstance(cell, int | Decimal) and len(str(cell)) <= EXACT_DIGITS:
            form = self._format(_pattern(cell)) if self._money[at] else None
            self._sheet.write_number(self._down, at, cell, form)
        elif cell is not None:
            self._sheet.write_string(self._down, at, str(cell)[:CELL_LENGTH])

    def close(self) -> None:
        self._book.close()

    def _format(self, pattern: str) -> Format:
        if pattern not in self._formats:
            self._formats[pattern] = self._book.add_format({"num_format": pattern})
        return self._formats[pattern]


def _pattern(amount: int | Decimal) -> str:
    """How a workbook shows an amount: with the decimals of its currency, 0 for yen, 3 for dinar."""
    exponent = Decimal(amount).as_tuple().exponent
    digits = -exponent if isinstance(exponent, int) else 0
    return f"#,##0.{'0' * digits}" if digits > 0 else "#,##0"


def chunks_of(file: SpooledTemporaryFile[bytes]) -> Iterator[bytes]:
    """The file from where it stands, in pieces; it is gone after the last."""
    with file:
        while chunk := file.read(CHUNK):
            yield chunk
