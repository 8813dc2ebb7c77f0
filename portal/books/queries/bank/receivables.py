"""What is owed in a book, as far as the lines of a bank file may mean it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from asyncpg import Record

from portal.billing.bank.matching import Claim
from portal.books.queries.money.customers import Book
from portal.db import Transaction

CANDIDATES_MAX: Final = 20_000
"""Open invoices among which guesses by the amount are looked for."""

# Whom an invoice is to: a subscriber in a cloud's book, a cloud in the platform's.
_CLAIMS: Final = """
select i.id as invoice, i.number, coalesce(i.subscriber, i.cloud) as customer, i.currency,
       coalesce(i.due_on, date '9999-12-31') as due_on, b.left, b.written_off,
       coalesce(s.name, c.name) as name
from invoice i
join document_balance b on b.cloud = i.cloud and b.invoice = i.id
join cloud c on c.id = i.cloud
left join subscriber s on s.cloud = i.cloud and s.id = i.subscriber
where i.issuer = $1 and i.total > 0
"""
_NAMED: Final = f"{_CLAIMS} and i.number = any($2)"
_OPEN_OF: Final = f"{_CLAIMS} and b.left > 0"
# Of subscribers that owe, from the day on which they do: of a large cloud's invoices few are open.
_BY_AMOUNT: Final = f"""{_CLAIMS} and not exists (
    select from subscriber_terms t
    where t.cloud = i.cloud and t.id = i.subscriber and t.owes_from > i.due_on)
  and i.total >= $4 and b.left > 0 and b.left = any($2) and i.currency = any($3)
order by i.due_on, i.number limit {CANDIDATES_MAX}"""


async def prefixes(tx: Transaction, book: Book) -> list[str]:
    """The prefixes of all documents of a book: what stands before "-2026-000016".

    Of a sequence beyond six digits it is a letter short of one, which names nothing.
    """
    rows = await tx.fetch(
        "select distinct left(number, -12) as prefix from invoice where issuer = $1", book.issuer
    )
    return [row["prefix"] for row in rows]


async def named(tx: Transaction, book: Book, numbers: Collection[str]) -> list[tuple[str, Claim]]:
    """The invoices with these numbers, each with its currency; credit notes are not among them."""
    if not numbers:
        return []
    return _claims(await tx.fetch(_NAMED, book.issuer, list(numbers)))


async def open_of(
    tx: Transaction, book: Book, customers: Collection[int]
) -> list[tuple[str, Claim]]:
    """The invoices of some customers, by row id, of which something is left."""
    if not customers:
        return []
    whose = "i.cloud" if book.cloud is None else "i.subscriber"  # each has an index of its own
    rows = await tx.fetch(f"{_OPEN_OF} and {whose} = any($2)", book.issuer, list(customers))
    return _claims(rows)


async def with_left(
    tx: Transaction, book: Book, amounts: Collection[int], currencies: Collection[str]
) -> list[tuple[str, Claim]]:
    """The open invoices of which exactly one of the amounts is left, the oldest due first."""
    if not amounts:
        return []
    wanted = (list(amounts), list(currencies), min(amounts))
    return _claims(await tx.fetch(_BY_AMOUNT, book.issuer, *wanted))


def _claims(rows: Iterable[Record]) -> list[tuple[str, Claim]]:
    found = []
    for row in rows:
        values = dict(row)
        currency = values.pop("currency")
        found.append((currency, Claim(**values)))
    return found


async def payers(
    tx: Transaction, book: Book, marks: Collection[bytes]
) -> Mapping[bytes, frozenset[int]]:
    """The customers, by row id, for whom accounts are known to pay; accounts by their marks."""
    rows = await tx.fetch(
        "select mark, coalesce(subscriber, cloud) as customer from payer_account"
        " where issuer = $1 and mark = any($2)",
        book.issuer,
        list(marks),
    )
    found: dict[bytes, set[int]] = {}
    for row in rows:
        found.setdefault(row["mark"], set()).add(row["customer"])
    return {mark: frozenset(customers) for mark, customers in found.items()}
