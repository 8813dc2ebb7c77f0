"""How the CSV of a bank is to be read, as it is sent."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Final

from portal.errors import Invalid
from portal.kit.forms.form import ListOf, Nested
from portal.values import bank_files
from portal.values.bank_files import CsvMapping
from portal.values.kinds import Choice, Pattern, Text, code_like
from portal.words import _

NAME: Final[Pattern] = code_like("girokonto")
COLUMN: Final = Text(100, example="Buchungstag")
NO_COLUMN: Final = Text(100, minimum=0)
COLUMNS_MAX: Final = 100
DELIMITERS: Final = (",", ";", "\t", "|")
DECIMALS: Final = (",", ".")
_DAYS: Final = (date(2026, 10, 31), date(2027, 2, 3))
"""Days that a format has to write so that it reads them again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvColumns:
    """The names of the columns: `amount` with a sign, or `debit` and `credit`.

    `unused` are the columns of the file that say nothing here.
    """

    booked_on: Annotated[str, COLUMN]
    amount: Annotated[str | None, NO_COLUMN] = None
    debit: Annotated[str | None, NO_COLUMN] = None
    credit: Annotated[str | None, NO_COLUMN] = None
    text: Annotated[str | None, NO_COLUMN] = None
    payer: Annotated[str | None, NO_COLUMN] = None
    iban: Annotated[str | None, NO_COLUMN] = None
    reference: Annotated[str | None, NO_COLUMN] = None
    unused: Annotated[tuple[str, ...], ListOf(COLUMN, COLUMNS_MAX)] = ()

    def plain(self) -> bank_files.CsvColumns:
        """As files are read by it: a column's name is what stands in the header, without space."""
        return bank_files.CsvColumns(
            booked_on=self.booked_on.strip(),
            amount=(self.amount or "").strip(),
            debit=(self.debit or "").strip(),
            credit=(self.credit or "").strip(),
            text=(self.text or "").strip(),
            payer=(self.payer or "").strip(),
            iban=(self.iban or "").strip(),
            reference=(self.reference or "").strip(),
            unused=tuple(name.strip() for name in self.unused),
        )


def _read_again(day: date, pattern: str) -> date:
    return datetime.strptime(day.strftime(pattern), pattern).date()  # noqa: DTZ007 - a day has no zone


@dataclass(frozen=True, slots=True)
class DateFormat:
    """A format in the words of strftime that says day, month and year."""

    def read(self, value: object, at: str) -> str:
        told = Text(40).read(value, at)
        try:
            again = [_read_again(day, told) for day in _DAYS]
        except ValueError:
            again = []
        if again != list(_DAYS):
            raise Invalid(
                {at: _("must say day, month and year, as in %(example)s") % {"example": "%d.%m.%Y"}}
            )
        return told

    read_text = read

    def schema(self) -> dict[str, object]:
        return {"type": "string", "maxLength": 40, "examples": ["%d.%m.%Y"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvMappingForm:
    """How a CSV is read. It is taken for every file whose columns are exactly these."""

    delimiter: Annotated[str, Choice(DELIMITERS)]
    decimal: Annotated[str, Choice(DECIMALS)]
    date_format: Annotated[str, DateFormat()]
    columns: Annotated[CsvColumns, Nested(CsvColumns)]

    def __post_init__(self) -> None:
        columns = self.columns
        has_amount = bool(columns.amount)
        if has_amount == bool(columns.debit) or bool(columns.debit) != bool(columns.credit):
            raise Invalid({"columns.amount": _("is one column, or two: debit and credit")})
        twice = [name for name, count in Counter(columns.plain().names()).items() if count > 1]
        if twice:
            told = _("has a column for two things: %(name)s")
            raise Invalid({"columns": told % {"name": twice[0]}})

    def named(self, name: str) -> CsvMapping:
        """The mapping by the name under which it is kept. Raises `Invalid` for one that is none."""
        return CsvMapping(
            name=NAME.read(name, "name"),
            delimiter=self.delimiter,
            decimal=self.decimal,
            date_format=self.date_format,
            columns=self.columns.plain(),
        )
