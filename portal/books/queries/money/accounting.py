"""A ledger as text that accountants' programs read: Beancount, double entry in plain lines.

Amounts are signed as they are in the ledger, debit above 0, in major units of their currency. An
account is opened on the day of its first line. Syntax: beancount.github.io/docs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Final, Protocol

from portal.billing.ledger import Account
from portal.billing.money import format_minor

_A: Final = Account
NAMES: Final[Mapping[Account, str]] = MappingProxyType(
    {
        _A.RECEIVABLE: "Assets:Receivable",
        _A.CASH: "Assets:Bank",
        _A.CLEARING: "Assets:Clearing",
        _A.INPUT_TAX: "Assets:InputTax",
        _A.CREDIT: "Liabilities:CustomerCredit",
        _A.SUSPENSE: "Liabilities:Unidentified",
        _A.TAX: "Liabilities:OutputTax",
        _A.COMMISSION_PAYABLE: "Liabilities:CommissionPayable",
        _A.PAYABLE: "Liabilities:Platform",
        _A.REVENUE: "Income:Sales",
        _A.COST: "Expenses:Cost",
        _A.COMMISSION: "Expenses:Commission",
        _A.FEES: "Expenses:Fees",
        _A.BAD_DEBT: "Expenses:BadDebt",
    }
)
OPENING: Final = "Equity:Opening"
"""What the balances stand against that a book had before the first day of its text."""
_ODD: Final = re.compile(r"[^A-Za-z0-9-]")
_BREAK: Final = re.compile(r"\s+")


class Line(Protocol):
    """A balance or an entry: debit above 0, minor units; `party` is "" for none."""

    @property
    def account(self) -> str: ...
    @property
    def party(self) -> str: ...
    @property
    def currency(self) -> str: ...
    @property
    def amount(self) -> int: ...


def account_name(account: str, party: str) -> str:
    """An account with its party: "Assets:Receivable:1", "Liabilities:CommissionPayable:Code-rex".

    A name begins with a capital or a digit and has letters, digits and "-"; any other sign stands
    as its code.
    """
    name = NAMES[Account(account)]
    if not party:
        return name
    plain = _ODD.sub(lambda sign: f"-x{ord(sign[0]):x}-", party)
    return f"{name}:{plain}" if party.isdigit() else f"{name}:Code-{plain}"


def quoted(text: str) -> str:
    """A text in quotes, on one line."""
    plain = _BREAK.sub(" ", text).strip()
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'


@dataclass(slots=True)
class Ledger:
    """Writes a book from its first day on; the postings must come by day."""

    title: str
    currencies: Iterable[str]
    _opened: set[str] = field(default_factory=set)

    def heading(self) -> Iterator[str]:
        """What a file begins with."""
        yield f"option {quoted('title')} {quoted(self.title)}"
        for currency in self.currencies:
            yield f"option {quoted('operating_currency')} {quoted(currency)}"
        yield ""

    def opening(self, day: date, balances: Iterable[Line]) -> Iterator[str]:
        """What the accounts came to before the first day, which is `day`."""
        lines = [one for one in balances if one.amount]
        if not lines:
            return
        yield from self._open(day, lines)
        if OPENING not in self._opened:
            self._opened.add(OPENING)
            yield f"{day} open {OPENING}"
        yield f"{day} * {quoted('Opening balances')}"
        sums: dict[str, int] = {}
        for one in lines:
            sums[one.currency] = sums.get(one.currency, 0) - one.amount
            yield _leg(account_name(one.account, one.party), one.amount, one.currency)
        for currency, amount in sums.items():
            if amount:
                yield _leg(OPENING, amount, currency)
        yield ""

    def posting(
        self, day: date, posting: int, kind: str, document: str, entries: Iterable[Line]
    ) -> Iterator[str]:
        """One posting: its kind, its document, and every entry of it."""
        lines = list(entries)
        yield from self._open(day, lines)
        yield f"{day} * {quoted(kind)} {quoted(document)}"
        yield f"  posting: {quoted(str(posting))}"
        for one in lines:
            yield _leg(account_name(one.account, one.party), one.amount, one.currency)
        yield ""

    def _open(self, day: date, lines: Iterable[Line]) -> Iterator[str]:
        for one in lines:
            name = account_name(one.account, one.party)
            if name not in self._opened:
                self._opened.add(name)
                yield f"{day} open {name}"


def _leg(account: str, amount: int, currency: str) -> str:
    return f"  {account:<48}{format_minor(amount, currency):>18} {currency}"
