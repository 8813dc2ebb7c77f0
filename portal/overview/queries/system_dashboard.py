"""The platform's overview: what each cloud buys, how its months close, what is due.

As `cloud_dashboard`, it reads only what has been summed already. Amounts of different currencies
stand side by side and are never added.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from asyncpg import Record

from portal.access import Actor
from portal.db import Transaction, snapshot
from portal.kit.queries import zones
from portal.kit.queries.tenancy import CloudFacts
from portal.words import told

MONTHS: Final = 12
COUNTED_MAX: Final = 2_000
"""Subscriptions that are counted as they are; of more the last estimate has counted them."""


@dataclass(frozen=True, slots=True)
class CloudLine:
    """A cloud as the platform sees it. `months` are its wholesale invoices of closed months.

    Amounts are minor units of `currency`, after discount, before tax. `ended` is the first day of
    the month that ended last in the cloud's zone, `state` that of its close, of which `done` of
    `total` cameras are rated. `estimate` is the running month so far, None before the first one.
    """

    slug: str
    name: str
    currency: str
    timezone: str
    cameras: int
    cameras_before: int
    ended: date
    state: str
    done: int
    total: int
    trouble: str
    closing_at: datetime | None
    gaps_accepted: int
    estimate: int | None
    as_of: datetime | None
    months: Mapping[date, int]

    @property
    def last(self) -> int | None:
        """Wholesale of the month that ended last; None until it is closed."""
        return self.months.get(self.ended, 0) if self.state == "closed" else None


@dataclass(frozen=True, slots=True)
class Due:
    """The platform's open documents in one currency: how many, what is left, and what is late."""

    currency: str
    count: int
    left: int
    late: int
    late_left: int


@dataclass(frozen=True, slots=True)
class SystemHome:
    """All clouds that the actor sees, by name, and what they owe."""

    clouds: Sequence[CloudLine]
    due: Sequence[Due]


_CLOUDS: Final = """
with month as (
  select c.id, date_trunc('month', ($1::jsonb->>c.timezone)::timestamp)::date as running,
         ($1::jsonb->>c.timezone)::date as today
  from cloud c where $2::bigint is null or c.id = $2
),
subscribed as (
  select m.id as cloud, n.count as now, b.count as before
  from month m
  cross join lateral (
    select count(*)::int as count from (
      select from subscription s where s.cloud = m.id and s.starts_on <= m.today
        and (s.ends_on is null or s.ends_on > m.today) limit $3) one
  ) n
  cross join lateral (
    select count(*)::int as count from (
      select from subscription s where s.cloud = m.id
        and s.starts_on <= m.today - interval '1 month'
        and (s.ends_on is null or s.ends_on > m.today - interval '1 month') limit $3) one
  ) b
)
select c.id, c.slug, c.name, c.currency, c.timezone,
       case when greatest(s.now, s.before) = $3 then coalesce(e.cameras, s.now) else s.now end
         as cameras,
       case when greatest(s.now, s.before) = $3 then coalesce(e.cameras_before, s.before)
            else s.before end as cameras_before,
       (m.running - interval '1 month')::date as ended, coalesce(p.state, 'open') as state,
       coalesce(g.cameras_total, 0) as total, coalesce(t.trouble, '') as trouble, g.closing_at,
       coalesce(jsonb_array_length(g.accepted_gaps), 0) as gaps_accepted,
       (select coalesce(sum(b.cameras), 0)::int from period_batch b
        where b.cloud = p.cloud and b.period = p.id and b.done_at is not null) as done,
       e.cost as estimate, e.as_of
from cloud c
join month m on m.id = c.id
join subscribed s on s.cloud = c.id
left join estimate_sum_books e on e.cloud = c.id and e.month = m.running
  and e.account_manager is null
left join period p on p.cloud = c.id and p.starts_on = (m.running - interval '1 month')::date
left join period_books t on t.id = p.id
left join period_progress g on g.id = p.id
order by lower(c.name), c.slug
"""
# The platform's own documents are those whose issuer is 0.
_WHOLESALE: Final = """
select i.cloud, i.month, sum(i.taxable)::bigint as taxable
from invoice i where i.issuer = 0 and i.month >= $1 and ($2::bigint is null or i.cloud = $2)
group by i.cloud, i.month
"""
_DUE: Final = """
select b.currency, count(*)::int as count, sum(b.left)::bigint as left,
       count(*) filter (where b.overdue)::int as late,
       coalesce(sum(b.left) filter (where b.overdue), 0)::bigint as late_left
from document_balance b where b.issuer = 0 and b.left > 0 group by b.currency order by b.currency
"""


async def get_overview(actor: Actor, *, now: datetime) -> SystemHome:
    """Every cloud that the actor sees, and the platform's open documents to them."""
    async with snapshot(actor) as tx:
        clouds = await tx.fetch(_CLOUDS, await zones.todays(tx, now), None, COUNTED_MAX + 1)
        bought = await _bought(tx, now, None)
        await zones.tell_todays(tx, now)
        due = [Due(**row) for row in await tx.fetch(_DUE)]
    return SystemHome([_line(row, bought[row["id"]]) for row in clouds], due)


async def get(actor: Actor, cloud: CloudFacts, *, now: datetime) -> CloudLine:
    """The line of one cloud as it stands."""
    async with snapshot(actor) as tx:
        row = await tx.fetchrow(_CLOUDS, await zones.todays(tx, now), cloud.id, COUNTED_MAX + 1)
        bought = await _bought(tx, now, cloud.id)
    assert row is not None, "whoever has a cloud's facts sees its line"
    return _line(row, bought[cloud.id])


async def _bought(tx: Transaction, now: datetime, cloud: int | None) -> dict[int, dict[date, int]]:
    """Wholesale of the last months by cloud and first day, of one cloud or of all."""
    found: dict[int, dict[date, int]] = defaultdict(dict)
    for row in await tx.fetch(_WHOLESALE, date(now.year - 1, now.month, 1), cloud):
        found[row["cloud"]][row["month"]] = row["taxable"]
    return found


def _line(row: Record, months: Mapping[date, int]) -> CloudLine:
    facts = {**row, "trouble": told(row["trouble"])}
    del facts["id"]
    return CloudLine(**facts, months=months)
