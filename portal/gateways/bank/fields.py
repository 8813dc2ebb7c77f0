"""What fields of bank files hold, whatever the format, and lines with what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from portal.billing.bank.line import LINES_MAX, BankLine, places_of
from portal.billing.money import parse_decimal
from portal.errors import Invalid, InvalidLines, TooLarge
from portal.values.bank_files import BYTES_MAX
from portal.values.text import cleaned, shown
from portal.words import _

TEXT_MAX: Final = 4_000
"""Characters of what a payer wrote; the rest is cut off."""
NAME_MAX: Final = 140
REFERENCE_MAX: Final = 140
ACCOUNT_MAX: Final = 64
REFERENCES_MAX: Final = 200
"""References apart from the text that one line may give."""
PROBLEMS_MAX: Final = 100
NO_REFERENCE: Final = frozenset({"NONREF", "NOTPROVIDED", "NOT PROVIDED", "KREF+"})
"""What banks write where there is no reference, or none here, and one has to be written."""

_NOT_IN_ACCOUNTS: Final = re.compile(r"[^0-9A-Z/]")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")


class Lines:
    """The lines of one file as they are read, and what is wrong with it by line."""

    def __init__(self) -> None:
        self.read: list[BankLine] = []
        self.problems: list[tuple[int, str]] = []

    @property
    def next(self) -> int:
        """The number of the line that comes next, from 1."""
        return len(self.read) + len(self.problems) + 1

    def extend(self, lines: Sequence[BankLine]) -> None:
        """Some more. Raises `TooLarge` beyond LINES_MAX."""
        self.read += lines
        if self.next > LINES_MAX + 1:
            message = _("One file may have at most %(count)s lines.")
            raise TooLarge(message % {"count": LINES_MAX})

    @contextmanager
    def at_next(self) -> Iterator[None]:
        """What is `Invalid` inside is wrong with the line that comes next."""
        line = self.next
        try:
            yield
        except Invalid as wrong:
            self.problems.append((line, wrong.message))
            if len(self.problems) == PROBLEMS_MAX:
                raise InvalidLines(self.problems) from None

    def done(self) -> list[BankLine]:
        """All of them. Raises `InvalidLines` where any is wrong: then none is taken."""
        if self.problems:
            raise InvalidLines(self.problems)
        return self.read


def check_size(content: bytes) -> None:
    """Raise `TooLarge` for a file that is longer than any is read."""
    if len(content) > BYTES_MAX:
        message = _("A bank file may have at most %(size)s MB.")
        raise TooLarge(message % {"size": BYTES_MAX // (1024 * 1024)})


def unreadable(message: str) -> Invalid:
    """A file that is not what it is said to be."""
    return Invalid({"file": message})


def currency_of(text: str) -> str:
    """A currency's code as a file gives it. Raises `Invalid`."""
    code = text.strip().upper()
    if not _CURRENCY.fullmatch(code):
        raise Invalid({"currency": _('must be a code of three letters like "EUR"')})
    return code


def minor_of(text: str, currency: str) -> int:
    """An amount of 0 or more as minor units. Raises `Invalid`: a sign is told apart from it."""
    whole, point, part = text.strip().removeprefix("+").partition(".")
    exact = f"{whole}.{part.rstrip('0')}".removesuffix(".") if point else whole
    places = places_of(currency)
    return int(parse_decimal(exact, "amount", places=places).scaleb(places))


def text_of(text: str, maximum: int = TEXT_MAX) -> str:
    """What people wrote: without what nobody sees, spaces as one."""
    return cleaned(" ".join(text[: 4 * maximum].split()), maximum)


def reference_of(text: str) -> str:
    """A reference, or "" where the bank says that there is none."""
    found = text_of(text, REFERENCE_MAX)
    return "" if found.upper() in NO_REFERENCE else found


def account_of(text: str) -> str:
    """The number of an account, as it is compared: an IBAN without its spaces."""
    return _NOT_IN_ACCOUNTS.sub("", text[: 4 * ACCOUNT_MAX].upper())[:ACCOUNT_MAX]


def said(text: str) -> str:
    """A field, to be repeated in a complaint about it."""
    return shown(text, 40)
