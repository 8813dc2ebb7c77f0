"""What the platform sells in a month: to each cloud, and of each service in each currency."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from portal.access import Actor
from portal.billing.invoice import net_of
from portal.billing.period import MonthAt, Period
from portal.db import snapshot
from portal.kit.queries.rows import row_of
from portal.usage.queries import measured
from portal.usage.queries.measured import Measured


@dataclass(frozen=True, slots=True)
class CloudRow:
    """A cloud's month, in minor units: charges before its discount, revenue after it.

    `state` is that of the month: closed, closing, open or running; of one that is not closed,
    figures are those of its draft, None before there is one. `cameras` were on a tariff.
    """

    key: str
    name: str
    currency: str
    state: str
    cameras: int | None
    charges: int | None
    revenue: int | None

    @property
    def discount(self) -> int | None:
        """What the cloud was given."""
        if self.charges is None or self.revenue is None:
            return None
        return self.charges - self.revenue

    @property
    def is_closed(self) -> bool:
        """Whether the figures are those that were invoiced."""
        return self.state == "closed"


@dataclass(frozen=True, slots=True)
class ServiceSales:
    """What clouds of one currency bought of a service: in its units, and after discount."""

    measured: Measured
    currency: str
    clouds: int
    quantity: Decimal
    revenue: int

    @property
    def code(self) -> str:
        """The service's code."""
        return self.measured.code


@dataclass(frozen=True, slots=True)
class MonthSales:
    """Sales of a month after discount, before tax; `is_closed` where no draft is among them."""

    month: date
    revenue: int
    is_closed: bool


# The platform's documents are those whose issuer is 0.
_CLOUDS: Final = """
select c.slug as key, c.name, c.currency, coalesce(nullif(p.state, 'open'), $3) as state,
       case when p.state = 'closed' then g.cameras_total else e.cameras end as cameras,
       case when p.state = 'closed' then i.charges
            else (d.wholesale_document->>'subtotal')::bigint end as charges,
       case when p.state = 'closed' then i.revenue else d.wholesale end as revenue
from cloud c
left join period p on p.cloud = c.id and p.starts_on = $1
left join period_progress g on g.id = p.id
left join draft d on d.cloud = c.id and d.month = $1
left join estimate_sum e on e.cloud = c.id and e.month = $1 and e.account_manager is null
left join lateral (
  select coalesce(sum(i.subtotal), 0)::bigint as charges,
         coalesce(sum(i.taxable), 0)::bigint as revenue
  from invoice i where i.cloud = c.id and i.month = $1 and i.issuer = 0
) i on true
where $2::text is null or strpos(lower(c.name), lower($2)) > 0 or c.slug = $2
"""
_LINES: Final = """
select i.id, i.cloud, i.currency, i.discount, l.service, l.quantity, l.amount
from invoice i join period p on p.cloud = i.cloud and p.starts_on = $1 and p.state = 'closed'
join invoice_line l on l.cloud = i.cloud and l.invoice = i.id
where i.issuer = 0 and i.month = $1 and i.credits is null order by i.id, l.position
"""
_DRAFTS: Final = """
select d.cloud, c.currency, d.wholesale_document as document
from draft d join cloud c on c.id = d.cloud
where d.month = $1 and not exists (
  select from period p where p.cloud = d.cloud and p.starts_on = $1 and p.state = 'closed')
"""


_MONTHS: Final = """
select currency, month, sum(revenue)::bigint as revenue, bool_and(is_closed) as is_closed from (
  select i.currency, i.month, i.taxable as revenue, true as is_closed
  from invoice_sum i where i.issuer = 0 and i.month between $1 and $2
  union all
  select c.currency, d.month, d.wholesale, false
  from draft d join cloud c on c.id = d.cloud
  where d.month between $1 and $2 and not exists (
    select from period p where p.cloud = d.cloud and p.starts_on = d.month and p.state = 'closed')
) one
group by currency, month order by currency, month
"""


async def months(actor: Actor, axis: Sequence[date]) -> Mapping[str, Sequence[MonthSales]]:
    """What all clouds that the actor sees bought, by currency and month of `axis`, oldest first.

    A month is there once something was invoiced in it or its draft says something.
    """
    found: dict[str, list[MonthSales]] = defaultdict(list)
    async with snapshot(actor) as tx:
        for row in await tx.fetch(_MONTHS, axis[0], axis[-1]):
            found[row["currency"]].append(row_of(MonthSales, row))
    return found


async def clouds(actor: Actor, month: MonthAt, *, text: str | None = None) -> list[CloudRow]:
    """Every cloud that the actor sees, with what it buys."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(
            _CLOUDS, month.period.start, text, "running" if month.running else "open"
        )
    return [row_of(CloudRow, row) for row in rows]


async def services(actor: Actor, period: Period) -> Sequence[ServiceSales]:
    """Every service that was bought, by code and currency: as invoiced, or as drafted."""
    documents: dict[tuple[int, int], list[Mapping[str, Any]]] = defaultdict(list)
    async with snapshot(actor) as tx:
        for row in await tx.fetch(_LINES, period.start):
            documents[row["cloud"], row["id"]].append(dict(row))
        for row in await tx.fetch(_DRAFTS, period.start):
            document = row["document"]
            facts = {"cloud": row["cloud"], "currency": row["currency"]}
            for line in document["lines"]:
                found = {**line, **facts, "discount": document["discount"]}
                documents[row["cloud"], 0].append(found)
        sums: dict[tuple[int, str], tuple[Decimal, int, set[int]]] = {}
        for lines in documents.values():
            nets = net_of([line["amount"] for line in lines], lines[0]["discount"])
            for line, net in zip(lines, nets, strict=True):
                key = line["service"], line["currency"]
                quantity, revenue, buyers = sums.get(key, (Decimal(0), 0, set()))
                sums[key] = (
                    quantity + Decimal(line["quantity"]),
                    revenue + net,
                    buyers | {line["cloud"]},
                )
        known = await measured.of_ids(tx, {service for service, _ in sums})
    named = {one.service.id: one for one in known}
    rows = [
        ServiceSales(
            measured=named[service],
            currency=currency,
            clouds=len(buyers),
            quantity=quantity,
            revenue=revenue,
        )
        for (service, currency), (quantity, revenue, buyers) in sums.items()
    ]
    return sorted(rows, key=lambda row: (row.code, row.currency))
