"""What a close issued: papers, sums, and each document that is not as it was drafted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from asyncpg import Record

from portal.access import Actor, Permission, can
from portal.billing.period import Period
from portal.books.queries.drafts.kept import Figures, line_of
from portal.books.queries.drafts.making import issued_figures
from portal.books.queries.invoices import Invoice, whole_in
from portal.books.queries.sums.document_lines import InvoiceLine
from portal.db import snapshot
from portal.kit.queries.tenancy import CloudFacts
from portal.values.lines import LineFacts
from portal.words import _

BETWEEN_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class LineChange:
    """A line, the discount or the tax of a document that is not as it was drafted."""

    description: str
    drafted: int
    issued: int


@dataclass(frozen=True, slots=True)
class Between:
    """A subscriber of which another amount was issued than drafted, and what of it differs.

    `document` is the number of what was issued, "" where nothing was.
    """

    number: int
    name: str
    drafted: int
    issued: int
    document: str
    changes: Sequence[LineChange]


@dataclass(frozen=True, slots=True)
class Differences:
    """Those that differ by most, and how many there are."""

    rows: Sequence[Between]
    total: int


_BETWEEN: Final = """
select s.number, s.name, coalesce(d.total, 0) as drafted, coalesce(i.total, 0) as issued,
       i.id as invoice, d.lines, coalesce(d.discount, 0) as discount, coalesce(d.tax, 0) as tax,
       count(*) over ()::int as all_of_them
from subscriber s
left join (select subscriber, total, lines, discount, tax from draft_invoice
           where cloud = $1 and month = $2) d on d.subscriber = s.id
left join (select o.id, o.subscriber, o.total from invoice o join period p on p.id = o.period
           where o.cloud = $1 and o.side = 'retail' and o.credits is null and p.cloud = $1
             and p.starts_on = $2) i on i.subscriber = s.id
where s.cloud = $1 and coalesce(d.total, 0) <> coalesce(i.total, 0)
order by abs(coalesce(i.total, 0) - coalesce(d.total, 0)) desc, s.number limit $3
"""


async def issued(actor: Actor, cloud: CloudFacts, period: Period) -> Figures | None:
    """What the close of a month issued; None where it is not closed, or is not theirs to know."""
    if not can(actor, Permission.MARGINS_READ):
        return None
    async with snapshot(actor) as tx:
        found = await issued_figures(tx, cloud.id, period)
    return None if found is None else Figures(**found)


async def between(
    actor: Actor, cloud: CloudFacts, period: Period, *, now: datetime, limit: int = BETWEEN_MAX
) -> Differences:
    """Where a close issued another amount than its last draft, those that differ by most first."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(_BETWEEN, cloud.id, period.start, limit)
        ids = [row["invoice"] for row in rows if row["invoice"] is not None]
        documents = {one.id: one for one in await whole_in(tx, cloud.id, ids, now)}
    found = [_between(row, documents.get(row["invoice"] or 0), period) for row in rows]
    return Differences(found, rows[0]["all_of_them"] if rows else 0)


def _between(row: Record, document: Invoice | None, period: Period) -> Between:
    drafted = [line_of(line, period) for line in row["lines"] or ()]
    issued_lines = document.lines if document else ()
    changes = _changes(drafted, issued_lines)
    for name, was, now in (
        (_("Discount"), -row["discount"], -document.discount if document else 0),
        (_("Tax"), row["tax"], document.tax if document else 0),
    ):
        if was != now:
            changes.append(LineChange(name, was, now))
    facts: Mapping[str, Any] = {name: row[name] for name in ("number", "name", "drafted", "issued")}
    return Between(**facts, document=document.number if document else "", changes=changes)


def _changes(drafted: Sequence[InvoiceLine], made: Sequence[InvoiceLine]) -> list[LineChange]:
    """The lines whose amounts differ, in the order of the document."""
    was, now = _sums(drafted), _sums(made)
    found = []
    for facts in dict.fromkeys([*was, *now]):
        before, after = was.get(facts, 0), now.get(facts, 0)
        if before != after:
            told = f"{facts.description} ({facts.detail})" if facts.detail else facts.description
            found.append(LineChange(told, before, after))
    return found


def _sums(lines: Sequence[InvoiceLine]) -> dict[LineFacts, int]:
    sums: dict[LineFacts, int] = {}
    for line in lines:
        sums[line.facts] = sums.get(line.facts, 0) + line.amount
    return sums


@dataclass(frozen=True, slots=True)
class Papers:
    """What a close issued to subscribers: how many of each kind, and how many PDFs there are.

    `wholesale` is the number of the platform's document, "" where there is none.
    """

    invoices: int
    credit_notes: int
    printed: int
    documents: int
    wholesale: str


_PAPERS: Final = """
select count(*) filter (where i.side = 'retail' and i.type = 'invoice')::int as invoices,
       count(*) filter (where i.side = 'retail' and i.type <> 'invoice')::int as credit_notes,
       count(f.invoice)::int as printed, count(*)::int as documents,
       coalesce(max(i.number) filter (where i.side = 'wholesale'), '') as wholesale
from period p join invoice i on i.cloud = p.cloud and i.period = p.id and i.credits is null
left join invoice_file f on f.cloud = i.cloud and f.invoice = i.id
where p.cloud = $1 and p.starts_on = $2 and p.state = 'closed'
"""


async def papers(actor: Actor, cloud: CloudFacts, period: Period) -> Papers:
    """The documents that the close of a month issued, as far as the actor sees them."""
    async with snapshot(actor) as tx:
        row = await tx.fetchrow(_PAPERS, cloud.id, period.start)
    assert row is not None, "counts are a row"
    return Papers(**row)
