"""Drafts as workers have kept them: sums, documents, and what a person looks at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

from asyncpg import Record

from portal.access import Actor
from portal.billing.drafting.bridge import Bridge
from portal.billing.period import Period, has_ended, month_at
from portal.books.queries.drafts.looks import SurpriseRow, surprises
from portal.books.queries.sums.document_lines import InvoiceLine
from portal.db import Transaction, snapshot
from portal.errors import NotFound, no_such
from portal.kit.queries.tenancy import CloudFacts
from portal.usage.queries import months
from portal.values.lines import LineFacts
from portal.words import _

READY: Final = "ready"
MAKING: Final = "making"


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums over a month's documents, in minor units; `wholesale` is after discount, before tax."""

    invoices: int
    charges: int
    revenue: int
    wholesale: int
    commission: int
    tax: int
    to_collect: int

    @property
    def discounts(self) -> int:
        """What subscribers are given."""
        return self.charges - self.revenue

    @property
    def margin(self) -> int:
        """What is left of the revenue."""
        return self.revenue - self.wholesale - self.commission


@dataclass(frozen=True, slots=True)
class DraftFacts:
    """The draft of a month. What is None is not known while it is being made for the first time.

    `until` is the first day that is not in it; `stale` says whether something changed since.
    """

    period: Period
    currency: str
    state: str
    made_at: datetime | None
    until: date | None
    stale: bool
    totals: Figures | None
    last: Figures | None
    bridge: Bridge | None
    surprises: Sequence[SurpriseRow]

    @property
    def to_look_at(self) -> list[SurpriseRow]:
        """Those that nobody has found fine."""
        return [one for one in self.surprises if not one.fine]

    @property
    def looked(self) -> str:
        """The same as long as who looks at the draft sees the same sums and surprises."""
        seen = (self.totals, self.stale, [(one.id, one.amount) for one in self.to_look_at])
        return sha256(repr(seen).encode()).hexdigest()[:LOOKED_LENGTH]


LOOKED_LENGTH: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftInvoice:
    """A document in a draft. Without a `type` none would be issued.

    `last` is the total of the month before, None where that is not closed; `cost` and `commission`
    are 0 to those who may not know them.
    """

    type: str | None
    side: str
    subscriber: int | None
    name: str
    period: Period
    currency: str
    subtotal: int
    discount_percent: Decimal
    discount: int
    taxable: int
    tax_percent: Decimal
    tax_exempt: bool
    tax: int
    total: int
    last: int | None
    cost: int = 0
    commission: int = 0
    cameras: int = 0
    lines: Sequence[InvoiceLine] = ()

    @property
    def difference(self) -> int | None:
        """How much more than the month before."""
        return None if self.last is None else self.total - self.last

    @property
    def margin(self) -> int:
        """What is left of it."""
        return self.taxable - self.cost - self.commission


_DRAFT: Final = """
select made_at, until, invoices, charges, revenue, wholesale, commission, tax, to_collect, last,
       bridge
from draft where cloud = $1 and month = $2
"""
_STALE: Final = """
select exists (select from draft_mark
               where cloud = $1 and (month is null or month <= $2))
  and not exists (select from period where cloud = $1 and starts_on = $2 and state <> 'open')
"""
_SOLD: Final = """
select exists (select from subscription where cloud = $1 and starts_on < $3
               and (ends_on is null or ends_on > $2))
"""


async def get(
    actor: Actor, cloud: CloudFacts, period: Period, *, now: datetime, looks: bool = True
) -> DraftFacts:
    """The draft of a cloud's month; of one that is closed, the last before its close.

    Without `looks` its surprises are left out: `groups` has them for a page.

    Raises `NotFound` for a month that has not begun, is before any data, or has ended without a
    subscription.
    """
    async with snapshot(actor) as tx:
        await check(actor, cloud, period, now=now)
        row = await tx.fetchrow(_DRAFT, cloud.id, period.start)
        if row is None:
            await _refuse_unsold(tx, cloud, period, now)
            nothing = dict.fromkeys(("made_at", "until", "totals", "last", "bridge"))
            return DraftFacts(
                period=period,
                currency=cloud.currency,
                state=MAKING,
                stale=True,
                surprises=(),
                **nothing,
            )
        return DraftFacts(
            period=period,
            currency=cloud.currency,
            state=READY,
            made_at=row["made_at"],
            until=row["until"],
            stale=await tx.fetchval(_STALE, cloud.id, period.start),
            totals=_figures(dict(row)),
            last=None if row["last"] is None else _figures(row["last"]),
            bridge=None if row["bridge"] is None else Bridge(**row["bridge"]),
            surprises=await surprises(tx, cloud.id, period) if looks else (),
        )


async def check(actor: Actor, cloud: CloudFacts, period: Period, *, now: datetime) -> None:
    """Raise `NotFound` for a month that has not begun or is before any data."""
    async with snapshot(actor) as tx:
        await months.check(tx, actor, cloud, month_at(period, now, cloud.timezone))


async def _refuse_unsold(tx: Transaction, cloud: CloudFacts, period: Period, now: datetime) -> None:
    if not has_ended(period, now, cloud.timezone):
        return
    is_sold = await tx.fetchval(_SOLD, cloud.id, period.start, period.end)
    has_begun = await tx.fetchval(
        "select exists (select from period where cloud = $1 and starts_on = $2"
        " and state <> 'open')",
        cloud.id,
        period.start,
    )
    if has_begun or not is_sold:
        raise NotFound(
            _("Nothing was subscribed in %(key)s: it has no draft.") % {"key": period.key}
        )


def _figures(row: Mapping[str, Any]) -> Figures:
    return Figures(**{name: row[name] for name in Figures.__slots__})


# Documents ----------------------------------------------------------------------------------------

_INVOICES: Final = """
select d.type, s.number, s.name, d.subtotal, d.discount_percent, d.discount, d.taxable,
       d.tax_percent, d.tax_exempt, d.tax, d.total, d.last, d.cameras, d.lines,
       coalesce(c.cost, 0) as cost, coalesce(c.commission, 0) as commission
from draft_invoice d
join subscriber s on s.cloud = d.cloud and s.id = d.subscriber
left join lateral (
  select c.cost, c.commission from draft_invoice_cost c where c.id = d.id limit 1
) c on true
where d.cloud = $1 and d.month = $2 and s.number > $3 and ($4::bigint is null or s.number = $4)
  and (not $5 or d.type is not null)
order by s.number limit $6
"""
_WHOLESALE: Final = """
select d.wholesale_document as document,
  (select sum(i.total)::bigint from invoice i join period p on p.id = i.period
   where i.cloud = $1 and i.side = 'wholesale' and i.credits is null and p.cloud = $1
     and p.starts_on = $3 and p.state = 'closed') as last,
  exists (select from period p where p.cloud = $1 and p.starts_on = $3 and p.state = 'closed')
    as has_last
from draft d where d.cloud = $1 and d.month = $2
"""


async def invoices(
    actor: Actor,
    cloud: CloudFacts,
    period: Period,
    *,
    subscriber: int | None = None,
    issued: bool = True,
    after: int = 0,
    limit: int = 100,
) -> tuple[list[DraftInvoice], int | None]:
    """Documents to subscribers by their number, and the number after which the next page begins.

    Only those that would be `issued`, or also where there would be none.
    """
    async with snapshot(actor) as tx:
        rows = await tx.fetch(
            _INVOICES, cloud.id, period.start, after, subscriber, issued, limit + 1
        )
    found = [_invoice(cloud, period, row) for row in rows[:limit]]
    return found, found[-1].subscriber if len(rows) > limit else None


async def invoice(actor: Actor, cloud: CloudFacts, period: Period, subscriber: int) -> DraftInvoice:
    """A subscriber's document in a draft. Raises `NotFound`."""
    found, _more = await invoices(
        actor, cloud, period, subscriber=subscriber, issued=False, limit=1
    )
    if not found:
        raise no_such(_("subscriber"), subscriber)
    return found[0]


async def wholesale(actor: Actor, cloud: CloudFacts, period: Period) -> list[DraftInvoice]:
    """What the platform would ask of the cloud: one document, or none."""
    async with snapshot(actor) as tx:
        row = await tx.fetchrow(_WHOLESALE, cloud.id, period.start, period.previous().start)
    if row is None or row["document"]["type"] is None:
        return []
    document = dict(row["document"])
    lines, is_exempt = document.pop("lines"), document.pop("tax_exempt", False)
    return [
        DraftInvoice(
            **{
                **document,
                "discount_percent": Decimal(document["discount_percent"]),
                "tax_percent": Decimal(document["tax_percent"]),
            },
            side="wholesale",
            subscriber=None,
            name=cloud.name,
            period=period,
            currency=cloud.currency,
            tax_exempt=is_exempt,
            last=(row["last"] or 0) if row["has_last"] else None,
            lines=[line_of(line, period) for line in lines],
        )
    ]


def _invoice(cloud: CloudFacts, period: Period, row: Record) -> DraftInvoice:
    return DraftInvoice(
        **{name: row[name] for name in _READ},
        subscriber=row["number"],
        side="retail",
        period=period,
        currency=cloud.currency,
        lines=[line_of(line, period) for line in row["lines"]],
    )


_READ: Final = (
    *("type", "name", "subtotal", "discount_percent", "discount", "taxable", "tax_percent"),
    *("tax_exempt", "tax", "total", "last", "cameras", "cost", "commission"),
)


def line_of(kept: Mapping[str, Any], period: Period) -> InvoiceLine:
    """A line of a month's draft as it is kept in JSON."""
    about = date.fromisoformat(kept["original_period"])
    valid_from, price = kept["valid_from"], kept["unit_price"]
    return InvoiceLine(
        facts=LineFacts(
            kind=kept["kind"],
            name=kept["name"],
            service=kept["service_name"],
            unit=kept["unit"],
            valid_from=None if valid_from is None else date.fromisoformat(valid_from),
            corrects=None if about == period.start else about,
        ),
        quantity=Decimal(kept["quantity"]),
        unit_price=None if price is None else Decimal(price),
        amount=kept["amount"],
        original_period=about,
    )
