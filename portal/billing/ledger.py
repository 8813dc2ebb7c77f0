"""The ledger's rule: which event moves which accounts, and how a book is read.

Entries are signed minor units, debit above 0. Every posting sums to 0, so every book does. The
database writes the postings, where the facts are written; the tests hold it to this rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Account(StrEnum):
    """The accounts of every book. `CUSTOMERS` and some others have one for each party."""

    RECEIVABLE = "receivable"
    CASH = "cash"
    CLEARING = "clearing"
    CREDIT = "credit"
    SUSPENSE = "suspense"
    REVENUE = "revenue"
    TAX = "tax"
    COMMISSION = "commission"
    COMMISSION_PAYABLE = "commission_payable"
    PAYABLE = "payable"
    COST = "cost"
    INPUT_TAX = "input_tax"
    FEES = "fees"
    BAD_DEBT = "bad_debt"


CUSTOMERS: Final = frozenset({Account.RECEIVABLE, Account.CREDIT})
"""Accounts that are a customer's; its statement is the two together."""
PARTIES: Final = CUSTOMERS | {Account.CLEARING, Account.COMMISSION_PAYABLE}
"""Accounts with a party: a subscriber's number, a cloud's slug, a gateway, a referral's code."""


class Posted(StrEnum):
    """What a posting is of."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    PAYMENT = "payment"
    IDENTIFIED = "identified"
    ALLOCATION = "allocation"
    REFUND = "refund"
    RETURN = "return"
    FEE = "fee"
    WRITE_OFF = "write_off"
    RECOVERY = "recovery"
    COMMISSION = "commission"
    BILL = "bill"
    BILL_PAID = "bill_paid"
    PAYOUT = "payout"


_A: Final = Account
LEGS: Final[Mapping[Posted, tuple[Account, Account]]] = MappingProxyType(
    {
        Posted.PAYMENT: (_A.CASH, _A.CREDIT),
        Posted.IDENTIFIED: (_A.SUSPENSE, _A.CREDIT),
        Posted.ALLOCATION: (_A.CREDIT, _A.RECEIVABLE),
        Posted.REFUND: (_A.CREDIT, _A.CASH),
        Posted.RETURN: (_A.CREDIT, _A.CASH),
        Posted.FEE: (_A.FEES, _A.CASH),
        Posted.WRITE_OFF: (_A.BAD_DEBT, _A.RECEIVABLE),
        Posted.RECOVERY: (_A.RECEIVABLE, _A.BAD_DEBT),
        Posted.COMMISSION: (_A.COMMISSION, _A.COMMISSION_PAYABLE),
        Posted.BILL_PAID: (_A.PAYABLE, _A.CASH),
        Posted.PAYOUT: (_A.CASH, _A.CLEARING),
    }
)
"""By kind, the account that an amount is put to the debit of, and the one to the credit of.

Taken back, the amount is below 0. `CASH` is `CLEARING` of a gateway where one holds the money;
`CREDIT` is `SUSPENSE` while nobody knows whose money it is.
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a posting; `party` is "" for an account without one."""

    account: Account
    party: str
    amount: int


def moved(kind: Posted, amount: int, *, party: str = "", unidentified: bool = False) -> list[Entry]:
    """The two entries of an event of LEGS; `party` is whose account it is, where one has a party.

    Example: a payment of 20.00 of nobody: cash +20.00, suspense −20.00.
    """
    entries = []
    for account, signed in zip(LEGS[kind], (amount, -amount), strict=True):
        to = Account.SUSPENSE if unidentified and account is Account.CREDIT else account
        entries.append(Entry(to, party if to in PARTIES else "", signed))
    return entries


def documented(taxable: int, tax: int, *, customer: str, by_hand: bool) -> list[Entry]:
    """The entries of an issued document; a credit note's amounts are below 0.

    An invoice and the note that credits it move the claim; the note of a negative period becomes
    credit balance. Example: Sue's 13.51 and 2.97: receivable +16.48, revenue −13.51, tax −2.97.
    """
    total = taxable + tax
    owed = Account.RECEIVABLE if total > 0 or by_hand else Account.CREDIT
    return [
        Entry(owed, customer, total),
        Entry(Account.REVENUE, "", -taxable),
        Entry(Account.TAX, "", -tax),
    ]


def billed(taxable: int, tax: int) -> list[Entry]:
    """The entries of the platform's document in the book of the cloud that it is for."""
    return [
        Entry(Account.COST, "", taxable),
        Entry(Account.INPUT_TAX, "", tax),
        Entry(Account.PAYABLE, "", -taxable - tax),
    ]
