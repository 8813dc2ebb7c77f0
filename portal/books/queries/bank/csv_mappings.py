"""How the CSV files of banks are read, book by book."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from portal.access import Actor
from portal.books.queries.money.customers import PLATFORM
from portal.db import Transaction, snapshot
from portal.errors import no_such
from portal.kit.queries.tenancy import CloudFacts, id_of
from portal.values.bank_files import CsvColumns, CsvMapping
from portal.words import _

FIELDS: Final = "name, delimiter, decimal, date_format, columns"
_OF_BOOK: Final = f"select {FIELDS} from csv_mapping where issuer = $1"  # noqa: S608 - ours


async def list_all(actor: Actor, book: CloudFacts | None) -> Sequence[CsvMapping]:
    """All of a book, by name; None is the platform's."""
    async with snapshot(actor) as tx:
        return await list_in(tx, book)


async def list_in(tx: Transaction, book: CloudFacts | None) -> Sequence[CsvMapping]:
    """The same within a transaction."""
    rows = await tx.fetch(f"{_OF_BOOK} order by name", id_of(book) or PLATFORM)
    return [_mapping(row) for row in rows]


async def get(actor: Actor, book: CloudFacts | None, name: str) -> CsvMapping:
    """The one called `name`. Raises `NotFound`."""
    async with snapshot(actor) as tx:
        row = await tx.fetchrow(f"{_OF_BOOK} and name = $2", id_of(book) or PLATFORM, name)
    if row is None:
        raise no_such(_("mapping of CSV files"), name)
    return _mapping(row)


def _mapping(row: Any) -> CsvMapping:
    columns = {**row["columns"], "unused": tuple(row["columns"].get("unused", ()))}
    return CsvMapping(**{**row, "columns": CsvColumns(**columns)})
