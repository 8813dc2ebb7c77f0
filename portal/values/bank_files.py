"""Files that banks give: their formats, and how a CSV of theirs is to be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

BYTES_MAX: Final = 20 * 1024 * 1024
"""Bytes of one file."""
CAMT: Final = "camt"
MT940: Final = "mt940"
CSV: Final = "csv"
FORMATS: Final = (CAMT, MT940, CSV)
MEDIA: Final = {
    "application/xml": CAMT,
    "text/xml": CAMT,
    "text/plain": MT940,
    "text/csv": CSV,
}
"""What a file is by its media type."""


@dataclass(frozen=True, slots=True)
class CsvHead:
    """The first rows of a CSV: by which delimiter they fall into columns, their names, and rows."""

    delimiter: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvColumns:
    """The names of columns in a bank's CSV; "" for one that it has not.

    Either `amount` with a sign, or `debit` and `credit`. `unused` are those that say nothing here.
    """

    booked_on: str
    amount: str = ""
    debit: str = ""
    credit: str = ""
    text: str = ""
    payer: str = ""
    iban: str = ""
    reference: str = ""
    unused: tuple[str, ...] = ()

    def names(self) -> Sequence[str]:
        """All the columns that a file of this kind has."""
        used = (
            *(self.booked_on, self.amount, self.debit, self.credit),
            *(self.text, self.payer, self.iban, self.reference),
        )
        return [*(name for name in used if name), *self.unused]


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvMapping:
    """How the CSV of a bank is read. `date_format` is in strftime's words: "%d.%m.%Y"."""

    name: str
    delimiter: str
    decimal: str
    date_format: str
    columns: CsvColumns
