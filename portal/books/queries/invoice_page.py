"""What stands around a document on its page: its neighbours in a list, its story, its margin."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from portal.access import Actor, shows
from portal.books.queries.invoices import SORTS, Filters, Invoice, cloud_id_of, facts_of, which_of
from portal.db import Transaction, snapshot
from portal.kit.queries import zones
from portal.kit.queries.tenancy import CloudFacts

CREDITS_SHOWN: Final = 50
"""Credit notes of one invoice that are named on its page."""
MOVED_SHOWN: Final = 100
"""Payments and the like of one invoice that are named on its page, the latest."""


@dataclass(frozen=True, slots=True)
class Margin:
    """What an invoice leaves, in minor units: of its cameras in its month, discounts taken off."""

    revenue: int
    cost: int
    commission: int

    @property
    def margin(self) -> int:
        """What is left of the revenue."""
        return self.revenue - self.cost - self.commission


@dataclass(frozen=True, slots=True)
class Credit:
    """A credit note of an invoice; `total` in minor units, below zero."""

    number: str
    issued_at: datetime
    total: int


@dataclass(frozen=True, slots=True)
class Moved:
    """Money that was put on an invoice or taken off, a part given up or recovered, or a dispute.

    `kind` is paid, unpaid, written_off, recovered, disputed or settled; `amount` in minor units is
    what it changed, 0 of a dispute. `reference` is the payment's, or why.
    """

    at: datetime
    kind: str
    reference: str
    amount: int


@dataclass(frozen=True, slots=True)
class Around:
    """What a document's page says beside the document.

    `before` and `after` are the numbers of its neighbours in the list, None at the ends. `late` is
    how many days it has been due, 0 where it is not. `margin` is None where the actor may not know
    it, and of a document that has none. `printed_at` is when its PDF was made.
    """

    before: str | None
    after: str | None
    late: int
    printed_at: datetime | None
    credits: tuple[Credit, ...]
    moved: tuple[Moved, ...]
    margin: Margin | None


# By the calendar of whoever issued it, as what is overdue is.
_LATE: Final = """
select case when b.overdue
       then (current_setting('app.todays')::jsonb->>b.zone)::date - b.due_on else 0 end
from document_balance b where b.cloud = $1 and b.invoice = $2
"""
_PRINTED: Final = "select created_at from invoice_file where cloud = $1 and invoice = $2"
_CREDITS: Final = """
select number, issued_at, total from invoice where cloud = $1 and credits = $2 order by id limit $3
"""
_MOVED: Final = """
select at, kind, reference, amount from (
  select a.created_at as at, case when a.amount > 0 then 'paid' else 'unpaid' end as kind,
         coalesce(p.reference, n.number) as reference, a.amount, a.id
  from allocation a left join payment p on p.cloud = a.cloud and p.id = a.payment
  left join invoice n on n.cloud = a.cloud and n.id = a.note
  where a.cloud = $1 and a.invoice = $2
  union all
  select w.created_at, case when w.amount > 0 then 'written_off' else 'recovered' end, w.reason,
         w.amount, w.id
  from write_off w where w.cloud = $1 and w.invoice = $2
  union all
  select d.opened_at, 'disputed', d.reason, 0, d.id from dispute d
  where d.cloud = $1 and d.invoice = $2
  union all
  select d.closed_at, 'settled', d.closed_reason, 0, d.id from dispute d
  where d.cloud = $1 and d.invoice = $2 and d.closed_at is not null
) moved order by at desc, id desc limit $3
"""
_MARGIN: Final = """
select sum(m.revenue)::bigint as revenue, sum(m.cost)::bigint as cost,
       sum(m.commission)::bigint as commission
from invoice i join margin m on m.cloud = i.cloud and m.period = i.period
  and m.subscriber = i.subscriber
where i.cloud = $1 and i.id = $2
"""


async def around(
    actor: Actor,
    cloud: CloudFacts,
    invoice: Invoice,
    filters: Filters,
    *,
    sort: str,
    now: datetime,
) -> Around:
    """What stands around a document in the list that `filters` and `sort` describe.

    The list is of the document's own side.
    """
    async with snapshot(actor) as tx:
        of = cloud.id, invoice.id
        await zones.tell_todays(tx, now)
        notes = await tx.fetch(_CREDITS, *of, CREDITS_SHOWN)
        moved = await tx.fetch(_MOVED, *of, MOVED_SHOWN)
        before, after = await _neighbours(tx, invoice, filters, sort)
        return Around(
            before,
            after,
            await tx.fetchval(_LATE, *of),
            await tx.fetchval(_PRINTED, *of),
            tuple(Credit(**row) for row in notes),
            tuple(Moved(**row) for row in reversed(moved)),
            await _margin(tx, actor, invoice, of),
        )


async def _margin(
    tx: Transaction, actor: Actor, invoice: Invoice, of: tuple[int, int]
) -> Margin | None:
    is_sale = invoice.side == "retail" and invoice.type == "invoice"
    if not is_sale or not shows(actor, "sales", "margin"):
        return None
    row = await tx.fetchrow(_MARGIN, *of)
    return None if row is None or row["revenue"] is None else Margin(**row)


async def _neighbours(
    tx: Transaction, invoice: Invoice, filters: Filters, sort: str
) -> tuple[str | None, str | None]:
    """The numbers before and after it: each the first row beyond it, by sort and then newest."""
    filters = replace(filters, side=invoice.side)
    key, down = SORTS.key_of(sort)
    facts = facts_of(await cloud_id_of(tx, filters.cloud), filters)
    here = await tx.fetchval(f"select {key} from invoice i where i.id = $1", invoice.id)  # noqa: S608

    async def beyond(*, forwards: bool) -> str | None:
        greater, order = (">", "") if forwards is not down else ("<", " desc")
        tie, by_id = ("<", " desc") if forwards else (">", "")
        found: str | None = await tx.fetchval(
            f"select i.number {which_of(filters)}"
            f" and ({key} {greater} $7 or ({key} = $7 and i.id {tie} $8))"
            f" order by {key}{order}, i.id{by_id} limit 1",
            *facts,
            here,
            invoice.id,
        )
        return found

    return await beyond(forwards=False), await beyond(forwards=True)
