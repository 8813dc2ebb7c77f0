"""Documents of a draft as a list, and what came in between it and the close."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from portal.access import Actor, Permission, can
from portal.billing.numbering import issue_year, number_of
from portal.billing.period import Period
from portal.books.queries.drafts.kept import Figures
from portal.books.queries.drafts.making import issued_figures
from portal.db import snapshot
from portal.kit.queries.pages import Sorts, numbered
from portal.kit.queries.tenancy import CloudFacts


@dataclass(frozen=True, slots=True)
class DraftRow:
    """A subscriber's document in a draft; `last` is the total of the month before, if it is closed.

    `cost` and `commission` are 0 to those who may not know them. Without a `type` none is issued.
    """

    number: int
    name: str
    type: str | None
    subtotal: int
    discount: int
    taxable: int
    tax: int
    total: int
    last: int | None
    cost: int
    commission: int
    cameras: int

    @property
    def difference(self) -> int | None:
        """How much more than the month before."""
        return None if self.last is None else self.total - self.last

    @property
    def margin(self) -> int:
        """What is left of it."""
        return self.taxable - self.cost - self.commission


SORTS: Final = Sorts(
    {
        "name": "lower(s.name)",
        "number": "s.number",
        "total": "d.total",
        "last": "d.last",
        "difference": "abs(d.total - d.last)",
    },
    tie="s.number",
    optional=frozenset({"last", "difference"}),
)
_WHICH: Final = """
from draft_invoice d join subscriber s on s.cloud = d.cloud and s.id = d.subscriber
where d.cloud = $1 and d.month = $2
  and ($3::text is null or strpos(lower(s.name), lower($3)) > 0 or s.number::text = $3)
"""
_ROWS: Final = f"""
select s.number, s.name, d.type, d.subtotal, d.discount, d.taxable, d.tax, d.total, d.last,
       d.cameras,
       coalesce((select c.cost from draft_invoice_cost c where c.id = d.id), 0) as cost,
       coalesce((select c.commission from draft_invoice_cost c where c.id = d.id), 0) as commission
{_WHICH}
"""  # noqa: S608 - columns of ours


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of them, and how many there are."""

    rows: Sequence[DraftRow]
    total: int


async def listed(
    actor: Actor,
    cloud: CloudFacts,
    period: Period,
    *,
    text: str | None = None,
    sort: str = "name",
    offset: int = 0,
    limit: int = 50,
) -> Listed:
    """Every subscriber that is charged, has cameras, or was billed the month before."""
    of = (cloud.id, period.start, text)
    async with snapshot(actor) as tx:
        total = await tx.fetchval(f"select count(*)::int {_WHICH}", *of)
        ordered = f"{_ROWS}{SORTS.order_by(sort)}"
        rows = await numbered(tx, ordered, of, total, offset=offset, limit=limit) if total else []
    return Listed([DraftRow(**row) for row in rows], total)


# The close and its draft --------------------------------------------------------------------------

BETWEEN_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class Between:
    """A subscriber of which another amount was issued than drafted."""

    number: int
    name: str
    drafted: int
    issued: int


_BETWEEN: Final = """
select s.number, s.name, coalesce(d.total, 0) as drafted, coalesce(i.total, 0) as issued
from subscriber s
left join (select subscriber, total from draft_invoice where cloud = $1 and month = $2) d
  on d.subscriber = s.id
left join (select o.subscriber, o.total from invoice o join period p on p.id = o.period
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


async def between(actor: Actor, cloud: CloudFacts, period: Period) -> list[Between]:
    """Where a close issued another amount than its last draft, those that differ by most first."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(_BETWEEN, cloud.id, period.start, BETWEEN_MAX)
    return [Between(**row) for row in rows]


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


async def founded_at(actor: Actor, cloud: CloudFacts) -> datetime:
    """When a cloud was set up here: months that were due before are closed by people alone."""
    async with snapshot(actor) as tx:
        found: datetime = await tx.fetchval("select created_at from cloud where id = $1", cloud.id)
    return found


_LAST_NUMBER: Final = "select last_number from series where issuer = $1 and year = $2"


async def next_number(actor: Actor, cloud: CloudFacts, now: datetime) -> str:
    """The number that the cloud's next document gets, if it is issued now."""
    year = issue_year(now, cloud.timezone)
    async with snapshot(actor) as tx:
        last = await tx.fetchval(_LAST_NUMBER, cloud.id, year) or 0
    return number_of(cloud.invoice_prefix, year, last + 1)
