"""Lists of a book's payments and refunds for pages: found by text, narrowed, sorted, bounded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from portal.access import Actor
from portal.books.queries.money.customers import Book, book_of
from portal.books.queries.money.payment_search import found_by
from portal.books.queries.sums import invoice_sums
from portal.db import Transaction, snapshot
from portal.kit.queries.pages import COUNTED_MAX, Sorts, count, numbered
from portal.kit.queries.tenancy import CloudFacts

STATES: Final = ("received", "returned", "unidentified")
"""More payments than these are not counted: a page of them says "more than"."""
SORTS: Final = Sorts(
    {"paid_on": "p.paid_on", "amount": "p.amount", "reference": "p.reference_begun"},
    tie="p.id",
    tie_turns=True,
)
REFUND_SORTS: Final = Sorts(
    {"refunded_on": "p.refunded_on", "amount": "p.amount", "reference": "p.reference_begun"},
    tie="p.id",
    tie_turns=True,
)


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A payment in a list; amounts in minor units. `customer` is "" of nobody's yet.

    `customer` is a subscriber's number or a cloud's slug. `unallocated` is on no invoice and was
    not refunded.
    """

    id: int
    paid_on: date
    customer: str
    name: str
    method: str
    reference: str
    state: str
    currency: str
    amount: int
    unallocated: int


@dataclass(frozen=True, slots=True)
class PaymentPage:
    """Rows of a page, and how many there are of them, or that there are more than so many."""

    rows: Sequence[PaymentRow]
    total: int
    is_more: bool


@dataclass(frozen=True, slots=True)
class RefundRow:
    """A refund in a list; its amount in minor units. `payment` is the one named, if one was."""

    id: int
    refunded_on: date
    customer: str
    name: str
    method: str
    reference: str
    reason: str
    currency: str
    amount: int
    payment: int | None


@dataclass(frozen=True, slots=True)
class RefundPage:
    """The same of refunds."""

    rows: Sequence[RefundRow]
    total: int
    is_more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which payments: of a state, of a customer, received in days, and found by a text.

    `customer` is a subscriber's number or a cloud's slug, as text.
    """

    state: str | None = None
    text: str = ""
    customer: str = ""
    first: date | None = None
    last: date | None = None


_RETURNED: Final = "exists (select from payment_return r where r.payment = p.id)"
_ROWS: Final = f"""
select p.id, p.paid_on,
       coalesce(s.number::text, case p.issuer when 0 then c.slug end, '') as customer,
       coalesce(s.name, case p.issuer when 0 then c.name end, '') as name, p.method,
       p.reference, p.currency, p.amount,
       case when {_RETURNED} then 'returned'
            when case p.issuer when 0 then p.cloud is null else p.subscriber is null end
            then 'unidentified' else 'received' end as state,
       case when {_RETURNED} then 0 else p.amount
         - coalesce((select sum(a.amount) from allocation a
                     where a.cloud = p.cloud and a.payment = p.id), 0)
         - coalesce((select sum(f.amount) from refund_part f
                     join refund g on g.cloud = f.cloud and g.id = f.refund
                       and g.state <> 'failed'
                     where f.cloud = p.cloud and f.payment = p.id), 0) end::bigint as unallocated
from payment p
left join subscriber s on s.cloud = p.cloud and s.id = p.subscriber
left join cloud c on c.id = p.cloud
"""  # noqa: S608 - texts of ours
_REFUNDS: Final = """
select p.id, p.refunded_on, coalesce(s.number::text, c.slug) as customer,
       coalesce(s.name, c.name) as name, p.method, p.reference, p.reason, p.currency, p.amount,
       p.payment
from refund p join cloud c on c.id = p.cloud
left join subscriber s on s.cloud = p.cloud and s.id = p.subscriber
"""


def _is(state: str | None, book: Book) -> str:
    """The condition of a state."""
    nobodys = f"p.{'cloud' if book.cloud is None else 'subscriber'} is null"
    return {
        "received": f"not ({nobodys}) and not {_RETURNED}",
        "returned": _RETURNED,
        # As the index of what nobody has said yet has it.
        "unidentified": "case p.issuer when 0 then p.cloud is null else p.subscriber is null end"
        f" and not {_RETURNED}",
    }.get(state or "", "true")


async def list_for_page(
    actor: Actor,
    cloud: CloudFacts | None,
    wanted: Wanted,
    *,
    sort: str = "-paid_on",
    offset: int = 0,
    limit: int = 50,
    counted: int | None = None,
) -> PaymentPage:
    """The payments of a book that the actor sees; the platform's for None."""
    async with snapshot(actor) as tx:
        book = await book_of(tx, actor, cloud)
        which, arguments = await _which(tx, book, wanted)
        of = f"select from payment p where {which}"
        total, is_more = await count(tx, of, arguments, counted)
        ordered = f"{_ROWS} where {which}{SORTS.order_by(sort)}"
        rows = await numbered(tx, ordered, arguments, total, offset=offset, limit=limit)
    return PaymentPage([PaymentRow(**row) for row in rows], total, is_more)


async def _which(tx: Transaction, book: Book, wanted: Wanted) -> tuple[str, list[object]]:
    """The condition, of what is asked for alone, so that an index answers it; and its values."""
    conditions = ["p.issuer = $1", _is(wanted.state, book)]
    values: list[object] = [book.issuer]

    def narrow(condition: str, value: object) -> None:
        values.append(value)
        conditions.append(condition.format(f"${len(values)}"))

    if wanted.text:
        narrow("p.id = any({}::bigint[])", await found_by(tx, book, "payment", wanted.text))
    if wanted.first is not None:
        narrow("p.paid_on >= {}", wanted.first)
    if wanted.last is not None:
        narrow("p.paid_on <= {}", wanted.last)
    if wanted.customer:
        narrow(_OF[book.cloud is None], wanted.customer)
    return " and ".join(conditions), values


_OF: Final = {
    True: "p.cloud = (select o.id from cloud o where o.slug = {})",
    False: "p.cloud = $1 and p.subscriber ="
    " (select o.id from subscriber o where o.cloud = $1 and o.number::text = {})",
}
"""Whose they are, by whether it is the platform's book."""


async def list_refunds(
    actor: Actor,
    cloud: CloudFacts | None,
    *,
    text: str = "",
    sort: str = "-refunded_on",
    offset: int = 0,
    limit: int = 50,
    counted: int | None = None,
) -> RefundPage:
    """The refunds of a book that the actor sees; the platform's for None."""
    async with snapshot(actor) as tx:
        book = await book_of(tx, actor, cloud)
        which = "p.issuer = $1"
        arguments: list[object] = [book.issuer]
        if text:
            which += " and p.id = any($2::bigint[])"
            arguments.append(await found_by(tx, book, "refund", text))
        of = f"select from refund p where {which}"
        total, is_more = await count(tx, of, arguments, counted)
        ordered = f"{_REFUNDS} where {which}{REFUND_SORTS.order_by(sort)}"
        rows = await numbered(tx, ordered, arguments, total, offset=offset, limit=limit)
    return RefundPage([RefundRow(**row) for row in rows], total, is_more)


@dataclass(frozen=True, slots=True)
class Received:
    """What came in between two days and is not returned, in a currency; minor units."""

    currency: str
    count: int
    amount: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """Payments that nobody has said whose they are, and open lines of bank files."""

    payments: int
    lines: int


_CAME_IN: Final = {
    False: "select p.currency, count(*)::int as count, sum(p.amount)::bigint as amount"  # noqa: S608 - texts of ours
    " from payment p where p.issuer = $1 and p.paid_on between $2 and $3"
    f" and not {_RETURNED} group by p.currency order by p.currency",
    True: "select s.currency, sum(s.payments)::int as count, sum(s.amount)::bigint as amount"
    " from payment_sum s where s.cloud = $1 and s.paid_on between $2 and $3"
    " group by s.currency having sum(s.payments) > 0 order by s.currency",
}
"""What came in, by whether it is read from the days that are kept of a cloud's whole book."""


async def sum_received(
    actor: Actor, cloud: CloudFacts | None, first: date, last: date
) -> Sequence[Received]:
    """What came in from one day to another, a row each currency."""
    async with snapshot(actor) as tx:
        book = await book_of(tx, actor, cloud)
        is_kept = cloud is not None and invoice_sums.are_for(actor)
        rows = await tx.fetch(_CAME_IN[is_kept], book.issuer, first, last)
    return [Received(**row) for row in rows]


async def count_waiting(actor: Actor, cloud: CloudFacts | None) -> Waiting:
    """How much waits for somebody to say whose it is; each at most COUNTED_MAX."""
    async with snapshot(actor) as tx:
        book = await book_of(tx, actor, cloud)
        payments = await tx.fetchval(
            "select count(*)::int from (select from payment p where p.issuer = $1"  # noqa: S608 - texts of ours
            f" and {_is('unidentified', book)} limit $2) one",
            *(book.issuer, COUNTED_MAX),
        )
        lines = await tx.fetchval(
            "select count(*)::int from (select from bank_line l where l.issuer = $1"
            " and l.state = 'open' and not exists (select from bank_payment b"
            "   join payment p on p.id = b.payment where b.bank_line = l.id and case p.issuer"
            "     when 0 then p.cloud is not null else p.subscriber is not null end)"
            " limit $2) one",
            *(book.issuer, COUNTED_MAX),
        )
    return Waiting(payments, lines)
