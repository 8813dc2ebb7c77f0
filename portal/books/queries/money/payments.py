"""Payments and refunds as they stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from asyncpg import Record

from portal.access import Actor
from portal.books.queries.money import customers
from portal.books.queries.money.customers import book_of
from portal.db import Transaction, snapshot
from portal.errors import no_such
from portal.kit.queries.tenancy import CloudFacts
from portal.words import _


@dataclass(frozen=True, slots=True)
class PutOn:
    """What is on an invoice; minor units of `currency`."""

    invoice: str
    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class Payment:
    """Money received. Amounts: minor units; `state` is received or returned.

    `subscriber` is a number and `cloud` a slug; of nobody yet it has neither in its book. What is
    `unallocated` is on no invoice and not refunded, and 0 once it was returned.
    """

    id: int
    cloud: str | None
    subscriber: int | None
    currency: str
    amount: int
    paid_on: date
    method: str
    reference: str
    allocated: int
    refunded: int
    unallocated: int
    state: str
    returned_on: date | None
    reason: str | None
    fee: int | None
    identified: bool
    allocations: Sequence[PutOn]
    names: str


_PAYMENT: Final = """
select p.id, c.slug as cloud, s.number as subscriber, p.currency, p.amount, p.paid_on, p.method,
       p.reference, a.allocated, f.refunded,
       case when r.id is null then p.amount - a.allocated - f.refunded else 0 end as unallocated,
       case when r.id is null then 'received' else 'returned' end as state,
       r.returned_on, r.reason, r.fee,
       (case p.issuer when 0 then p.cloud else p.subscriber end) is not null as identified,
       a.invoices, a.amounts, p.names
from payment p
left join cloud c on c.id = p.cloud
left join subscriber s on s.cloud = p.cloud and s.id = p.subscriber
left join payment_return r on r.payment = p.id
cross join lateral (
  select coalesce(sum(amount), 0)::bigint as allocated,
         array_agg(number order by first) as invoices,
         array_agg(amount order by first) as amounts
  from (select i.number, sum(a.amount)::bigint as amount, min(a.id) as first
        from allocation a join invoice i on i.cloud = a.cloud and i.id = a.invoice
        where a.cloud = p.cloud and a.payment = p.id
        group by i.number having sum(a.amount) <> 0) one
) a
cross join lateral (
  select coalesce(sum(f.amount), 0)::bigint as refunded from refund_part f
  join refund g on g.cloud = f.cloud and g.id = f.refund and g.state <> 'failed'
  where f.cloud = p.cloud and f.payment = p.id
) f
"""


def _payment(row: Record) -> Payment:
    values = dict(row)
    put = zip(values.pop("invoices") or (), values.pop("amounts") or (), strict=True)
    allocations = [PutOn(number, amount, row["currency"]) for number, amount in put]
    return Payment(**values, allocations=allocations)


async def find(tx: Transaction, issuer: int, payment: int) -> Payment:
    """A payment of a book. Raises `NotFound`."""
    row = await tx.fetchrow(f"{_PAYMENT} where p.issuer = $1 and p.id = $2", issuer, payment)
    if row is None:
        raise no_such(_("payment"), payment)
    return _payment(row)


async def find_for_update(tx: Transaction, issuer: int, payment: int) -> Payment:
    """As `find`: nobody else says meanwhile whose it is, or that it was taken back."""
    await tx.execute(
        "select from payment where issuer = $1 and id = $2 for no key update", issuer, payment
    )
    return await find(tx, issuer, payment)


async def find_by_reference(tx: Transaction, issuer: int, reference: str) -> Payment | None:
    """The payment of a book with a reference, if it has come before."""
    row = await tx.fetchrow(
        f"{_PAYMENT} where p.issuer = $1 and p.reference = $2", issuer, reference
    )
    return None if row is None else _payment(row)


async def get(actor: Actor, cloud: CloudFacts | None, payment: int) -> Payment:
    """A payment of a cloud's book, or of the platform's. Raises `NotFound`."""
    async with snapshot(actor) as tx:
        return await find(tx, (await book_of(tx, actor, cloud)).issuer, payment)


async def list_page(
    actor: Actor,
    cloud: CloudFacts | None,
    *,
    customer: int | str | None = None,
    unidentified: bool = False,
    after: int = 0,
    limit: int = 100,
) -> tuple[list[Payment], int | None]:
    """Payments of a book in the order they were recorded, and the id that the next begins after."""
    async with snapshot(actor) as tx:
        book = await book_of(tx, actor, cloud)
        of = None if customer is None else await customers.named(tx, book, customer)
        if customer is not None and of is None:
            return [], None
        nobodys = "(case p.issuer when 0 then p.cloud else p.subscriber end) is null"
        rows = await tx.fetch(
            f"{_PAYMENT} where p.issuer = $1 and p.id > $2 and (not $4::boolean or {nobodys})"
            " and ($5::bigint is null or p.cloud = $5)"
            " and ($6::bigint is null or p.subscriber = $6)"
            " order by p.id limit $3",
            *(book.issuer, after, limit + 1, unidentified),
            *((None, None) if of is None else (of.cloud, of.subscriber)),
        )
    page = [_payment(row) for row in rows[:limit]]
    return page, page[-1].id if len(rows) > limit else None


@dataclass(frozen=True, slots=True)
class Refund:
    """Money given back. `payment` is the one named, if one was."""

    id: int
    cloud: str
    subscriber: int | None
    currency: str
    amount: int
    refunded_on: date
    method: str
    reference: str
    payment: int | None
    reason: str
    state: str


_REFUND: Final = """
select f.id, c.slug as cloud, s.number as subscriber, f.currency, f.amount, f.refunded_on, f.method,
       f.reference, f.payment, f.reason, f.state
from refund f join cloud c on c.id = f.cloud
left join subscriber s on s.cloud = f.cloud and s.id = f.subscriber
"""


async def refund_by_reference(tx: Transaction, issuer: int, reference: str) -> Refund | None:
    """The refund of a book with a reference, if it was made before."""
    row = await tx.fetchrow(
        f"{_REFUND} where f.issuer = $1 and f.reference = $2", issuer, reference
    )
    return None if row is None else Refund(**row)


async def list_refunds(
    actor: Actor, cloud: CloudFacts | None, *, after: int = 0, limit: int = 100
) -> tuple[list[Refund], int | None]:
    """Refunds of a book in the order they were made, and the id that the next begins after."""
    async with snapshot(actor) as tx:
        book = await book_of(tx, actor, cloud)
        rows = await tx.fetch(
            f"{_REFUND} where f.issuer = $1 and f.id > $2 order by f.id limit $3",
            book.issuer,
            after,
            limit + 1,
        )
    page = [Refund(**row) for row in rows[:limit]]
    return page, page[-1].id if len(rows) > limit else None
