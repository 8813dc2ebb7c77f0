"""Payments: received, put on invoices, taken off again, and taken back by the bank."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import partial

from portal import tables
from portal.access import Actor, Permission
from portal.billing import allocation
from portal.billing.allocation import Effect, Kind, Source, SourceId
from portal.billing.money import parse_minor
from portal.books.actions.money.naming import (
    AMOUNT,
    Named,
    above_nothing,
    check_day,
    invoices_of,
    named_customer,
    named_invoices,
)
from portal.books.actions.money.storing import lock_customer, numbers_of, open_book, store
from portal.books.forms.payments import (
    AllocateCloudForm,
    AllocateForm,
    NewCloudPayment,
    NewPayment,
    ReturnForm,
    UnallocateForm,
)
from portal.books.queries.money import customers, payments
from portal.books.queries.money.customers import Book, Customer, Document, claims_of
from portal.books.queries.money.payments import Payment
from portal.db import Transaction, atomic
from portal.errors import Conflict, Invalid
from portal.kit.actions import audit, events
from portal.kit.actions.rows import insert, update
from portal.kit.queries.tenancy import CloudFacts, id_of
from portal.values.webhooks import EventType
from portal.words import _


async def receive(
    actor: Actor,
    cloud: CloudFacts | None,
    new: NewPayment | NewCloudPayment,
    *,
    now: datetime,
    spread: bool = True,
    gateway: str = "",
) -> tuple[Payment, bool]:
    """Record money of a cloud's customer, or of the platform's; and whether it was there before.

    Where no invoice is named it goes on those that are open, or without `spread` on none. `gateway`
    is where the money is, "" for the bank.
    The same reference again changes nothing. Raises `Invalid` at a field, with nothing stored, and
    `Conflict` where the reference is another payment's.
    """
    async with atomic(actor) as tx:
        book = await open_book(tx, actor, cloud, Permission.PAYMENTS_WRITE)
        check_day("paid_on", new.paid_on, book.today(now))
        currency = await _currency(tx, book, new)
        amount = above_nothing(new.amount, currency)
        names = _names(new, currency)
        named = await _named(tx, book, new, amount, currency)
        if named.customer is not None:
            await lock_customer(tx, named.customer)
        row = {
            "issuer": book.issuer,
            "cloud": id_of(book.cloud) if named.customer is None else named.customer.cloud,
            "subscriber": None if named.customer is None else named.customer.subscriber,
            "currency": currency,
            AMOUNT: amount,
            "paid_on": new.paid_on,
            "method": new.method,
            "gateway": gateway,
            "reference": new.reference,
            "names": names,
        }
        made = await insert(tx, tables.Payment, row, unless_there=True)
        if made is None:
            return await _before(tx, book, new.reference, (amount, currency, names)), True
        if not (spread or named.wanted):
            named = Named()
        effect, documents = await _put(tx, named, SourceId(Kind.PAYMENT, made), amount, new.paid_on)
        after = {**row, "allocations": numbers_of(documents, effect)}
        await audit.record(
            tx, actor, "payment.receive", f"payment {made}", cloud=id_of(cloud), after=after
        )
        _note(tx, book, EventType.PAYMENT_RECEIVED, made, now)
        if named.customer is None:
            _note(tx, book, EventType.PAYMENT_UNIDENTIFIED, made, now)
        return await payments.find(tx, book.issuer, made), False


def _note(tx: Transaction, book: Book, kind: EventType, payment: int, now: datetime) -> None:
    """Tell a cloud's systems what happened to a payment of its book."""
    if book.cloud is not None:
        read = partial(payments.find, tx, book.issuer, payment)
        events.note(tx, book.issuer, kind, now=now, facts=read)


async def _currency(tx: Transaction, book: Book, new: NewPayment | NewCloudPayment) -> str:
    """A cloud's own; in the platform's book that of whoever pays."""
    if isinstance(new, NewPayment):
        assert book.cloud is not None, "its form is the platform's otherwise"
        return book.cloud.currency
    numbers = [new.invoice] if new.invoice else [one.invoice for one in new.allocations or ()]
    of_cloud = await tx.fetchval(
        "select currency from invoice where issuer = 0 and number = any($1) union all"
        " select currency from cloud where slug = $2 limit 1",
        numbers,
        new.cloud,
    )
    found: str | None = of_cloud or new.currency
    if found is None:
        problem = _("is not there") if numbers else _("is required where nothing says whose it is")
        raise Invalid({"invoice" if numbers else "currency": problem})
    if new.currency not in {None, found}:
        raise Invalid({"currency": _("is not that of whoever pays")})
    return found


def _names(new: NewPayment | NewCloudPayment, currency: str) -> str:
    """What a payment is said to be for, in one spelling: two that say the same are the same."""
    parts = [] if new.customer is None or new.invoice else [f"customer {new.customer}"]
    if new.invoice is not None:
        parts.append(f"invoice {new.invoice}")
    parts += [
        f"{one.invoice} {parse_minor(one.amount, currency, 'allocations')}"
        for one in new.allocations or ()
    ]
    return "; ".join(parts)


async def _named(
    tx: Transaction,
    book: Book,
    new: NewPayment | NewCloudPayment,
    amount: int,
    currency: str,
) -> Named:
    asked = tuple(new.allocations or ())
    if new.invoice is not None:
        found = await invoices_of(tx, book, [(new.invoice, amount, "invoice", AMOUNT)])
    elif asked:
        found = await named_invoices(tx, book, asked, currency)
        if sum(one.amount for one in found.wanted) > amount:
            raise Invalid({"allocations": _("come to more than the payment")})
    else:
        found = Named()
    if new.customer is None:
        return found
    whose = "subscriber" if isinstance(new, NewPayment) else "cloud"
    return Named(
        await named_customer(tx, book, new.customer, whose, found.customer),
        found.wanted,
        found.documents,
    )


async def _before(
    tx: Transaction, book: Book, reference: str, same: tuple[int, str, str]
) -> Payment:
    """The payment that came with the reference. Raises `Conflict` where it was another one."""
    found = await payments.find_by_reference(tx, book.issuer, reference)
    if found is None or (found.amount, found.currency, found.names) != same:
        raise Conflict(_("Another payment has this reference."), {"reference": _("is used")})
    return found


async def _put(
    tx: Transaction, named: Named, source: SourceId, amount: int, paid_on: date
) -> tuple[Effect, Mapping[int, Document]]:
    """Put a payment that was just written where it is said to go."""
    if named.customer is None:
        return Effect(), {}
    if not named.wanted:
        return await spread_credit(tx, named.customer)
    # Read again: what is left may have changed until the lock was ours.
    documents = await customers.by_id(tx, named.customer.cloud, list(named.documents))
    effect = allocation.put_on([Source(source, amount)], claims_of(documents), named.wanted)
    days = {source: paid_on}
    await store(tx, named.customer, effect, documents, days=days, day=paid_on)
    return effect, documents


async def spread_credit(
    tx: Transaction, customer: Customer
) -> tuple[Effect, Mapping[int, Document]]:
    """Put a customer's whole credit balance on its open invoices; whoever calls holds the lock."""
    found = await customers.sources(tx, customer)
    documents = await customers.open_documents(tx, customer)
    claims = list(claims_of(documents).values())
    effect = allocation.spread([source for source, _day in found.values()], claims)
    days = {source: day for source, (_free, day) in found.items()}
    await store(tx, customer, effect, documents, days=days, day=date.min)
    return effect, documents


async def allocate(
    actor: Actor,
    cloud: CloudFacts | None,
    payment: int,
    form: AllocateForm | AllocateCloudForm,
    *,
    now: datetime,
) -> Payment:
    """Put a payment on invoices, or all credit of its customer; of nobody's, it says whose it is.

    Raises `Invalid` at a field, `Conflict` for more than there is in the credit balance.
    """
    async with atomic(actor) as tx:
        book = await open_book(tx, actor, cloud, Permission.PAYMENTS_WRITE)
        before = await payments.find_for_update(tx, book.issuer, payment)
        named = Named()
        if form.allocations:
            named = await named_invoices(tx, book, form.allocations, before.currency)
            customer = named.customer
        else:
            assert form.customer is not None, "the form says one of the two"
            at = "subscriber" if isinstance(form, AllocateForm) else "cloud"
            customer = await named_customer(tx, book, form.customer, at, None)
        assert customer is not None, "invoices are somebody's"
        await lock_customer(tx, customer)
        before = await payments.find(tx, book.issuer, payment)
        refuse_returned(before)
        await _identify(tx, book, before, customer, now)
        if not named.wanted:
            effect, documents = await spread_credit(tx, customer)
        else:
            effect, documents = await _put_part(tx, customer, before, named)
        after = {"allocations": numbers_of(documents, effect), "customer": customer.name}
        await audit.record(
            tx, actor, "payment.allocate", f"payment {payment}", cloud=id_of(cloud), after=after
        )
        return await payments.find(tx, book.issuer, payment)


def refuse_returned(payment: Payment) -> None:
    """Raise `Conflict` for a payment that the bank took back."""
    if payment.state == "returned":
        raise Conflict(_("The bank took this payment back."))


async def _identify(
    tx: Transaction, book: Book, payment: Payment, customer: Customer, now: datetime
) -> None:
    """Say whose a payment of nobody is. Raises `Conflict` where it is somebody else's."""
    if payment.identified:
        whose = payment.cloud if book.cloud is None else str(payment.subscriber)
        if whose != customer.name:
            raise Conflict(_("This payment is of somebody else."))
        return
    if payment.currency != customer.currency:
        raise Conflict(_("This payment is in another currency."))
    columns = {
        "cloud": customer.cloud,
        "subscriber": customer.subscriber,
        "identified_on": book.today(now),
    }
    await update(tx, tables.Payment, payment.id, columns)


async def _put_part(
    tx: Transaction, customer: Customer, payment: Payment, named: Named
) -> tuple[Effect, Mapping[int, Document]]:
    """Put a payment on the invoices named: not more than it has, nor than there is in credit.

    One that was nobody's goes where it is said to go, whatever else is owed.
    """
    wanted = sum(one.amount for one in named.wanted)
    found = await customers.sources(tx, customer)
    credit = allocation.credit_balance([source for source, _day in found.values()])
    if wanted > payment.unallocated or (payment.identified and wanted > credit):
        raise Conflict(_("That is more than there is in the credit balance."))
    documents = await customers.by_id(tx, customer.cloud, list(named.documents))
    source = SourceId(Kind.PAYMENT, payment.id)
    sources = [Source(source, payment.unallocated)]
    effect = allocation.put_on(sources, claims_of(documents), named.wanted)
    days = {source: payment.paid_on}
    await store(tx, customer, effect, documents, days=days, day=payment.paid_on)
    return effect, documents


async def unallocate(
    actor: Actor, cloud: CloudFacts | None, payment: int, form: UnallocateForm, *, now: datetime
) -> Payment:
    """Take a payment off an invoice, back to the credit balance. Raises `Invalid` for more."""
    async with atomic(actor) as tx:
        book = await open_book(tx, actor, cloud, Permission.PAYMENTS_WRITE)
        before = await payments.find(tx, book.issuer, payment)
        amount = None if form.amount is None else above_nothing(form.amount, before.currency)
        named = await invoices_of(tx, book, [(form.invoice, 0, "invoice", AMOUNT)])
        assert named.customer is not None, "an invoice is somebody's"
        customer, (row,) = named.customer, named.documents
        await lock_customer(tx, customer)
        documents = await customers.by_id(tx, customer.cloud, [row])
        there = await customers.allocated(tx, customer.cloud, invoice=row, payment=payment)
        effect = allocation.unallocated(there, amount)
        await store(
            tx, customer, effect, documents, days={}, day=book.today(now), reason=form.reason
        )
        after = {"allocations": numbers_of(documents, effect), "reason": form.reason}
        await audit.record(
            tx, actor, "payment.unallocate", f"payment {payment}", cloud=id_of(cloud), after=after
        )
        return await payments.find(tx, book.issuer, payment)


async def take_back(
    actor: Actor, cloud: CloudFacts | None, payment: int, form: ReturnForm, *, now: datetime
) -> tuple[Payment, bool]:
    """Write that the bank took a payment back; and whether that was written before.

    It comes off its invoices, and what of it was refunded makes the credit balance negative.
    """
    async with atomic(actor) as tx:
        book = await open_book(tx, actor, cloud, Permission.PAYMENTS_WRITE)
        before = await payments.find_for_update(tx, book.issuer, payment)
        check_day("returned_on", form.returned_on, book.today(now), before.paid_on)
        fee = parse_minor(form.fee, before.currency, "fee")
        customer = await _customer_of(tx, book, payment)
        if customer is not None:
            await lock_customer(tx, customer)
        row = {
            "issuer": book.issuer,
            "cloud": id_of(book.cloud) if customer is None else customer.cloud,
            "subscriber": None if customer is None else customer.subscriber,
            "payment": payment,
            "returned_on": form.returned_on,
            "reason": form.reason,
            "fee": fee,
        }
        if (await payments.find(tx, book.issuer, payment)).state == "returned":
            return await payments.find(tx, book.issuer, payment), True
        if customer is not None:
            there = await customers.allocated(tx, customer.cloud, payment=payment)
            documents = await customers.by_id(tx, customer.cloud, [one.invoice for one in there])
            effect = Effect(allocation.take_off(there, sum(one.rest for one in there)))
            await store(
                tx, customer, effect, documents, days={}, day=form.returned_on, reason=form.reason
            )
        made = await insert(tx, tables.PaymentReturn, row, unless_there=True)
        if made is not None:
            about = f"payment {payment}"
            await audit.record(tx, actor, "payment.return", about, cloud=id_of(cloud), after=row)
            _note(tx, book, EventType.PAYMENT_RETURNED, payment, now)
        return await payments.find(tx, book.issuer, payment), made is None


async def _customer_of(tx: Transaction, book: Book, payment: int) -> Customer | None:
    row = await tx.fetchrow("select cloud, subscriber from payment where id = $1", payment)
    assert row is not None, "it was found before"
    if (row["cloud"] if book.cloud is None else row["subscriber"]) is None:
        return None
    return await customers.known(tx, book, row["cloud"], row["subscriber"])
