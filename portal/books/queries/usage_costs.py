"""What a month's usage came to: of closed months by their books, of the running one by estimate.

Amounts are minor units, after discounts, before tax.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from portal.access import Actor
from portal.billing.period import Period
from portal.db import Transaction, snapshot
from portal.kit.queries.tenancy import CloudFacts


@dataclass(frozen=True, slots=True)
class Cost:
    """What a cloud pays for a month; `estimated` while the month is not closed."""

    amount: int
    currency: str
    estimated: bool


@dataclass(frozen=True, slots=True)
class Sales:
    """Sums of a subscriber or a camera. Cost, and so the margin, are None where not known."""

    revenue: int
    cost: int | None = None
    margin: int | None = None

    @property
    def commission(self) -> int | None:
        """What referrals earned of it: the margin is what revenue leaves after cost and this."""
        if self.cost is None or self.margin is None:
            return None
        return self.revenue - self.cost - self.margin


@dataclass(frozen=True, slots=True)
class SalesMonth:
    """A month's sales by subscriber's number or camera's external id, and of all of them.

    `estimated` while the month is not closed, by an estimate made at `as_of`, None without one.
    Revenue is after discount, before tax. `unborne` is cost that no subscription bears, which
    is nobody's: a camera's after its last subscription.
    """

    estimated: bool
    by_key: Mapping[str, Sales]
    total: Sales
    unborne: int = 0
    as_of: datetime | None = None


_INVOICED: Final = """
select c.slug, c.currency, sum(i.taxable)::bigint as amount
from invoice i join cloud c on c.id = i.cloud
where i.issuer = 0 and i.month = $1 group by c.slug, c.currency
"""
_ESTIMATED: Final = """
select c.slug, c.currency, e.cost as amount
from estimate_sum_books e join cloud c on c.id = e.cloud
where e.month = $1 and e.account_manager is null
"""


async def sum_by_cloud(actor: Actor, period: Period) -> dict[str, Cost]:
    """By slug, every cloud that the actor sees: its wholesale invoices, or else the estimate."""
    async with snapshot(actor) as tx:
        estimated = {
            row["slug"]: Cost(
                amount=row["amount"],
                currency=row["currency"],
                estimated=True,
            )
            for row in await tx.fetch(_ESTIMATED, period.start)
        }
        invoiced = {
            row["slug"]: Cost(amount=row["amount"], currency=row["currency"], estimated=False)
            for row in await tx.fetch(_INVOICED, period.start)
        }
    return {**estimated, **invoiced}


def sum_by_currency(costs: Iterable[Cost]) -> dict[str, int]:
    """Their sums, each currency by itself."""
    sums: dict[str, int] = defaultdict(int)
    for cost in costs:
        sums[cost.currency] += cost.amount
    return dict(sorted(sums.items()))


# Of the cameras asked for, and in a row without a camera the sum of all.
_CAMERAS: Final = """
select c.external_id as camera, coalesce(sum(m.revenue), 0)::bigint as revenue,
       coalesce(sum(m.cost), 0)::bigint as cost,
       coalesce(sum(m.revenue - m.cost - m.commission), 0)::bigint as margin
from margin m join camera c on c.id = m.camera left join subscriber s on s.id = m.subscriber
where m.cloud = $1 and m.period = $2 and ($3::bigint is null or s.number = $3)
group by grouping sets ((c.external_id), ())
having c.external_id = any($4::text[]) or grouping(c.external_id) = 1
"""


async def sum_by_camera(
    actor: Actor,
    cloud: CloudFacts,
    period: Period,
    cameras: Sequence[str],
    *,
    subscriber: int | None = None,
) -> SalesMonth | None:
    """Of these cameras (external ids) of a cloud.

    The total is of all cameras, or all of the subscriber (a number). None until it is closed.
    """
    async with snapshot(actor) as tx:
        closed = await _closed(tx, cloud.id, period)
        if closed is None:
            return None
        rows = await tx.fetch(_CAMERAS, cloud.id, closed, subscriber, cameras)
    by_key = {
        row["camera"]: Sales(revenue=row["revenue"], cost=row["cost"], margin=row["margin"])
        for row in rows
    }
    total = by_key.pop(None)
    return SalesMonth(estimated=False, by_key=by_key, total=total)


async def _closed(tx: Transaction, cloud: int, period: Period) -> int | None:
    closed: int | None = await tx.fetchval(
        "select id from period where cloud = $1 and starts_on = $2 and state = 'closed'",
        cloud,
        period.start,
    )
    return closed


_SALES: Final = """
select s.number, sum(i.taxable)::bigint as revenue
from invoice i join subscriber s on s.id = i.subscriber
where i.cloud = $1 and i.month = $2 and i.side = 'retail' group by s.number
"""
_ESTIMATED_MARGINS: Final = """
select s.number, sum(e.cost)::bigint as cost, sum(e.commission)::bigint as commission
from estimate_cost e left join subscriber s on s.id = e.subscriber
where e.cloud = $1 and e.month = $2 group by s.number
"""
_MARGINS: Final = """
select s.number, sum(m.cost)::bigint as cost, sum(m.commission)::bigint as commission
from margin m left join subscriber s on s.id = m.subscriber
where m.cloud = $1 and m.period = $2 group by s.number
"""
_SO_FAR: Final = """
select s.number, sum(e.retail - e.discount)::bigint as revenue, min(e.as_of) as as_of
from estimate e join subscriber s on s.id = e.subscriber
where e.cloud = $1 and e.month = $2 group by s.number
"""


async def sum_by_subscriber(
    actor: Actor, cloud: CloudFacts, period: Period, *, margins: bool
) -> SalesMonth:
    """Of a cloud's subscribers, as far as the actor sees it; `margins` asks for cost and margin.

    A subscriber without an invoice is left out; cost that no subscription bears is nobody's.
    """
    async with snapshot(actor) as tx:
        closed = await _closed(tx, cloud.id, period)
        rows = await tx.fetch(_SO_FAR if closed is None else _SALES, cloud.id, period.start)
        revenue = {row["number"]: row["revenue"] for row in rows}
        as_of = min((row["as_of"] for row in rows), default=None) if closed is None else None
        if not margins or (closed is None and as_of is None):
            sales = {str(number): Sales(amount) for number, amount in revenue.items()}
            return SalesMonth(closed is None, sales, Sales(sum(revenue.values())), as_of=as_of)
        found = (
            await tx.fetch(_ESTIMATED_MARGINS, cloud.id, period.start)
            if closed is None
            else await tx.fetch(_MARGINS, cloud.id, closed)
        )
        spent = {row["number"]: (row["cost"], row["commission"]) for row in found}
    unborne, _ = spent.pop(None, (0, 0))
    sales = {}
    for number in {**revenue, **spent}:
        amount, (cost, commission) = revenue.get(number, 0), spent.get(number, (0, 0))
        sales[str(number)] = Sales(amount, cost, amount - cost - commission)
    return SalesMonth(
        estimated=closed is None,
        by_key=sales,
        total=Sales(
            sum(one.revenue for one in sales.values()),
            sum(one.cost or 0 for one in sales.values()),
            sum(one.margin or 0 for one in sales.values()),
        ),
        unborne=unborne,
        as_of=as_of,
    )
