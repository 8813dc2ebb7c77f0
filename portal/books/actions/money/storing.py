"""What an event adds to the books is stored: allocations, recoveries, commissions as collected.

Whoever changes what a customer owes takes the lock on the sums of its cloud first, which the
triggers of those tables need anyway: two at once wait for each other, and none of them fails.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from portal.access import Actor, Permission
from portal.billing.allocation import Effect, Put, SourceId
from portal.books.actions.money.earning import earn
from portal.books.queries.money.customers import Book, Customer, Document, book_of, columns_of
from portal.books.queries.money.earnings import Cause
from portal.db import Transaction
from portal.kit.actions import events, locks
from portal.kit.actions.permit import require
from portal.kit.queries.tenancy import CloudFacts
from portal.values.webhooks import EventType

_ALLOCATE: Final = """
insert into allocation (issuer, cloud, subscriber, payment, note, invoice, amount, day, undoes,
                        reason)
select $1, $2, $3, u.payment, u.note, u.invoice, u.amount, u.day, u.undoes, $4
from unnest($5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::date[], $10::bigint[])
  with ordinality as u (payment, note, invoice, amount, day, undoes, place)
order by u.place returning id
"""
# Money of an earlier day brings back no claim that was not given up yet on that day.
_RECOVER: Final = """
insert into write_off (issuer, cloud, subscriber, invoice, amount, day)
select $1, $2, $3, u.invoice, -u.amount, greatest(u.day, (
  select max(w.day) from write_off w
  where w.cloud = $2 and w.invoice = u.invoice and w.amount > 0))
from unnest($4::bigint[], $5::bigint[], $6::date[]) as u (invoice, amount, day)
order by u.invoice
"""


async def open_book(
    tx: Transaction, actor: Actor, cloud: CloudFacts | None, permission: Permission
) -> Book:
    """A book to be written in. Raises `Forbidden`: the platform's is its own people's."""
    require(actor, permission)
    return await book_of(tx, actor, cloud)


async def lock_customer(tx: Transaction, customer: Customer) -> None:
    """Wait for all who change what customers of the cloud owe, and keep them out until the end."""
    await locks.lock_sums(tx, customer.cloud)


lock_sums = locks.lock_sums
"""The same by the id of the cloud that bought or sold."""


async def store(
    tx: Transaction,
    customer: Customer,
    effect: Effect,
    documents: Mapping[int, Document],
    *,
    days: Mapping[SourceId, date],
    day: date,
    reason: str = "",
) -> None:
    """Add what an event came to; `documents` as they were before it.

    What is put on is of the later of its source's day (`days`) and the invoice's; what is taken off
    is of `day`, that of its cause.
    """
    dated = [(put, _day(put, documents, days, day)) for put in effect.puts]
    if dated:
        parts = [
            (*columns_of(put.source), put.invoice, put.amount, on, put.undoes) for put, on in dated
        ]
        rows = await tx.fetch(
            _ALLOCATE,
            *(customer.issuer, customer.cloud, customer.subscriber, reason),
            *(list(column) for column in zip(*parts, strict=True)),
        )
        causes = [
            Cause(
                put.invoice, on, put.amount, allocation=row["id"], payment=columns_of(put.source)[0]
            )
            for (put, on), row in zip(dated, rows, strict=True)
        ]
        await earn(tx, customer, documents, causes)
        put_on = {put.invoice for put, _on in dated if put.amount > 0}
        events.note_documents(tx, customer.issuer, EventType.INVOICE_PAID, put_on, today=day)
    if effect.recovered:
        last = {put.invoice: on for put, on in dated}
        recovered = [
            (invoice, amount, last.get(invoice, day))
            for invoice, amount in effect.recovered.items()
        ]
        await tx.execute(
            _RECOVER,
            *(customer.issuer, customer.cloud, customer.subscriber),
            *(list(column) for column in zip(*recovered, strict=True)),
        )


def _day(
    put: Put, documents: Mapping[int, Document], days: Mapping[SourceId, date], day: date
) -> date:
    return day if put.amount < 0 else max(days[put.source], documents[put.invoice].issued_on)


def numbers_of(documents: Mapping[int, Document], effect: Effect) -> Sequence[dict[str, object]]:
    """What was put where, for the audit log: `{"invoice": number, "amount": minor units}` each."""
    return [
        {"invoice": documents[put.invoice].claim.number, "amount": put.amount}
        for put in effect.puts
    ]
