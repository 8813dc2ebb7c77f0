"""Who earns and who loses in a closed month, and why: five subscribers, cameras or tariffs.

What a month came to is read from what its close summed; only the few that are shown are asked why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal

from portal.access import Actor
from portal.billing.drafting.surprises import Cause
from portal.billing.period import Period
from portal.db import Transaction, snapshot
from portal.kit.queries.rows import row_of
from portal.kit.queries.tenancy import CloudFacts
from portal.overview.queries import cameras

RANKED: Final = 5
What = Literal["subscribers", "cameras", "tariffs"]


@dataclass(frozen=True, slots=True)
class Row:
    """A subscriber, a camera or a tariff with its month; `key` is its number, external id or code.

    `discount_percent` is its subscriber's, 0 of a tariff. `is_owned` says whether anybody pays.
    """

    id: int
    key: str
    name: str
    revenue: int
    cost: int
    commission: int
    margin: int
    discount_percent: Decimal
    is_owned: bool


@dataclass(frozen=True, slots=True)
class Ranked:
    """A row, and why it loses money; "" for one that does not."""

    row: Row
    cause: Cause


@dataclass(frozen=True, slots=True)
class Losses:
    """How many cameras lost money, and how much all of them together."""

    count: int
    amount: int


_PERIOD: Final = "(select id from period where cloud = $1 and starts_on = $2 and state = 'closed')"
_SUBSCRIBERS: Final = """
select s.id, s.number::text as key, s.name, r.revenue, r.cost, r.commission, r.margin,
       t.discount_percent, true as is_owned
from (
  select m.subscriber, m.revenue, m.cost, m.commission,
         m.revenue - m.cost - m.commission as margin
  from subscriber_month m where m.cloud = $1 and m.period = {period}
  order by m.revenue - m.cost - m.commission {order}, m.subscriber {order} limit $3
) r
join subscriber s on s.id = r.subscriber
join lateral (select t.discount_percent from subscriber_terms t where t.id = s.id limit 1) t on true
order by r.margin {order}, s.number
"""
_CAMERAS: Final = """
select c.id, c.external_id as key, c.name, r.revenue, r.cost, r.commission, r.margin,
       coalesce(t.discount_percent, 0) as discount_percent, r.subscriber is not null as is_owned
from (
  select m.camera, m.subscriber, m.revenue, m.cost, m.commission,
         m.revenue - m.cost - m.commission as margin
  from margin m where m.cloud = $1 and m.period = {period}
  order by m.revenue - m.cost - m.commission {order}, m.camera {order} limit $3
) r
join camera c on c.id = r.camera
left join lateral (
  select t.discount_percent from subscriber_terms t where t.id = r.subscriber limit 1
) t on true
order by r.margin {order}, c.external_id
"""
_TARIFFS: Final = """
with sums as (
  select m.tariff, sum(m.revenue)::bigint as revenue, sum(m.cost)::bigint as cost,
         sum(m.commission)::bigint as commission,
         sum(m.revenue - m.cost - m.commission)::bigint as margin
  from tariff_month_books m join period p on p.cloud = m.cloud and p.id = m.period
  where m.cloud = $1 and p.starts_on = $2 and p.state = 'closed' and m.subscriber is null
  group by m.tariff
)
select t.id, t.code as key, t.name, r.revenue, r.cost, r.commission, r.margin,
       0::numeric as discount_percent, true as is_owned
from sums r join tariff t on t.id = r.tariff
order by r.margin {order}, t.code limit $3
"""
_QUERIES: Final = {"subscribers": _SUBSCRIBERS, "cameras": _CAMERAS, "tariffs": _TARIFFS}
_LOSSES: Final = """
select b.losing as count, b.lost as amount from period p join period_books b on b.id = p.id
where p.cloud = $1 and p.starts_on = $2 and p.state = 'closed'
"""


async def ranking(
    actor: Actor, cloud: CloudFacts, period: Period, what: What, *, lowest: bool, now: datetime
) -> Sequence[Ranked]:
    """The five of the lowest margin in a closed month, or of the highest, in that order."""
    order = "asc" if lowest else "desc"
    async with snapshot(actor) as tx:
        found = await tx.fetch(
            _QUERIES[what].format(order=order, period=_PERIOD), cloud.id, period.start, RANKED
        )
        rows = [row_of(Row, row) for row in found]
        keeping = await _keeping(tx, cloud, rows, what, now)
    return [Ranked(row, cause_of(row, keeps_more=row.id in keeping)) for row in rows]


async def causes(
    actor: Actor, cloud: CloudFacts, rows: Sequence[Row], what: What, *, now: datetime
) -> list[Cause]:
    """Why each of some rows loses money, in their order."""
    async with snapshot(actor) as tx:
        keeping = await _keeping(tx, cloud, rows, what, now)
    return [cause_of(row, keeps_more=row.id in keeping) for row in rows]


async def losses(actor: Actor, cloud: CloudFacts, period: Period) -> Losses:
    """The cameras that lost money in a closed month, as its close counted them."""
    async with snapshot(actor) as tx:
        row = await tx.fetchrow(_LOSSES, cloud.id, period.start)
    return Losses(0, 0) if row is None else row_of(Losses, row)


def cause_of(row: Row, *, keeps_more: bool) -> Cause:
    """Why a row loses money: the first of the causes without which it would not, or the prices."""
    if row.margin >= 0:
        return ""
    if not row.is_owned:
        return "no_subscription"
    if keeps_more:
        return "keeps_more"
    # Of 75.00 after 25 %, 25.00 were given: without them the margin is so much better.
    share = row.discount_percent / (100 - row.discount_percent) if row.discount_percent < 100 else 0
    if row.discount_percent == 100 or row.margin + row.revenue * share >= 0 < row.discount_percent:
        return "discount"
    return "commission" if row.margin + row.commission >= 0 < row.commission else "prices"


async def _keeping(
    tx: Transaction, cloud: CloudFacts, rows: Sequence[Row], what: What, now: datetime
) -> set[int]:
    """Which of the rows that lose money keep more archive than is sold: ids of the rows."""
    losing = [row.id for row in rows if row.margin < 0 and row.is_owned]
    if not losing or what == "tariffs":
        return set()
    return await cameras.keeping_more(
        tx, cloud, losing, by_subscriber=what == "subscribers", now=now
    )
