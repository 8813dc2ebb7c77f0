"""Numbers of documents: one series for each issuer and year, without gaps."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from portal.billing.period import local_date

REFERENCE_MAX: Final = 25
"""Characters of a reference: RF, two check digits and at most 21 more."""
_UNSIGNED: Final = re.compile(r"[^0-9A-Z]")


def number_of(prefix: str, year: int, n: int) -> str:
    """The n-th number of a series: ("NORTH", 2026, 1) → "NORTH-2026-000001".

    Past 999 999 it grows by a digit. Raises `ValueError` for n below 1.
    """
    if n < 1:
        raise ValueError("numbers of a series begin with 1")
    return f"{prefix_of(prefix, year)}{n:06d}"


def prefix_of(prefix: str, year: int) -> str:
    """What all numbers of a series begin with: ("NORTH", 2026) → "NORTH-2026-"."""
    return f"{prefix}-{year:04d}-"


def issue_year(instant: datetime, zone: str) -> int:
    """The year of a series: that of issue in the issuer's zone, not of the period invoiced."""
    return local_date(instant, zone).year


def payment_reference(number: str) -> str:
    """What a payment of a document says it is for: an RF reference (ISO 11649) of its number.

    Its check digits make the whole 1 modulo 97, letters counted from A = 10. Example:
    "N-2026-000010" → "RF22N2026000010". "" for a number that is too long for one.
    """
    signs = plain_reference(number)
    whole = f"RF{98 - remainder(f'{signs}RF00'):02d}{signs}"
    return whole if len(whole) <= REFERENCE_MAX else ""


def plain_reference(text: str) -> str:
    """A reference as it is compared: capitals and digits alone."""
    return _UNSIGNED.sub("", text.upper())


def remainder(text: str) -> int:
    """Of the text as a number, A as 10 to Z as 35, divided by 97."""
    return int("".join(str(int(letter, 36)) for letter in text)) % 97
