"""Numbers of documents: one series for each issuer and year, without gaps."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from portal.billing.period import local_date
from portal.errors import Invalid
from portal.words import _

PLATFORM_PREFIX: Final = "PLAT"
"""The platform's prefix where no setting says otherwise."""
_PREFIX: Final = re.compile(r"[A-Z0-9](?:[A-Z0-9-]{0,14}[A-Z0-9])?", re.ASCII)


def number_of(prefix: str, year: int, n: int) -> str:
    """The n-th number of a series: ("NORTH", 2026, 1) → "NORTH-2026-000001".

    Past 999 999 it grows by a digit. Raises `ValueError` for n below 1.
    """
    if n < 1:
        raise ValueError("numbers of a series begin with 1")
    return f"{prefix}-{year:04d}-{n:06d}"


def parse_prefix(text: object, field: str = "invoice_prefix") -> str:
    """A prefix of capital letters, digits and inner hyphens, at most 16 of them, or `Invalid`."""
    if not isinstance(text, str) or _PREFIX.fullmatch(text) is None:
        raise Invalid({field: _("must be 1 to 16 of A-Z, 0-9 and inner hyphens")})
    return text


def issue_year(instant: datetime, zone: str) -> int:
    """The year of a series: that of issue in the issuer's zone, not of the period invoiced."""
    return local_date(instant, zone).year


def in_order(subscribers: Iterable[int]) -> list[int]:
    """Subscriber numbers in the order in which their documents are numbered: 2 before 10."""
    return sorted(subscribers)


def gaps(numbers: Iterable[int]) -> list[int]:
    """The numbers missing from 1…n of a series, empty when it has no gap."""
    given = set(numbers)
    return [n for n in range(1, max(given, default=0) + 1) if n not in given]
