"""Files of a bank that somebody looks at before they are taken in, and those that were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from portal.access import Actor
from portal.books.queries.money.customers import Book, book_of
from portal.db import Transaction, snapshot
from portal.errors import no_such
from portal.kit.queries.pages import count, numbered
from portal.kit.queries.tenancy import CloudFacts
from portal.words import _


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that is kept; `bank_import` is what it became, and `looked` whether it has a look."""

    id: int
    name: str
    format: str
    currency: str
    sha256: str
    made_at: datetime
    looked: bool
    bank_import: int | None


@dataclass(frozen=True, slots=True)
class Preview:
    """A line as it would be. Amounts: minor units of its currency."""

    line: int
    booked_on: date
    amount: int
    currency: str
    state: str
    rule: str | None
    name: str
    text: str
    reason: str
    credit: int
    fee: int
    invoices: tuple[tuple[str, int], ...]
    suggestions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Counted:
    """Lines of a state, and what they come to by currency."""

    state: str
    count: int
    sums: Sequence[tuple[str, int]]


_COLUMNS: Final = (
    "u.id, u.name, u.format, u.currency, u.sha256, u.made_at, u.preview is not null as looked,"
    " u.bank_import"
)


async def of_person(tx: Transaction, actor: Actor, book: Book) -> list[Upload]:
    """Those of the actor in a book, the oldest first."""
    rows = await tx.fetch(
        f"select {_COLUMNS} from bank_upload u"  # noqa: S608 - ours
        " where u.issuer = $1 and u.made_by = $2 order by u.id",
        *(book.issuer, actor.user),
    )
    return [Upload(**row) for row in rows]


async def get(actor: Actor, cloud: CloudFacts | None, upload: int) -> Upload:
    """One that the actor has sent. Raises `NotFound`."""
    async with snapshot(actor) as tx:
        book = await book_of(tx, actor, cloud)
        row = await tx.fetchrow(
            f"select {_COLUMNS} from bank_upload u where u.issuer = $1 and u.id = $2",  # noqa: S608 - ours
            *(book.issuer, upload),
        )
    if row is None:
        raise no_such(_("bank file"), upload)
    return Upload(**row)


async def content(actor: Actor, cloud: CloudFacts | None, upload: int) -> bytes:
    """Its bytes, encrypted. Raises `NotFound`."""
    async with snapshot(actor) as tx:
        book = await book_of(tx, actor, cloud)
        found: bytes | None = await tx.fetchval(
            "select content from bank_upload where issuer = $1 and id = $2", book.issuer, upload
        )
    if found is None:
        raise no_such(_("bank file"), upload)
    return found


_PREVIEW: Final = """
select p.one from bank_upload u
cross join lateral jsonb_array_elements(u.preview) with ordinality as p(one, place)
where u.id = $1 and ($2 = '' or p.one->>'state' = $2)
"""
_COUNTS: Final = """
select p.one->>'state' as state, p.one->>'currency' as currency, count(*)::int as count,
       sum((p.one->>'amount')::bigint)::bigint as amount
from bank_upload u cross join lateral jsonb_array_elements(u.preview) as p(one)
where u.id = $1 group by 1, 2 order by 1, 2
"""


async def preview(
    actor: Actor, upload: Upload, *, state: str = "", offset: int = 0, limit: int = 50
) -> list[Preview]:
    """What would become of the lines of a file, in their order."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(
            f"{_PREVIEW} order by p.place offset $3 limit $4", upload.id, state, offset, limit
        )
    return [_preview(row["one"]) for row in rows]


def _preview(one: Any) -> Preview:
    names = ("line", "amount", "currency", "state", "rule", "name", "text", "reason", "credit")
    return Preview(
        booked_on=date.fromisoformat(one["booked_on"]),
        fee=one["fee"],
        invoices=tuple((put["invoice"], put["amount"]) for put in one["allocations"]),
        suggestions=tuple(one["suggestions"]),
        **{name: one[name] for name in names},
    )


async def count_preview(actor: Actor, upload: Upload) -> list[Counted]:
    """How many lines would come to each state, and what they come to."""
    async with snapshot(actor) as tx:
        return _counted(await tx.fetch(_COUNTS, upload.id))


def _counted(rows: Sequence[Any]) -> list[Counted]:
    states = dict.fromkeys(row["state"] for row in rows)
    return [
        Counted(
            state=state,
            count=sum(row["count"] for row in rows if row["state"] == state),
            sums=[(row["currency"], row["amount"]) for row in rows if row["state"] == state],
        )
        for state in states
    ]


@dataclass(frozen=True, slots=True)
class ImportRow:
    """A file that was taken in: `lines` of which `added` were new, `open` of these still wait.

    Without `finished_at` it was stopped, or is on its way.
    """

    id: int
    name: str
    format: str
    made_at: datetime
    made_by: str
    finished_at: datetime | None
    lines: int
    added: int
    matched: int
    open: int
    state: str


_IMPORTS: Final = """
select i.id, i.name, i.format, i.made_at, i.made_by, i.finished_at, i.lines, i.added,
       l.matched, l.open,
       case when i.finished_at is null then 'unfinished' else 'complete' end as state
from bank_import i
cross join lateral (
  select count(*) filter (where b.state = 'matched')::int as matched,
         count(*) filter (where b.state = 'open')::int as open
  from bank_line b where b.bank_import = i.id
) l
where i.issuer = $1
"""


@dataclass(frozen=True, slots=True)
class ImportPage:
    """Files of a page, and how many there are: more than `total` with `is_more`."""

    rows: Sequence[ImportRow]
    total: int
    is_more: bool


async def list_imports(
    actor: Actor,
    cloud: CloudFacts | None,
    *,
    offset: int = 0,
    limit: int = 50,
    counted: int | None = None,
) -> ImportPage:
    """Files that were taken into a book, the latest first."""
    async with snapshot(actor) as tx:
        book = await book_of(tx, actor, cloud)
        of = (book.issuer,)
        total, is_more = await count(
            tx, "select from bank_import i where i.issuer = $1", of, counted
        )
        ordered = f"{_IMPORTS} order by i.id desc"
        rows = await numbered(tx, ordered, of, total, offset=offset, limit=limit)
    return ImportPage([ImportRow(**row) for row in rows], total, is_more)


async def get_import(actor: Actor, cloud: CloudFacts | None, file: int) -> ImportRow:
    """One of them. Raises `NotFound`."""
    async with snapshot(actor) as tx:
        book = await book_of(tx, actor, cloud)
        row = await tx.fetchrow(f"{_IMPORTS} and i.id = $2", book.issuer, file)
    if row is None:
        raise no_such(_("bank file"), file)
    return ImportRow(**row)


async def count_lines(actor: Actor, cloud: CloudFacts | None, file: int) -> list[Counted]:
    """How many of the lines that a file added are in each state now, and what they come to."""
    async with snapshot(actor) as tx:
        book = await book_of(tx, actor, cloud)
        rows = await tx.fetch(
            "select state, currency, count(*)::int as count, sum(amount)::bigint as amount"
            " from bank_line where issuer = $1 and bank_import = $2 group by 1, 2 order by 1, 2",
            *(book.issuer, file),
        )
    return _counted(rows)
