"""What happened in a month to invoices of before: credit notes by hand, later commissions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from portal.billing.margin import Adjustment, net_by_camera
from portal.billing.period import Period
from portal.db import Transaction

_CHANGED: Final = """
select c.invoice, sum(c.taxable)::bigint as taxable, sum(c.commission)::bigint as commission
from (
  select n.credits as invoice, n.taxable, 0 as commission from invoice n
  where n.cloud = $1 and n.month = $2 and n.credits is not null and n.side = 'retail'
    and ($3::bigint[] is null or n.subscriber = any($3))
  union all
  select m.invoice, 0, m.amount from commission m
  where m.cloud = $1 and m.month = $2 and (m.note is not null or m.allocation is not null)
    and ($3::bigint[] is null or m.subscriber = any($3))
) c group by c.invoice order by c.invoice
"""
_COUNT: Final = """
select (select count(*) from invoice n
        where n.cloud = $1 and n.month = $2 and n.credits is not null and n.side = 'retail')
  + (select count(*) from commission m
     where m.cloud = $1 and m.month = $2 and (m.note is not null or m.allocation is not null))
"""
_CHARGED: Final = """
select i.id as invoice, s.number, i.taxable, h.camera, c.external_id,
       sum(h.amount)::bigint as amount
from unnest($2::bigint[]) as of(invoice)
join invoice i on i.cloud = $1 and i.id = of.invoice
join subscriber s on s.cloud = i.cloud and s.id = i.subscriber
cross join lateral (
  select h.camera, h.amount from charge h
  where h.cloud = i.cloud and h.subscriber = i.subscriber and h.period = i.period
    and h.side = 'retail'
) h
join camera c on c.id = h.camera
group by i.id, s.number, i.taxable, h.camera, c.external_id
"""


async def count(tx: Transaction, cloud: int, period: Period) -> int:
    """How many of these a month has: they are only added, so that another number is a change."""
    return int(await tx.fetchval(_COUNT, cloud, period.start))


async def of_month(
    tx: Transaction, cloud: int, period: Period, subscribers: Sequence[int] | None = None
) -> tuple[list[Adjustment], dict[int, str]]:
    """What a month did to invoices of some subscribers (row ids), of all for None.

    With the external ids of the cameras that the invoices charged, by which it is spread.
    """
    of = None if subscribers is None else list(subscribers)
    changed = await tx.fetch(_CHANGED, cloud, period.start, of)
    if not changed:
        return [], {}
    charges: dict[int, dict[int, int]] = defaultdict(dict)
    facts: dict[int, tuple[int, int]] = {}
    names: dict[int, str] = {}
    for row in await tx.fetch(_CHARGED, cloud, [row["invoice"] for row in changed]):
        charges[row["invoice"]][row["camera"]] = row["amount"]
        facts[row["invoice"]] = row["number"], row["taxable"]
        names[row["camera"]] = row["external_id"]
    found = []
    for row in changed:
        if (invoice := row["invoice"]) in facts:
            number, taxable = facts[invoice]
            revenue = net_by_camera(charges[invoice], taxable, names)
            found.append(
                Adjustment(
                    subscriber=number,
                    revenue=revenue,
                    taxable=row["taxable"],
                    commission=row["commission"],
                )
            )
    return found, names
