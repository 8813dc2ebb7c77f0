"""Saying how the CSV of a bank is read: once, for every file with the same columns."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from portal import tables
from portal.access import Actor, Permission
from portal.books.actions.money.storing import open_book
from portal.books.queries.bank.csv_mappings import list_in
from portal.books.queries.money.customers import PLATFORM
from portal.db import atomic
from portal.errors import Conflict
from portal.kit.actions import audit
from portal.kit.actions.locks import lock_count
from portal.kit.actions.rows import insert, update
from portal.kit.queries.tenancy import CloudFacts, id_of
from portal.values.bank_files import CsvMapping
from portal.words import _

MAPPINGS_MAX: Final = 100
"""Mappings of one book."""


async def put(actor: Actor, book: CloudFacts | None, mapping: CsvMapping) -> CsvMapping:
    """Keep a mapping under its name, or put it in the place of the one there.

    Raises `Conflict` where another one is for the same files, and beyond MAPPINGS_MAX.
    """
    issuer = id_of(book) or PLATFORM
    async with atomic(actor) as tx:
        await open_book(tx, actor, book, Permission.PAYMENTS_WRITE)
        await lock_count(tx, "mappings of CSV files", issuer)
        known = {one.name: one for one in await list_in(tx, book)}
        before = known.pop(mapping.name, None)
        if before == mapping:
            return mapping
        for other in known.values():
            if _reads_the_same(other, mapping):
                told = _("The mapping %(name)s is for files with the same columns.")
                raise Conflict(told % {"name": repr(other.name)})
        if before is None and len(known) >= MAPPINGS_MAX:
            told = _("There may be at most %(count)s mappings of CSV files.")
            raise Conflict(told % {"count": MAPPINGS_MAX})
        await _store(tx, issuer, book, mapping, is_new=before is None)
        await audit.record(
            tx,
            actor,
            "csv-mapping.create" if before is None else "csv-mapping.change",
            f"mapping of CSV files {mapping.name}",
            cloud=id_of(book),
            before=before,
            after=mapping,
        )
    return mapping


async def _store(
    tx: Any, issuer: int, book: CloudFacts | None, mapping: CsvMapping, *, is_new: bool
) -> None:
    values = {
        "delimiter": mapping.delimiter,
        "decimal": mapping.decimal,
        "date_format": mapping.date_format,
        "columns": asdict(mapping.columns),
    }
    if is_new:
        key = {"issuer": issuer, "cloud": id_of(book), "name": mapping.name}
        await insert(tx, tables.CsvMapping, {**key, **values})
    else:
        at = (tables.CsvMapping.issuer == issuer) & (tables.CsvMapping.name == mapping.name)
        await update(tx, tables.CsvMapping, at, values)


def _reads_the_same(one: CsvMapping, other: CsvMapping) -> bool:
    return one.delimiter == other.delimiter and sorted(one.columns.names()) == sorted(
        other.columns.names()
    )
