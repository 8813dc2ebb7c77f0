"""What banks give: how their CSV files are read."""

from typing import Final

from msgspec import Struct

from portal.access import Permission
from portal.books.actions.bank import csv_mappings as actions
from portal.books.forms.csv_mapping import CsvMappingForm
from portal.books.queries.bank import csv_mappings
from portal.routes.api.kit.endpoint import Call, Register
from portal.routes.api.kit.rows import answer
from portal.routes.api.money.books import book, in_both_books
from portal.values import bank_files

mapping_register: Final = Register("Bank files")
MAPPING: Final = "/csv-mappings/{name}"
P = Permission


class CsvColumnNames(Struct, frozen=True):
    """The names of the columns, "" for one that there is not."""

    booked_on: str
    amount: str
    debit: str
    credit: str
    text: str
    payer: str
    iban: str
    reference: str
    unused: list[str]


class CsvMapping(Struct, frozen=True):
    """How the CSV of a bank is read. It is taken for every file whose columns are exactly these."""

    name: str
    delimiter: str
    decimal: str
    date_format: str
    columns: CsvColumnNames


def _answer(mapping: bank_files.CsvMapping) -> CsvMapping:
    return answer(CsvMapping, mapping, columns=answer(CsvColumnNames, mapping.columns))


@in_both_books(
    mapping_register, "GET", MAPPING, P.PAYMENTS_READ, summary="See how a bank's CSV is read",
    answer=CsvMapping,
)  # fmt: skip
async def get_csv_mapping(call: Call) -> CsvMapping:
    """By its name."""
    return _answer(await csv_mappings.get(call.actor, book(call), call.path["name"]))


@in_both_books(
    mapping_register, "PUT", MAPPING, P.PAYMENTS_WRITE, summary="Say how a bank's CSV is read",
    answer=CsvMapping, form=CsvMappingForm, conflicts="another one is for the same columns",
)  # fmt: skip
async def put_csv_mapping(call: Call, form: CsvMappingForm) -> CsvMapping:
    """It is remembered, and taken for every file whose columns are exactly these."""
    mapping = form.named(call.path["name"])
    return _answer(await actions.put(call.actor, book(call), mapping))
