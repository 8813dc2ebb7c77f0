"""A sample of the document that settings make, as one types them: nothing is printed or kept."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

LINES_MAX: Final = 12
DAYS_MAX: Final = 365


@dataclass(frozen=True, slots=True)
class Sample:
    """The head and the foot of an invoice; `due_on` is None where the days to pay cannot be read.

    Lines are as typed, whatever they hold: what is wrong with them is said when they are saved.
    """

    name: str
    address: tuple[str, ...]
    tax_number: str
    email: str
    bank: tuple[str, ...]
    number: str
    issued_on: date
    due_on: date | None


def sample_of(values: dict[str, str], today: date) -> Sample:
    """Of the boxes of the settings, on the day of today."""
    typed = values.get("payment_days", "").strip()
    days = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 4 else None
    prefix = values.get("invoice_prefix", "").strip().upper()
    return Sample(
        name=values.get("name", ""),
        address=_lines(values.get("address", "")),
        tax_number=values.get("tax_number", ""),
        email=values.get("email", ""),
        bank=_lines(values.get("bank", "")),
        number=f"{prefix}-{today:%Y}-000001" if prefix else "",
        issued_on=today,
        due_on=today + timedelta(days=days) if days is not None and days <= DAYS_MAX else None,
    )


def _lines(text: str) -> tuple[str, ...]:
    found = (line.strip() for line in text.splitlines())
    return tuple(line for line in found if line)[:LINES_MAX]
