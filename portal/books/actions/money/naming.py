"""Whom money is of and what it goes on, as a request says it; what is wrong, field by field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from portal.billing.allocation import Wanted
from portal.billing.money import parse_minor
from portal.books.forms.payments import Allocation
from portal.books.queries.money import customers
from portal.books.queries.money.customers import Book, Customer, Document
from portal.db import Transaction
from portal.errors import Invalid
from portal.words import _

AMOUNT: Final = "amount"


@dataclass(frozen=True, slots=True)
class Named:
    """Whom a payment is of and what it goes on, as the request says it: nobody, nothing.

    `wanted` has amounts on invoices; without one the whole credit balance is used.
    """

    customer: Customer | None = None
    wanted: tuple[Wanted, ...] = ()
    documents: Mapping[int, Document] = field(default_factory=dict)


def check_day(name: str, day: date, today: date, first: date | None = None) -> None:
    """Raise `Invalid` for a day that cannot be: after today, or before `first`."""
    if day > today:
        raise Invalid({name: _("must not be after today")})
    if first is not None and day < first:
        raise Invalid({name: _("must not be before the payment")})


def above_nothing(text: str, currency: str, name: str = AMOUNT) -> int:
    """An amount in minor units. Raises `Invalid` at the field `name` for 0."""
    amount = parse_minor(text, currency, name)
    if amount <= 0:
        raise Invalid({name: _("must be above 0")})
    return amount


async def named_customer(
    tx: Transaction, book: Book, name: int | str, at: str, other: Customer | None
) -> Customer:
    """The customer named in a body; `other` is whose invoices are named beside it."""
    customer = await customers.named(tx, book, name)
    if customer is None:
        raise Invalid({at: _("is not there")})
    if other not in {None, customer}:
        raise Invalid({at: _("is not whose invoice that is")})
    return customer


async def named_invoices(
    tx: Transaction, book: Book, allocations: Sequence[Allocation], currency: str
) -> Named:
    """The invoices and amounts of a list, all of one customer. Raises `Invalid` by field."""
    return await invoices_of(
        tx,
        book,
        [
            (
                one.invoice,
                above_nothing(one.amount, currency, f"allocations[{place}].amount"),
                f"allocations[{place}].invoice",
                f"allocations[{place}].amount",
            )
            for place, one in enumerate(allocations)
        ],
    )


async def invoices_of(
    tx: Transaction, book: Book, asked: Sequence[tuple[str, int, str, str]]
) -> Named:
    """Of `(number, amount, field of the number, field of the amount)` each."""
    found = await customers.by_number(tx, book, [number for number, *_rest in asked])
    wrong = {
        at: _("is not an invoice of this book")
        for number, _a, at, _b in asked
        if number not in found
    }
    whose = {(one.cloud, one.subscriber) for one in found.values()}
    if not wrong and len(whose) > 1:
        wrong = {asked[-1][2]: _("is not of the same customer as the others")}
    if wrong:
        raise Invalid(wrong)
    customer = await customers.known(tx, book, *whose.pop())
    wanted = tuple(Wanted(found[number].claim.id, amount, at) for number, amount, _i, at in asked)
    return Named(customer, wanted, {one.claim.id: one for one in found.values()})
