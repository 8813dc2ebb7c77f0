"""Claims given up and disputed, and credit put on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from asyncpg import Record

from portal import tables
from portal.access import Actor, Permission, is_of_platform
from portal.billing import allocation
from portal.billing.allocation import Effect
from portal.books.actions.money.naming import Named, above_nothing, named_invoices
from portal.books.actions.money.payments import spread_credit
from portal.books.actions.money.storing import (
    lock_customer,
    numbers_of,
    open_book,
    store,
)
from portal.books.forms.payments import ApplyCreditForm, DisputeForm, SettleForm, WriteOffForm
from portal.books.queries.money import customers
from portal.books.queries.money.customers import PLATFORM, Book, Customer, Document, claims_of
from portal.db import Transaction, atomic
from portal.errors import Conflict, Forbidden, Invalid, no_such
from portal.kit.actions import audit, events
from portal.kit.actions.locks import lock_sums
from portal.kit.actions.permit import require
from portal.kit.actions.rows import insert, update
from portal.kit.queries.tenancy import CloudFacts
from portal.values.webhooks import EventType
from portal.words import _

# A cloud's own comes before the platform's to it, should the two have one number.
_ROW: Final = """
select i.id, i.number, i.cloud, i.issuer, i.subscriber,
       case i.issuer when 0 then p.timezone else c.timezone end as zone
from invoice i join cloud c on c.id = i.cloud cross join platform p
"""
_INVOICE: Final = f"""{_ROW}
where i.number = $2 and case when $1::bigint is null then i.issuer = 0 else i.cloud = $1 end
order by i.issuer desc limit 1
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """An invoice that an action is about: its row, its customer, and its issuer's book."""

    id: int
    number: str
    customer: Customer
    book: Book

    @property
    def audited_in(self) -> int | None:
        """The cloud whose log tells of it: the issuer's, None for the platform's."""
        return None if self.customer.issuer == PLATFORM else self.customer.issuer

    def note(
        self, tx: Transaction, kind: EventType, now: datetime, *, document: int | None = None
    ) -> None:
        """Tell the issuer's systems what happened to it, or to another `document` of it."""
        if self.audited_in is not None:
            about, today = [document or self.id], self.book.today(now)
            events.note_documents(tx, self.audited_in, kind, about, now=now, today=today)


async def claimed(
    tx: Transaction, actor: Actor, cloud: CloudFacts | None, number: str, permission: Permission
) -> Claimed:
    """The document of a number in a cloud, sold or bought, or in the platform's book.

    Raises `NotFound`, and `Forbidden` where it is the platform's and the actor is not.
    """
    require(actor, permission)
    row = await tx.fetchrow(_INVOICE, None if cloud is None else cloud.id, number)
    if row is None:
        raise no_such(_("document"), number)
    return await _of_row(tx, actor, cloud, row)


async def claimed_by_id(tx: Transaction, actor: Actor, cloud: CloudFacts, invoice: int) -> Claimed:
    """The same of a row of a cloud that was read before: one to be credited."""
    require(actor, Permission.CREDITS_WRITE)
    row = await tx.fetchrow(f"{_ROW} where i.cloud = $1 and i.id = $2", cloud.id, invoice)
    assert row is not None, "it was read before"
    return await _of_row(tx, actor, cloud, row)


async def _of_row(tx: Transaction, actor: Actor, cloud: CloudFacts | None, row: Record) -> Claimed:
    if row["issuer"] == PLATFORM and not is_of_platform(actor):
        raise Forbidden(_("What the platform issued, its own people change."))
    book = Book(cloud=None if row["issuer"] == PLATFORM else cloud, zone=row["zone"])
    customer = await customers.known(tx, book, row["cloud"], row["subscriber"])
    return Claimed(id=row["id"], number=row["number"], customer=customer, book=book)


async def document_of(tx: Transaction, one: Claimed) -> Document:
    """The invoice as it stands; whoever calls holds the lock. Raises `Conflict` for a note."""
    found = await customers.by_id(tx, one.customer.cloud, [one.id])
    if found[one.id].claim.balance.total <= 0:
        raise Conflict(_("A credit note asks for no money."))
    return found[one.id]


async def write_off(
    actor: Actor, cloud: CloudFacts | None, number: str, form: WriteOffForm, *, now: datetime
) -> None:
    """Give up what is left of an invoice, or an amount of it. Raises `Conflict` above it."""
    async with atomic(actor) as tx:
        one = await claimed(tx, actor, cloud, number, Permission.PAYMENTS_WRITE)
        asked = None
        if form.amount is not None:
            asked = above_nothing(form.amount, one.customer.currency)
        await lock_customer(tx, one.customer)
        document = await document_of(tx, one)
        amount = allocation.written_off(document.claim, asked)
        row = {
            **_whose(one),
            "amount": amount,
            "day": one.book.today(now),
            "reason": form.reason,
        }
        await insert(tx, tables.WriteOff, row)
        facts = {"amount": amount, "reason": form.reason}
        about = f"document {number}"
        await audit.record(
            tx, actor, "document.write-off", about, cloud=one.audited_in, after=facts
        )
        one.note(tx, EventType.INVOICE_WRITTEN_OFF, now)


def _whose(one: Claimed) -> dict[str, object]:
    return {
        "issuer": one.customer.issuer,
        "cloud": one.customer.cloud,
        "subscriber": one.customer.subscriber,
        "invoice": one.id,
    }


async def dispute(
    actor: Actor, cloud: CloudFacts | None, number: str, form: DisputeForm, *, now: datetime
) -> bool:
    """Mark an invoice as disputed; whether it was already, which changes nothing."""
    async with atomic(actor) as tx:
        one = await claimed(tx, actor, cloud, number, Permission.PAYMENTS_WRITE)
        await lock_sums(tx, one.customer.cloud)
        await document_of(tx, one)
        if await _open_dispute(tx, one) is not None:
            return True
        await insert(tx, tables.Dispute, {**_whose(one), "reason": form.reason, "opened_at": now})
        about = f"document {number}"
        facts = {"reason": form.reason}
        await audit.record(tx, actor, "document.dispute", about, cloud=one.audited_in, after=facts)
        one.note(tx, EventType.INVOICE_DISPUTED, now)
        return False


async def settle(
    actor: Actor, cloud: CloudFacts | None, number: str, form: SettleForm, *, now: datetime
) -> None:
    """An invoice is no longer disputed; one that is not stays as it is."""
    async with atomic(actor) as tx:
        one = await claimed(tx, actor, cloud, number, Permission.PAYMENTS_WRITE)
        await lock_sums(tx, one.customer.cloud)
        found = await _open_dispute(tx, one)
        if found is None:
            return
        columns = {"closed_at": now, "closed_reason": form.reason}
        await update(tx, tables.Dispute, found, columns)
        about = f"document {number}"
        facts = {"reason": form.reason}
        await audit.record(tx, actor, "document.settle", about, cloud=one.audited_in, after=facts)


async def _open_dispute(tx: Transaction, one: Claimed) -> int | None:
    found: int | None = await tx.fetchval(
        "select id from dispute where cloud = $1 and invoice = $2 and closed_at is null",
        one.customer.cloud,
        one.id,
    )
    return found


@dataclass(frozen=True, slots=True)
class Applied:
    """Credit that was put on invoices, and what is left of it; minor units of `currency`."""

    customer: str
    currency: str
    allocated: int
    credit: int


async def apply_credit(
    actor: Actor, cloud: CloudFacts | None, name: int | str, form: ApplyCreditForm
) -> Applied:
    """Put a customer's credit balance on invoices: those named, or all open ones.

    `name` is a subscriber's number, or a cloud's slug. Raises `NotFound`, `Invalid` at an amount
    above what is left of its invoice, `Conflict` above the credit balance.
    """
    async with atomic(actor) as tx:
        book = await open_book(tx, actor, cloud, Permission.PAYMENTS_WRITE)
        customer = await customers.named(tx, book, name)
        if customer is None:
            raise no_such(_("cloud") if book.cloud is None else _("subscriber"), name)
        await lock_customer(tx, customer)
        if form.allocations is None:
            effect, documents = await spread_credit(tx, customer)
        else:
            named = await named_invoices(tx, book, form.allocations, customer.currency)
            if named.customer != customer:
                raise Invalid({"allocations": _("are not invoices of this customer")})
            effect, documents = await _put_credit(tx, customer, named)
        left = allocation.credit_balance(
            [one for one, _day in (await customers.sources(tx, customer)).values()]
        )
        facts = {"customer": customer.name, "allocations": numbers_of(documents, effect)}
        about = f"customer {customer.name}"
        owner = None if cloud is None else cloud.id
        await audit.record(tx, actor, "payment.apply-credit", about, cloud=owner, after=facts)
        return Applied(customer.name, customer.currency, effect.allocated, left)


async def _put_credit(
    tx: Transaction, customer: Customer, named: Named
) -> tuple[Effect, Mapping[int, Document]]:
    found = await customers.sources(tx, customer)
    there = allocation.usable([one for one, _day in found.values()])
    if sum(one.amount for one in named.wanted) > allocation.credit_balance(there):
        raise Conflict(_("That is more than there is in the credit balance."))
    documents = await customers.by_id(tx, customer.cloud, list(named.documents))
    effect = allocation.put_on(there, claims_of(documents), named.wanted)
    days = {source: day for source, (_free, day) in found.items()}
    await store(tx, customer, effect, documents, days=days, day=date.min)
    return effect, documents
