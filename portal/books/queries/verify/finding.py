"""What a check of the books found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from asyncpg import Record

from portal.billing.money import CURRENCIES, format_minor

NAMED_MAX: Final = 1_000
"""So many differences of one law are named; of more it is said how many there are."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Something stored that is not what it has to be.

    `law` says by which rule, `cloud` in whose books ("" for the platform's), `subject` what it is:
    "invoice NORTH-2026-000001". `expected` and `found` are amounts or other texts.
    """

    law: str
    cloud: str
    subject: str
    expected: str
    found: str

    def __str__(self) -> str:
        where = self.cloud or "platform"
        return f"{where}: {self.subject}: {self.law}: expected {self.expected}, found {self.found}"


@dataclass(slots=True)
class Findings:
    """Differences of one law, and how much was looked at; beyond a bound they are only counted."""

    law: str
    looked_at: int = 0
    total: int = 0
    named: list[Difference] = field(default_factory=list)

    def add(self, cloud: str, subject: str, expected: object, found: object) -> None:
        """One more."""
        self.total += 1
        if self.total <= NAMED_MAX:
            one = Difference(self.law, cloud, subject, str(expected), str(found))
            self.named.append(one)

    def add_rows(self, rows: Sequence[Record]) -> None:
        """Rows of a query: cloud, subject, expected, found, and currency where these are money.

        Each says the `total` of all there are, of which these are the first.
        """
        for row in rows:
            expected, found = row["expected"], row["found"]
            if (currency := row.get("currency")) is not None:
                expected, found = money_text(expected, currency), money_text(found, currency)
            self.add(row["cloud"] or "", row["subject"], expected, found)
        if rows:
            self.total = rows[0]["total"]


def money_text(minor: int | None, currency: str) -> str:
    """An amount in minor units, in words: "16.48 EUR", or "nothing".

    A currency that nobody knows is named as it stands: it was written by hand, too.
    """
    if minor is None:
        return "nothing"
    if currency not in CURRENCIES:
        return f"{minor} minor units of {currency}"
    return f"{format_minor(int(minor), currency)} {currency}"
