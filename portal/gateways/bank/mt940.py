"""MT940: statements of SWIFT, field by field.

The fields are cut here and each statement line is read by the library: so every complaint has its
line, and nothing of a file can be taken for the name of one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from itertools import islice
from typing import Final

from mt940.tags import FinalOpeningBalance, StatementGLS, Tag

from portal.billing.bank.line import LINES_MAX, BankLine
from portal.errors import Invalid, TooLarge
from portal.gateways.bank.fields import (
    Lines,
    account_of,
    currency_of,
    minor_of,
    reference_of,
    said,
    unreadable,
)
from portal.gateways.bank.letters import decoded
from portal.gateways.bank.mt940_details import Details, details_of
from portal.words import _

FIELDS_MAX: Final = 6 * LINES_MAX
FIELD_MAX: Final = 10_000
"""Characters of one field; what is above is cut off."""
_BALANCE: Final = FinalOpeningBalance()
_STATEMENT_LINE: Final = StatementGLS()  # of any length: banks write more than the standard has
_FIELD: Final = re.compile(r"^:([0-9]{2}[A-Z]?|NS):", re.MULTILINE)
_END: Final = re.compile(r"^-\}?\s*$", re.MULTILINE)
"""What ends a statement, alone on its row."""


def read_mt940(content: bytes, currency: str) -> list[BankLine]:
    """The lines of a file; `currency` is that of statements that give no balance.

    Raises `Invalid`, `InvalidLines` (422) and `TooLarge` (413).
    """
    lines = Lines()
    account, spoken, before = "", currency, ""
    for tag, value in _fields(decoded(content)):
        if tag == "20":
            account, spoken = "", currency
        elif tag == "25":
            account = account_of(value.split("\n", 1)[0])
        elif tag in {"60F", "60M"}:
            with lines.at_next():
                spoken = currency_of(str(_read(_BALANCE, value)["currency"]))
        elif tag == "61":
            with lines.at_next():
                lines.extend([_line(value, lines.next, account, spoken)])
        elif tag == "86" and before == "61" and not lines.problems:
            lines.read[-1] = _told(lines.read[-1], details_of(value))
        before = tag
    return lines.done()


def _fields(text: str) -> Iterator[tuple[str, str]]:
    """Each field's tag and what it says. Raises `Invalid` where there is no statement at all."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    found = list(islice(_FIELD.finditer(plain), FIELDS_MAX + 1))
    if len(found) > FIELDS_MAX:
        raise TooLarge(_("The file has more fields than any statement of a bank has."))
    if "20" not in {match[1] for match in found[:100]}:
        raise unreadable(_("is no MT940: it has no field :20:"))
    ends = [match.start() for match in found[1:]] + [len(plain)]
    for match, end in zip(found, ends, strict=True):
        value = plain[match.end() : min(end, match.end() + FIELD_MAX)]
        yield match[1], _END.split(value, maxsplit=1)[0].strip()


def _read(tag: Tag, value: str) -> dict[str, str | None]:
    """What the library's pattern of a field finds in it. Raises `Invalid`."""
    match = tag.re.match(value)
    if match is None:
        told = _("field :%(tag)s: cannot be read: %(value)s")
        raise Invalid({"field": told % {"tag": tag.id, "value": said(value)}})
    return match.groupdict()


def _line(value: str, number: int, account: str, currency: str) -> BankLine:
    read = _read(_STATEMENT_LINE, value)
    mark = str(read["status"]).upper()
    minor = minor_of(str(read["amount"]).replace(",", ".").removesuffix("."), currency)
    bank_reference = reference_of(read["bank_reference"] or "")
    return BankLine(
        line=number,
        account=account,
        booked_on=_booked_on(read),
        amount=minor if mark in {"C", "RD"} else -minor,
        currency=currency,
        bank_reference=bank_reference,
        entry_reference=bank_reference,
        end_to_end=reference_of(read["customer_reference"] or ""),
        is_reversal=mark.startswith("R"),
    )


def _booked_on(read: Mapping[str, str | None]) -> date:
    """The entry day, in the year that brings it near the value day; without one that day."""
    try:
        year, month, day = (int(read[name] or "") for name in ("year", "month", "day"))
        valued = date(2000 + year, month, day)
        entered = [(read[name] or "").strip() for name in ("entry_month", "entry_day")]
        if not all(entered):
            return valued
        month, day = map(int, entered)
        return date(_year(valued, month), month, day)
    except ValueError:
        raise Invalid({"date": _("is a day that no calendar has")}) from None


def _year(valued: date, month: int) -> int:
    """The year of an entry: what is booked in January may be valued in December."""
    if abs(valued.month - month) < 6:
        return valued.year
    return valued.year + (1 if valued.month > month else -1)


def _told(line: BankLine, details: Details) -> BankLine:
    """A line with what its field :86: says."""
    return replace(
        line,
        end_to_end=details.end_to_end or line.end_to_end,
        references=details.references,
        text=details.text,
        name=details.name,
        iban=details.iban,
        return_reason=details.return_reason,
    )
