"""What a form of money would do, were it sent now: by the same law, and nothing is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from portal.access import Actor
from portal.billing import allocation
from portal.billing.allocation import Effect, Kind, Source, SourceId, Wanted
from portal.books.queries.money import customers, payments
from portal.books.queries.money.customers import Book, Customer, Document, book_of, claims_of
from portal.books.queries.money.earnings import Cause, changed
from portal.books.queries.money.payments import Payment
from portal.db import Transaction, snapshot
from portal.errors import Invalid, no_such
from portal.kit.queries.tenancy import CloudFacts
from portal.words import _


@dataclass(frozen=True, slots=True)
class OnInvoice:
    """An invoice, what of money goes on it (below 0: comes off), and what is left of it then."""

    number: str
    amount: int
    left: int


@dataclass(frozen=True, slots=True)
class Moved:
    """What an event would do to a customer. Amounts: minor units of `currency`.

    `before` and `after` are the credit balance. `commission` is what referrals get more, below 0
    less; `recovered` what of a write-off comes in after all.
    """

    currency: str
    invoices: Sequence[OnInvoice]
    before: int
    after: int
    commission: int
    recovered: int


@dataclass(frozen=True, slots=True)
class OpenInvoice:
    """An invoice on which money may be put: what is left of it, and what was written off."""

    number: str
    left: int
    written_off: int


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """Whose money it is: what there is in credit, and the open invoices, the oldest due first."""

    name: str
    label: str
    currency: str
    credit: int
    invoices: Sequence[OpenInvoice]


async def customer_facts(actor: Actor, cloud: CloudFacts | None, name: str) -> CustomerFacts:
    """A subscriber by number, or in the platform's book a cloud by slug. Raises `NotFound`."""
    async with snapshot(actor) as tx:
        book = await book_of(tx, actor, cloud)
        customer = await _customer(tx, book, name)
        documents = await customers.open_documents(tx, customer)
        label = await tx.fetchval(
            "select name from cloud where id = $1"
            if customer.subscriber is None
            else "select name from subscriber where cloud = $1 and id = $2",
            *(customer.cloud,),
            *(() if customer.subscriber is None else (customer.subscriber,)),
        )
        credit = await _credit(tx, customer)
    claims = allocation.in_order_of_due(list(claims_of(documents).values()))
    invoices = [
        OpenInvoice(one.number, one.balance.left, one.balance.written_off) for one in claims
    ]
    return CustomerFacts(customer.name, label, customer.currency, credit, invoices)


async def owner_of(actor: Actor, cloud: CloudFacts | None, numbers: Sequence[str]) -> str:
    """Whose invoices these are, by number or slug; "" of nobody's. Raises `Invalid`."""
    async with snapshot(actor) as tx:
        book = await book_of(tx, actor, cloud)
        documents = await customers.by_number(tx, book, numbers)
        if set(numbers) - set(documents):
            raise Invalid({"invoice": _("is not an invoice of this book")})
        whose = {(one.cloud, one.subscriber) for one in documents.values()}
        if len(whose) != 1:
            raise Invalid({"invoice": _("is not of the same customer as the others")})
        return (await customers.known(tx, book, *whose.pop())).name


async def _customer(tx: Transaction, book: Book, name: str) -> Customer:
    is_number = name.isascii() and name.isdigit() and len(name) <= len(str(2**31))
    if book.cloud is not None and not is_number:
        raise no_such(_("subscriber"), name)
    found = await customers.named(tx, book, int(name) if book.cloud is not None else name)
    if found is None:
        raise no_such(_("subscriber") if book.cloud is not None else _("cloud"), name)
    return found


async def _credit(tx: Transaction, customer: Customer) -> int:
    found = await customers.sources(tx, customer)
    return allocation.credit_balance([source for source, _day in found.values()])


async def returned(actor: Actor, cloud: CloudFacts | None, payment: int) -> Moved | None:
    """What the return of a payment would do; None of one of nobody. Raises `NotFound`."""
    async with snapshot(actor) as tx:
        book = await book_of(tx, actor, cloud)
        found = await payments.find(tx, book.issuer, payment)
        customer = await _owner(tx, book, found)
        if customer is None:
            return None
        there = await customers.allocated(tx, customer.cloud, payment=payment)
        documents = await customers.by_id(tx, customer.cloud, [one.invoice for one in there])
        effect = Effect(allocation.take_off(there, sum(one.rest for one in there)))
        # What came off its invoices goes with the payment, and what of it was free, too.
        return await _moved(tx, customer, effect, documents, lost=found.amount - found.refunded)


async def unallocated(
    actor: Actor, cloud: CloudFacts | None, payment: int, invoice: str, amount: int | None
) -> Moved:
    """What taking a payment off an invoice would do. Raises `Invalid` for more than is there."""
    async with snapshot(actor) as tx:
        book = await book_of(tx, actor, cloud)
        found = await payments.find(tx, book.issuer, payment)
        customer = await _owner(tx, book, found)
        documents = await customers.by_number(tx, book, [invoice])
        if customer is None or invoice not in documents:
            raise no_such(_("invoice"), invoice)
        row = documents[invoice].claim.id
        there = await customers.allocated(tx, customer.cloud, invoice=row, payment=payment)
        effect = allocation.unallocated(there, amount)
        return await _moved(tx, customer, effect, {row: documents[invoice]})


async def allocated(
    actor: Actor,
    cloud: CloudFacts | None,
    payment: int,
    customer_name: str,
    wanted: Sequence[tuple[str, int, str]],
) -> Moved:
    """What putting a payment on invoices would do: `(number, amount, field)` each.

    Without any the customer's whole credit balance goes on what is open. Of one that is nobody's
    yet its own money counts as the customer's. Raises `Invalid` by field.
    """
    async with snapshot(actor) as tx:
        book = await book_of(tx, actor, cloud)
        found = await payments.find(tx, book.issuer, payment)
        customer = await _customer(tx, book, customer_name)
        own = Source(SourceId(Kind.PAYMENT, payment), found.unallocated)
        gained = 0 if found.identified else found.unallocated
        if wanted:
            documents = await customers.by_number(tx, book, [number for number, *_ in wanted])
            rows = {one.claim.id: one for one in documents.values()}
            asked = [
                Wanted(documents[number].claim.id, amount, at)
                for number, amount, at in wanted
                if number in documents
            ]
            effect = allocation.put_on([own], claims_of(rows), asked)
            return await _moved(tx, customer, effect, rows, gained=gained)
        there = await customers.sources(tx, customer)
        sources = [source for source, _day in there.values()] + ([own] if gained else [])
        open_ones = await customers.open_documents(tx, customer)
        effect = allocation.spread(sources, list(claims_of(open_ones).values()))
        return await _moved(tx, customer, effect, open_ones, gained=gained)


async def applied(actor: Actor, cloud: CloudFacts | None, name: str) -> Moved:
    """What putting a customer's whole credit balance on its open invoices would do."""
    async with snapshot(actor) as tx:
        book = await book_of(tx, actor, cloud)
        customer = await _customer(tx, book, name)
        found = await customers.sources(tx, customer)
        documents = await customers.open_documents(tx, customer)
        sources = [source for source, _day in found.values()]
        effect = allocation.spread(sources, list(claims_of(documents).values()))
        return await _moved(tx, customer, effect, documents)


async def refunded(
    actor: Actor, cloud: CloudFacts | None, name: str, amount: int, payment: int | None
) -> Moved:
    """What a refund would do. Raises `Conflict` above what may be given back."""
    async with snapshot(actor) as tx:
        book = await book_of(tx, actor, cloud)
        customer = await _customer(tx, book, name)
        found = await customers.sources(tx, customer)
        named = None if payment is None else SourceId(Kind.PAYMENT, payment)
        allocation.refunded([source for source, _day in found.values()], amount, named)
        return await _moved(tx, customer, Effect(), {}, lost=amount)


async def _owner(tx: Transaction, book: Book, payment: Payment) -> Customer | None:
    if not payment.identified:
        return None
    name = payment.cloud if book.cloud is None else str(payment.subscriber)
    assert name is not None, "it is somebody's"
    return await _customer(tx, book, name)


async def _moved(
    tx: Transaction,
    customer: Customer,
    effect: Effect,
    documents: Mapping[int, Document],
    *,
    gained: int = 0,
    lost: int = 0,
) -> Moved:
    """The effect in words of a page; `gained` comes into the credit balance beside, `lost` goes."""
    before = await _credit(tx, customer)
    put: dict[int, int] = {}
    for one in effect.puts:
        put[one.invoice] = put.get(one.invoice, 0) + one.amount
    causes = [
        Cause(one.invoice, documents[one.invoice].issued_on, one.amount, allocation=0)
        for one in effect.puts
    ]
    earned = 0
    if customer.subscriber is not None:
        found = await changed(tx, customer.cloud, documents, causes)
        earned = sum(change.amount for _document, _cause, change in found)
    recovered = sum(effect.recovered.values())
    invoices = [
        OnInvoice(
            documents[invoice].claim.number,
            amount,
            documents[invoice].claim.balance.left - amount + effect.recovered.get(invoice, 0),
        )
        for invoice, amount in put.items()
    ]
    after = before + gained - lost - effect.allocated
    return Moved(customer.currency, invoices, before, after, earned, recovered)
