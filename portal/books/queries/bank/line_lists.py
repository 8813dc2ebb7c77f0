"""Lines of bank files for pages: those that wait, and those of a file, with what may be meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from portal.access import Actor
from portal.books.queries.bank.lines import (
    StoredLine,
    counted_text,
    line_of,
    lines_text,
    stored_state,
)
from portal.books.queries.money.customers import Book, book_of
from portal.books.queries.money.payment_search import found_by
from portal.db import Transaction, snapshot
from portal.kit.queries.pages import Sorts, count, numbered
from portal.kit.queries.tenancy import CloudFacts

STATES: Final = ("open", "matched", "returned", "reversal", "ignored")
SORTS: Final = Sorts(
    {"booked_on": "l.booked_on", "amount": "l.amount", "name": "lower(l.name)", "line": "l.line"},
    tie="l.id",
    tie_turns=True,
)


@dataclass(frozen=True, slots=True)
class Guess:
    """An invoice that a line may mean: whose it is, and what is left of it, in minor units."""

    number: str
    customer: str
    name: str
    currency: str
    left: int


@dataclass(frozen=True, slots=True)
class LinePage:
    """Rows of a page, the invoices that they may mean by number, and how many there are."""

    rows: Sequence[StoredLine]
    guesses: Mapping[str, Guess]
    total: int
    is_more: bool


_GUESSES: Final = """
select i.number, coalesce(s.number::text, c.slug) as customer, coalesce(s.name, c.name) as name,
       i.currency, b.left
from invoice i
join document_balance b on b.cloud = i.cloud and b.invoice = i.id
join cloud c on c.id = i.cloud
left join subscriber s on s.cloud = i.cloud and s.id = i.subscriber
where i.issuer = $1 and i.number = any($2)
"""


async def list_for_page(
    actor: Actor,
    cloud: CloudFacts | None,
    *,
    state: str | None = None,
    file: int | None = None,
    text: str = "",
    sort: str = "booked_on",
    offset: int = 0,
    limit: int = 50,
    counted: int | None = None,
) -> LinePage:
    """Lines of a book, or of one file of it, by its row id; `state` is one of STATES."""
    async with snapshot(actor) as tx:
        book = await book_of(tx, actor, cloud)
        conditions = [stored_state(state)]
        arguments: list[object] = [book.issuer, state]
        if file is not None:
            arguments.append(file)
            conditions.append(f"l.bank_import = ${len(arguments)}")
        if text:
            arguments.append(await found_by(tx, book, "bank_line", text))
            conditions.append(f"l.id = any(${len(arguments)}::bigint[])")
        which = " and ".join(conditions)
        of = f"{lines_text(which)} where ($2::text is null or l.state = $2)"
        known = f"{counted_text(which, state)} and ($2::text is null or true)"
        total, is_more = await count(tx, known, arguments, counted)
        ordered = f"{of}{SORTS.order_by(sort)}"
        found = await numbered(tx, ordered, arguments, total, offset=offset, limit=limit)
        rows = [line_of(row) for row in found]
        guesses = await guesses_in(tx, book, [one for row in rows for one in row.suggestions])
    return LinePage(rows, guesses, total, is_more)


async def guesses_in(tx: Transaction, book: Book, numbers: Sequence[str]) -> dict[str, Guess]:
    """The invoices with these numbers, by number."""
    if not numbers:
        return {}
    rows = await tx.fetch(_GUESSES, book.issuer, list(numbers))
    return {row["number"]: Guess(**row) for row in rows}


async def guesses(
    actor: Actor, cloud: CloudFacts | None, numbers: Sequence[str]
) -> dict[str, Guess]:
    """The same for whoever looks at a line."""
    async with snapshot(actor) as tx:
        return await guesses_in(tx, await book_of(tx, actor, cloud), numbers)
