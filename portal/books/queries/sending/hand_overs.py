"""Documents that were handed to other systems as files: which, and what a file says of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from portal.access import Actor
from portal.billing.period import Period
from portal.books.queries.invoices import Invoice, whole_in
from portal.books.queries.sending.letters import RECIPIENTS
from portal.db import Transaction, snapshot
from portal.errors import no_such
from portal.kit.queries import zones
from portal.kit.queries.tenancy import CloudFacts
from portal.words import _

KINDS: Final = ("csv", "json", "zip")
NAMED_MAX: Final = 5
"""Documents that a warning names."""


@dataclass(frozen=True, slots=True)
class HandOver:
    """Documents that somebody took as one file: `total` is their sum in minor units.

    `month` is its first day, None where they were chosen from several. Credit notes are below zero.
    """

    id: int
    month: date | None
    kind: str
    made_by: str
    made_at: datetime
    documents: int
    total: int
    currency: str

    @property
    def key(self) -> str:
        """The month as files are named by it: "2026-10", "" where there are several."""
        return "" if self.month is None else Period.of(self.month).key


@dataclass(frozen=True, slots=True)
class Before:
    """How many of some documents were handed over before, the first numbers, the last time."""

    count: int
    numbers: Sequence[str]
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class HandedDocument:
    """A document as an accounting or a payment system needs it; amounts in minor units.

    `email` is the customer's first address for documents as of today, `tax_number` and `name` as
    the document has them. `open` is what is left of it now, 0 of a credit note.
    """

    id: int
    number: str
    type: str
    credits: str | None
    customer_number: int
    name: str
    email: str
    tax_number: str
    month: date
    issued_on: date
    due_on: date | None
    currency: str
    net: int
    tax_percent: Decimal
    tax: int
    total: int
    open: int


@dataclass(frozen=True, slots=True)
class HandedFile:
    """The PDF of a document that was handed over."""

    id: int
    number: str
    content: bytes


_SELECT: Final = """
select h.id, h.month, h.kind, h.made_by, h.made_at, h.documents, h.total, c.currency
from hand_over h join cloud c on c.id = h.cloud
"""
_BEFORE: Final = """
select count(*)::int as count, (array_agg(number order by id))[1:$4] as numbers,
       max(made_at) as last_at
from (
  select i.id, i.number, max(h.made_at) as made_at
  from invoice i join hand_over_document d on d.cloud = i.cloud and d.invoice = i.id
  join hand_over h on h.cloud = d.cloud and h.id = d.hand_over
  where i.cloud = $1 and i.side = 'retail' and ($2::date is null or i.month = $2)
    and ($3::bigint[] is null or i.id = any($3))
  group by i.id, i.number
) one
"""
_OF: Final = """
from hand_over_document d join invoice i on i.cloud = d.cloud and i.id = d.invoice
where d.cloud = $1 and d.hand_over = $2 and d.invoice > $3 order by d.invoice limit $4
"""
_ROWS: Final = f"""
select i.id, i.number, i.type, o.number as credits, s.number as customer_number,
       i.buyer->>'name' as name, coalesce(({RECIPIENTS})[1], '') as email,
       coalesce(i.buyer->>'tax_number', '') as tax_number, i.month, i.issued_on, i.due_on,
       i.currency, i.taxable as net, i.tax_percent, i.tax, i.total, b.left as open
from hand_over_document d join invoice i on i.cloud = d.cloud and i.id = d.invoice
join document_balance b on b.cloud = i.cloud and b.invoice = i.id
join subscriber s on s.cloud = i.cloud and s.id = i.subscriber
left join lateral (
  select t.email, t.document_emails from subscriber_terms t
  where t.cloud = s.cloud and t.id = s.id limit 1
) t on true
left join invoice o on o.id = i.credits
where d.cloud = $1 and d.hand_over = $2 and d.invoice > $3 order by d.invoice limit $4
"""  # noqa: S608 - texts of ours
_FILES: Final = """
select i.id, i.number, f.content
from (select d.cloud, d.invoice from hand_over_document d
      where d.cloud = $1 and d.hand_over = $2 and d.invoice > $3 order by d.invoice limit $4) d
join invoice i on i.cloud = d.cloud and i.id = d.invoice
join invoice_file f on f.cloud = i.cloud and f.invoice = i.id
order by i.id
"""


async def list_page(
    actor: Actor,
    cloud: CloudFacts,
    *,
    period: Period | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[HandOver]:
    """Hand-overs of a cloud, of a month or of all, the latest first, before the row id `before`."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(
            _SELECT + " where h.cloud = $1 and ($2::date is null or h.month = $2)"
            " and ($3::bigint is null or h.id < $3) order by h.id desc limit $4",
            cloud.id,
            None if period is None else period.start,
            before,
            limit,
        )
    return [HandOver(**row) for row in rows]


async def get(actor: Actor, cloud: CloudFacts, hand_over: int) -> HandOver:
    """One of them by row id. Raises `NotFound`."""
    async with snapshot(actor) as tx:
        return await get_in(tx, cloud, hand_over)


async def get_in(tx: Transaction, cloud: CloudFacts, hand_over: int) -> HandOver:
    """As `get`, within a transaction."""
    row = await tx.fetchrow(_SELECT + " where h.cloud = $1 and h.id = $2", cloud.id, hand_over)
    if row is None:
        raise no_such(_("hand-over"), hand_over)
    return HandOver(**row)


async def handed_before(
    tx: Transaction, cloud: CloudFacts, month: date | None, ids: Sequence[int] | None
) -> Before:
    """Which documents of a month, or of these row ids, were handed over before."""
    row = await tx.fetchrow(_BEFORE, cloud.id, month, ids, NAMED_MAX)
    assert row is not None, "a count is a row"
    return Before(**{**row, "numbers": tuple(row["numbers"] or ())})


async def rows(
    actor: Actor, cloud: CloudFacts, hand_over: int, *, now: datetime, after: int, limit: int
) -> list[HandedDocument]:
    """Documents of a hand-over in order of issue, those after the row id `after`."""
    async with snapshot(actor) as tx:
        await zones.tell_todays(tx, now)
        found = await tx.fetch(_ROWS, cloud.id, hand_over, after, limit)
    return [HandedDocument(**row) for row in found]


async def invoices(
    actor: Actor, cloud: CloudFacts, hand_over: int, *, now: datetime, after: int, limit: int
) -> list[Invoice]:
    """The same with their lines, as they were issued."""
    async with snapshot(actor) as tx:
        found = await tx.fetch(f"select i.id {_OF}", cloud.id, hand_over, after, limit)
        return await whole_in(tx, cloud.id, [row["id"] for row in found], now)


async def files(
    actor: Actor, cloud: CloudFacts, hand_over: int, *, after: int, limit: int
) -> list[HandedFile]:
    """The same as their PDFs."""
    async with snapshot(actor) as tx:
        found = await tx.fetch(_FILES, cloud.id, hand_over, after, limit)
    return [HandedFile(**row) for row in found]
