"""Which invoices a line of money names, and how the money is put on them.

The rules are asked in order, and the first that names something decides: the end-to-end id, a
reference given apart, numbers in the text, the payer's account. What none of them names is left to
a person, with guesses by the amount. All amounts are minor units of one currency; nothing is
rounded.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Final

from portal.billing.bank.line import BankLine
from portal.billing.bank.references import numbers_in, numbers_of

SUGGESTIONS_MAX: Final = 5
_WORD: Final = re.compile(r"[^\W_]+")


class Rule(StrEnum):
    """What named the invoices of a line."""

    END_TO_END = "end_to_end"
    REFERENCE = "reference"
    NUMBER = "number"
    IBAN = "iban"


@dataclass(frozen=True, slots=True)
class Claim:
    """An invoice as far as money is concerned: what is left of it and was written off of it.

    `customer` is the row id of who owes it, `name` what they are called.
    """

    invoice: int
    number: str
    customer: int
    due_on: date
    left: int
    written_off: int = 0
    name: str = ""

    @property
    def takes(self) -> int:
        """What it takes of money that names it; of one with nothing left, what was given up."""
        return self.left or self.written_off

    @property
    def order(self) -> tuple[date, str]:
        """In what order money goes on invoices: by due day, then by number."""
        return self.due_on, self.number


@dataclass(frozen=True, slots=True)
class Allocation:
    """A part of a line on an invoice; above 0."""

    invoice: int
    number: str
    amount: int


@dataclass(frozen=True, slots=True)
class Part:
    """What of a line is one customer's: one payment. What is on no invoice is `credit`."""

    customer: int
    amount: int
    allocations: tuple[Allocation, ...]

    @property
    def credit(self) -> int:
        return self.amount - sum(one.amount for one in self.allocations)


@dataclass(frozen=True, slots=True)
class Match:
    """What is known of a line of money.

    With `parts` it is settled. Without, it is open: `named` are the numbers that a rule named
    (amount and invoices do not agree, or nothing is matched without a person), else nothing did.
    """

    rule: Rule | None = None
    parts: tuple[Part, ...] = ()
    named: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Names:
    """The numbers that a line may mean, as it says them; whether they exist is another question."""

    end_to_end: frozenset[str]
    reference: frozenset[str]
    number: frozenset[str]

    def all(self) -> frozenset[str]:
        return self.end_to_end | self.reference | self.number

    def by_rule(self) -> Sequence[tuple[Rule, frozenset[str]]]:
        """In the order of the rules."""
        return (
            (Rule.END_TO_END, self.end_to_end),
            (Rule.REFERENCE, self.reference),
            (Rule.NUMBER, self.number),
        )


def names_of(line: BankLine, prefixes: Collection[str]) -> Names:
    """Every number of a document with one of the prefixes that the line says anywhere."""
    apart = (numbers_of(one, prefixes) for one in line.references)
    return Names(
        frozenset(numbers_in(line.end_to_end, prefixes)),
        frozenset().union(*apart),
        frozenset(numbers_in(line.text, prefixes)),
    )


@dataclass(slots=True)
class Receivables:
    """What customers owe while the lines of a file are matched, one after the other.

    `claims` are the invoices that lines may mean, by number. `accounts` are the customers known
    for an account of a payer, and `open_of` all invoices with something left of these customers.
    """

    claims: dict[str, Claim]
    accounts: Mapping[str, frozenset[int]] = field(default_factory=dict)
    open_of: Mapping[int, tuple[str, ...]] = field(default_factory=dict)

    def take(self, parts: Iterable[Part]) -> None:
        """Have the money: what is left is less by it."""
        for part in parts:
            for one in part.allocations:
                before = self.claims[one.number]
                on_left = min(before.left, one.amount)
                self.claims[one.number] = replace(
                    before,
                    left=before.left - on_left,
                    written_off=before.written_off - (one.amount - on_left),
                )


def match(line: BankLine, names: Names, owed: Receivables, *, auto: bool = True) -> Match:
    """What becomes of a line of money (its amount is above 0); `auto` off: a person decides."""
    rule, claims = _named(line, names, owed)
    if rule is None:
        return Match()
    numbers = tuple(one.number for one in claims)
    parts = _parts(line.amount, claims) if auto else ()
    return Match(rule, parts, numbers)


def _named(line: BankLine, names: Names, owed: Receivables) -> tuple[Rule | None, list[Claim]]:
    for rule, numbers in names.by_rule():
        claims = [owed.claims[one] for one in numbers if one in owed.claims]
        if claims:
            return rule, sorted(claims, key=lambda one: one.order)
    claims = _of_payer(line, owed)
    return (Rule.IBAN, claims) if claims else (None, [])


def _of_payer(line: BankLine, owed: Receivables) -> list[Claim]:
    """The invoices of the only customer known for an account, where the amount says which.

    It is what is left of exactly one of them, or of all of them.
    """
    customers = owed.accounts.get(line.iban, frozenset()) if line.iban else frozenset()
    if len(customers) != 1:
        return []
    (customer,) = customers
    still = [
        claim for number in owed.open_of.get(customer, ()) if (claim := owed.claims[number]).left
    ]
    alike = [one for one in still if one.left == line.amount]
    if len(alike) == 1:
        return alike
    if still and sum(one.left for one in still) == line.amount:
        return sorted(still, key=lambda one: one.order)
    return []


def _parts(amount: int, claims: Sequence[Claim]) -> tuple[Part, ...]:
    """The money put on invoices that were named, in their order; nothing where it cannot be told.

    Money for invoices of several customers has to be all that is left of them: else nobody could
    say whose the rest is.
    """
    customers = list(dict.fromkeys(one.customer for one in claims))
    if len(customers) > 1:
        still = [one for one in claims if one.left]
        if amount != sum(one.left for one in still):
            return ()
        of_each = ((each, [one for one in still if one.customer == each]) for each in customers)
        return tuple(
            _part(sum(one.left for one in theirs), each, theirs)
            for each, theirs in of_each
            if theirs
        )
    return (_part(amount, customers[0], claims),)


def _part(amount: int, customer: int, claims: Sequence[Claim]) -> Part:
    rest, allocations = amount, []
    for one in claims:
        if (put := min(rest, one.takes)) > 0:
            allocations.append(Allocation(one.invoice, one.number, put))
            rest -= put
    return Part(customer, amount, tuple(allocations))


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An open invoice that a line may mean, and why."""

    number: str
    same_name: bool


def suggest(line: BankLine, candidates: Iterable[Claim]) -> tuple[Suggestion, ...]:
    """The best guesses by the amount, at most SUGGESTIONS_MAX of them.

    First those whose customer is called as the payer, without case, accents and order of words;
    then those whose names share most words; then by due day and number.
    """
    payer = words_of(line.name)
    ranked = sorted(
        (one for one in candidates if one.left == line.amount),
        key=lambda one: (*_distance(payer, words_of(one.name)), *one.order),
    )
    return tuple(
        Suggestion(one.number, same_name=bool(payer) and words_of(one.name) == payer)
        for one in ranked[:SUGGESTIONS_MAX]
    )


def _distance(payer: Sequence[str], customer: Sequence[str]) -> tuple[bool, int]:
    return not payer or payer != customer, -len({*payer} & {*customer})


def words_of(name: str) -> tuple[str, ...]:
    """A name to compare: "Müller, Jörg" and "JORG MULLER" are the same."""
    plain = unicodedata.normalize("NFKD", name)
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return tuple(sorted(_WORD.findall(plain.casefold())))
