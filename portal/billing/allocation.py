"""Money that came in and what it is put on: event → what is to be written, under any history.

A *source* is a payment, or the credit note of a negative period. What of it is on no invoice and
not refunded is *free*; the free parts of all a customer's sources are its credit balance, which is
below 0 where money that was returned had been refunded before. A *claim* is an issued invoice. All
amounts are minor units of one currency, and all of them are given or differences: nothing rounds.

What functions return is to be added to the books: nothing that was written is ever changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from portal.billing.balance import Balance
from portal.errors import Conflict, Invalid
from portal.words import _


class Kind(StrEnum):
    """What money comes from."""

    PAYMENT = "payment"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class SourceId:
    """A payment, or the credit note of a negative period, by row id."""

    kind: Kind
    id: int


@dataclass(frozen=True, slots=True)
class Source:
    """A source and its free part; sources are handed over oldest first.

    `free` is below 0 for a payment that was returned after some of it had been refunded.
    """

    id: SourceId
    free: int


@dataclass(frozen=True, slots=True)
class Claim:
    """An invoice by row id, and what has been taken off it."""

    id: int
    number: str
    balance: Balance

    @property
    def room(self) -> int:
        """What can be put on it: what is left, and what was written off and may yet come in."""
        return self.balance.left + self.balance.written_off


@dataclass(frozen=True, slots=True)
class Allocated:
    """What of an allocation is still on its invoice; they are handed over oldest first."""

    id: int
    source: SourceId
    invoice: int
    rest: int


@dataclass(frozen=True, slots=True)
class Put:
    """A part of a source to be put on an invoice, or, below 0, taken off again.

    `undoes` is the allocation that it is taken from.
    """

    source: SourceId
    invoice: int
    amount: int
    undoes: int | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """What an event adds to the books.

    `recovered` is, by invoice, what of a write-off was not lost after all; above 0.
    """

    puts: tuple[Put, ...] = ()
    recovered: Mapping[int, int] = field(default_factory=dict)

    @property
    def allocated(self) -> int:
        """What it puts on invoices, less what it takes off them."""
        return sum(put.amount for put in self.puts)


def credit_balance(sources: Sequence[Source]) -> int:
    """What of a customer's money is on no invoice; below 0 it is owed."""
    return sum(source.free for source in sources)


def usable(sources: Sequence[Source]) -> list[Source]:
    """What may be used of the credit balance, oldest source first.

    Money that came later fills what is below 0 first: of 25.00 beside a source of −10.00, 15.00 may
    be used.
    """
    owed = -sum(source.free for source in sources if source.free < 0)
    found = []
    for source in sources:
        kept = min(owed, max(0, source.free))
        owed -= kept
        if source.free > kept:
            found.append(Source(source.id, source.free - kept))
    return found


def in_order_of_due(claims: Sequence[Claim]) -> list[Claim]:
    """The oldest first: by due day, then number; one that is never due comes last."""
    return sorted(claims, key=lambda one: (one.balance.due_on or date.max, one.number))


def spread(sources: Sequence[Source], claims: Sequence[Claim]) -> Effect:
    """The whole credit balance on what is open, oldest source and oldest invoice first.

    Example: 120.00 on invoices of 100.00 and 50.00: 100.00 and 20.00. What is written off is not
    open: it is filled where an invoice is named.
    """
    wanted = [(claim, claim.balance.left) for claim in in_order_of_due(claims)]
    return _fill(usable(sources), [(claim, left) for claim, left in wanted if left > 0])


@dataclass(frozen=True, slots=True)
class Wanted:
    """So much on an invoice; `at` is the field of the request that says it."""

    invoice: int
    amount: int
    at: str


def put_on(
    sources: Sequence[Source], claims: Mapping[int, Claim], wanted: Sequence[Wanted]
) -> Effect:
    """Put amounts on the invoices named, from `sources` as they are, oldest first.

    An amount fills what is left of its invoice, then what was written off. Raises `Invalid` at the
    field of an amount above both; the caller has seen to it that the sources hold the sum.
    """
    asked: dict[int, int] = {}
    wrong = {}
    for one in wanted:
        asked[one.invoice] = asked.get(one.invoice, 0) + one.amount
        if asked[one.invoice] > claims[one.invoice].room:
            wrong[one.at] = _("is more than is left of the invoice")
    if wrong:
        raise Invalid(wrong)
    return _fill(sources, [(claims[one.invoice], one.amount) for one in wanted])


def _fill(sources: Sequence[Source], wanted: Sequence[tuple[Claim, int]]) -> Effect:
    """As much of `wanted` as the sources hold, in the order of both."""
    puts: dict[tuple[SourceId, int], int] = {}
    paid: dict[int, int] = {}
    claims = {claim.id: claim for claim, _amount in wanted}
    rest = [source.free for source in sources]
    at = 0
    for claim, amount in wanted:
        open_amount = amount
        while open_amount > 0 and at < len(sources):
            part = min(open_amount, rest[at])
            if part > 0:
                key = (sources[at].id, claim.id)
                puts[key] = puts.get(key, 0) + part
                paid[claim.id] = paid.get(claim.id, 0) + part
                rest[at] -= part
                open_amount -= part
            if not rest[at]:
                at += 1
    recovered = {
        invoice: above
        for invoice, amount in paid.items()
        if (above := amount - claims[invoice].balance.left) > 0
    }
    return Effect(
        tuple(Put(source, invoice, amount) for (source, invoice), amount in puts.items()), recovered
    )


def take_off(allocated: Sequence[Allocated], amount: int) -> tuple[Put, ...]:
    """Take an amount off what was allocated, the newest first; at most all of it.

    Example: 5.00 off 10.00 and then 6.48: the second keeps 1.48.
    """
    puts = []
    for one in reversed(allocated):
        part = min(amount, one.rest)
        if part > 0:
            puts.append(Put(one.source, one.invoice, -part, one.id))
            amount -= part
    return tuple(puts)


def credited(claim: Claim, allocated: Sequence[Allocated], gross: int) -> Effect:
    """What a credit note by hand brings back: first what was written off, then what was paid.

    So that nothing less than 0 is left: `gross` is not above the total less what was credited.
    Example: 60.00 written off, then 20.00 credited: 20.00 of it is recovered.
    """
    above = gross - claim.balance.left
    if above <= 0:
        return Effect()
    recovered = min(above, claim.balance.written_off)
    return Effect(
        take_off(allocated, above - recovered), {claim.id: recovered} if recovered else {}
    )


def unallocated(allocated: Sequence[Allocated], amount: int | None) -> Effect:
    """Back to the credit balance: all of what a payment has on an invoice, or `amount` of it.

    Raises `Invalid` for more than there is, and where there is nothing.
    """
    there = sum(one.rest for one in allocated)
    if not there:
        raise Invalid({"invoice": _("has nothing of this payment")})
    if amount is not None and amount > there:
        raise Invalid({"amount": _("is more than this payment has on the invoice")})
    return Effect(take_off(allocated, there if amount is None else amount))


def refunded(
    sources: Sequence[Source], amount: int, named: SourceId | None
) -> list[tuple[SourceId, int]]:
    """Out of which sources a refund is paid: the one named, else the oldest first.

    Raises `Conflict` above the credit balance, or above what of the source named is on no invoice.
    """
    of = usable(sources)
    if named is not None:
        of = [source for source in sources if source.id == named and source.free > 0]
    # What is owed counts against every refund, whichever source is named.
    there = min(sum(source.free for source in of), max(0, credit_balance(sources)))
    if amount > there:
        raise Conflict(_("That is more than there is in the credit balance."))
    parts = []
    for source in of:
        part = min(amount, source.free)
        if part > 0:
            parts.append((source.id, part))
            amount -= part
    return parts


def written_off(claim: Claim, amount: int | None) -> int:
    """How much of a claim is given up: all that is left, or `amount`.

    Raises `Conflict` above what is left, and where that is nothing.
    """
    left = claim.balance.left
    if not left:
        raise Conflict(_("There is nothing left of this invoice."))
    if amount is not None and amount > left:
        raise Conflict(_("That is more than is left of the invoice."))
    return left if amount is None else amount
