"""Whose money: a book, its customer, and what of the customer's stands in it.

In a cloud's book customers are subscribers, in the platform's they are clouds: one rule for both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from asyncpg import Record

from portal.access import Actor, is_of_platform
from portal.billing.allocation import Allocated, Claim, Kind, Source, SourceId
from portal.billing.balance import Balance
from portal.billing.period import local_date
from portal.db import Transaction, snapshot
from portal.errors import Forbidden
from portal.kit.queries import tenancy
from portal.kit.queries.tenancy import CloudFacts
from portal.words import _

PLATFORM: Final = 0
"""The issuer that is the platform; any other is a cloud, by id."""


@dataclass(frozen=True, slots=True)
class Book:
    """The books of one issuer; `cloud` is None in the platform's."""

    cloud: CloudFacts | None
    zone: str

    @property
    def issuer(self) -> int:
        """A cloud's id, or PLATFORM."""
        return PLATFORM if self.cloud is None else self.cloud.id

    def today(self, now: datetime) -> date:
        """The day that it is where the books are kept."""
        return local_date(now, self.zone)


@dataclass(frozen=True, slots=True)
class Customer:
    """Whom an issuer sells to; `name` is a subscriber's number or a cloud's slug, as text."""

    issuer: int
    cloud: int
    subscriber: int | None
    name: str
    currency: str


@dataclass(frozen=True, slots=True)
class Document:
    """An invoice as a claim, and what else is needed of it. Amounts: minor units."""

    claim: Claim
    cloud: int
    subscriber: int | None
    issued_on: date
    taxable: int
    credited_taxable: int


async def book_of(tx: Transaction, actor: Actor, cloud: CloudFacts | None) -> Book:
    """The book of a cloud, or of the platform. Raises `Forbidden`: that is its own people's."""
    if cloud is not None:
        return Book(cloud, cloud.timezone)
    if not is_of_platform(actor):
        raise Forbidden(_("The platform's books are kept by its own people."))
    return Book(None, await tx.fetchval("select timezone from platform"))


async def named(tx: Transaction, book: Book, name: int | str) -> Customer | None:
    """The customer with a subscriber's number, or in the platform's book with a cloud's slug."""
    if book.cloud is None:
        row = await tx.fetchrow("select id, currency from cloud where slug = $1", name)
        if row is None:
            return None
        return Customer(
            issuer=PLATFORM,
            cloud=row["id"],
            subscriber=None,
            name=str(name),
            currency=row["currency"],
        )
    found = await tx.fetchval(
        "select id from subscriber where cloud = $1 and number = $2", book.cloud.id, name
    )
    if found is None:
        return None
    return Customer(book.cloud.id, book.cloud.id, found, str(name), book.cloud.currency)


async def known(tx: Transaction, book: Book, cloud: int, subscriber: int | None) -> Customer:
    """The customer of a row that says whose it is, by row ids."""
    if book.cloud is None:
        facts = await tenancy.cloud_facts_by_id(tx, cloud)
        return Customer(PLATFORM, cloud, None, facts.slug, facts.currency)
    number = await tx.fetchval(
        "select number from subscriber where cloud = $1 and id = $2", cloud, subscriber
    )
    return Customer(book.cloud.id, cloud, subscriber, str(number), book.cloud.currency)


_DOCUMENT: Final = """
select b.invoice, i.number, i.cloud, i.subscriber, i.issued_on, i.taxable, b.total, b.credited,
       b.paid, b.due_on, b.written_off,
       (select coalesce(-sum(n.taxable), 0)::bigint from invoice n
        where n.cloud = i.cloud and n.credits = i.id) as credited_taxable
from invoice i join document_balance b on b.cloud = i.cloud and b.invoice = i.id
"""


def _document(row: Record) -> Document:
    balance = Balance(
        total=row["total"],
        credited=row["credited"],
        paid=row["paid"],
        due_on=row["due_on"],
        written_off=row["written_off"],
    )
    return Document(
        claim=Claim(id=row["invoice"], number=row["number"], balance=balance),
        cloud=row["cloud"],
        subscriber=row["subscriber"],
        issued_on=row["issued_on"],
        taxable=row["taxable"],
        credited_taxable=row["credited_taxable"],
    )


async def by_number(tx: Transaction, book: Book, numbers: Sequence[str]) -> dict[str, Document]:
    """Invoices of a book by number; credit notes are not among them."""
    rows = await tx.fetch(
        f"{_DOCUMENT} where i.issuer = $1 and i.number = any($2) and i.total > 0",
        book.issuer,
        list(numbers),
    )
    return {row["number"]: _document(row) for row in rows}


async def by_id(tx: Transaction, cloud: int, ids: Sequence[int]) -> dict[int, Document]:
    """Invoices of a cloud, which bought or sold, by row id."""
    rows = await tx.fetch(f"{_DOCUMENT} where i.cloud = $1 and i.id = any($2)", cloud, list(ids))
    return {row["invoice"]: _document(row) for row in rows}


async def open_documents(tx: Transaction, customer: Customer) -> dict[int, Document]:
    """The customer's invoices of which something is left, by row id."""
    rows = await tx.fetch(
        f"{_DOCUMENT} where i.cloud = $1 and i.issuer = $2 and i.total > 0 and b.left > 0"
        f" and {_whose(customer, 'i.')}",
        customer.cloud,
        customer.issuer,
    )
    return {row["invoice"]: _document(row) for row in rows}


def _whose(customer: Customer, of: str = "") -> str:
    """The customer's condition on rows; an index answers both forms of it."""
    is_own = "is null" if customer.subscriber is None else f"= {customer.subscriber:d}"
    return f"{of}subscriber {is_own}"


async def sources(tx: Transaction, customer: Customer) -> dict[SourceId, tuple[Source, date]]:
    """The customer's sources of which something is free, oldest first, with the days of each."""
    rows = await tx.fetch(
        "select payment, note, day, free from credit_source"  # noqa: S608 - a number of ours
        f" where cloud = $1 and issuer = $2 and {_whose(customer)} order by day, note, payment",
        customer.cloud,
        customer.issuer,
    )
    found = {}
    for row in rows:
        source = source_of(row["payment"], row["note"])
        found[source] = (Source(source, row["free"]), row["day"])
    return found


def source_of(payment: int | None, note: int | None) -> SourceId:
    """A source by the one of its two columns that is not null."""
    if payment is not None:
        return SourceId(Kind.PAYMENT, payment)
    assert note is not None, "a row has a source"
    return SourceId(Kind.NOTE, note)


def columns_of(source: SourceId) -> tuple[int | None, int | None]:
    """The two columns, payment and note, that a source is in a row."""
    is_payment = source.kind is Kind.PAYMENT
    return (source.id, None) if is_payment else (None, source.id)


_ALLOCATED: Final = """
select * from (
select a.id, a.payment, a.note, a.invoice, (a.amount + coalesce((
         select sum(u.amount) from allocation u where u.cloud = a.cloud and u.undoes = a.id), 0)
       )::bigint as rest
from allocation a where a.cloud = $1 and a.undoes is null
  and ($2::bigint is null or a.invoice = $2) and ($3::bigint is null or a.payment = $3)
) a where a.rest > 0 order by a.id
"""


async def allocated(
    tx: Transaction, cloud: int, *, invoice: int | None = None, payment: int | None = None
) -> list[Allocated]:
    """What is still on an invoice, or of a payment on any, or of it on that one; oldest first."""
    rows = await tx.fetch(_ALLOCATED, cloud, invoice, payment)
    return [
        Allocated(
            id=row["id"],
            source=source_of(row["payment"], row["note"]),
            invoice=row["invoice"],
            rest=row["rest"],
        )
        for row in rows
    ]


def claims_of(documents: Mapping[int, Document]) -> dict[int, Claim]:
    """The claims of documents, by row id."""
    return {row: document.claim for row, document in documents.items()}


async def get_book(actor: Actor, cloud: CloudFacts | None) -> Book:
    """The book of a cloud, or of the platform. Raises `Forbidden`: that is its own people's."""
    async with snapshot(actor) as tx:
        return await book_of(tx, actor, cloud)
