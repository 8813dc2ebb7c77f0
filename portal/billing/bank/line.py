"""A line of a bank file: one movement on an account, as any of the formats tells it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Final, TypeAlias

from portal.billing.money import CURRENCIES, point

LINES_MAX: Final = 50_000
"""Lines of one file."""
DIGITS_OTHERWISE: Final = 5
"""Decimal places of amounts in what is no currency here: as many as a bank file may give."""

Key: TypeAlias = bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class BankLine:
    """One transaction of a booked entry, or one entry that is not booked yet (`pending`).

    `line` counts from 1 within its file. `amount` is in minor units of `currency` (see
    `places_of`), above 0 what came in and below 0 what went out. `bank_reference` is the bank's own
    of the transaction, else of its entry with `place` from 1 where the entry has several;
    `entry_reference` is the entry's, and `is_whole` says that the line is all of its entry.
    `references` are those given apart from the `text`. `return_reason` is None where nothing was
    returned, and "" where no code says why. `row` is what else tells a row of a CSV from others
    that are alike. `instructed` is what the payer ordered in another
    currency, and `charges` what the bank kept, both as texts like "20.00 USD".
    """

    line: int
    account: str
    booked_on: date
    amount: int
    currency: str
    bank_reference: str = ""
    place: int = 0
    entry_reference: str = ""
    is_whole: bool = True
    end_to_end: str = ""
    batch: str = ""
    references: tuple[str, ...] = ()
    text: str = ""
    name: str = ""
    iban: str = ""
    is_reversal: bool = False
    return_reason: str | None = None
    row: str = ""
    instructed: str = ""
    charges: str = ""
    pending: bool = False


@dataclass(frozen=True, slots=True)
class Identity:
    """What makes a line the one that it is, in whatever file it comes.

    `key` is its own. `entry` is that of its entry, None where the bank gives none: a statement may
    tell in one line what a notification told in several, and both are the same money.
    """

    key: Key
    entry: Key | None


def places_of(currency: str) -> int:
    """Decimal places in which a line's amount is counted."""
    return CURRENCIES.get(currency, DIGITS_OTHERWISE)


def amount_text(minor: int, currency: str) -> str:
    """An amount of a line as a decimal, also in what is no currency here."""
    return point(minor, places_of(currency))


def identities(lines: Iterable[BankLine]) -> Iterator[Identity]:
    """The identity of each line, in the order of the lines of one file.

    Lines without a reference of the bank's may be equal and yet two payments: their place among
    equals tells them apart. Example: 9.90 "camera" twice on the 3rd are two lines in this file, and
    the same two when the file comes again.
    """
    equals: Counter[Key] = Counter()
    for one in lines:
        where = (one.account, one.booked_on.isoformat(), "+" if one.amount >= 0 else "-")
        if one.bank_reference:
            key = _key("reference", *where, one.bank_reference, str(one.place))
        else:
            alike = _key("text", *where, str(abs(one.amount)), one.end_to_end, one.text, one.row)
            equals[alike] += 1
            key = _key("place", alike.hex(), str(equals[alike]))
        entry = _key("entry", *where, one.entry_reference) if one.entry_reference else None
        yield Identity(key, entry)


def _key(*parts: str) -> Key:
    """A digest in which no part can be taken for the end of the one before it."""
    told = "".join(f"{len(part)}:{part}" for part in parts)
    return sha256(told.encode("utf-8", "surrogatepass")).digest()
