"""An operator's overview: its closed months, the running one, and what stands to be done.

Everything is read from what closes and estimates have summed already; nothing here reads usage or
charges, so that it is as quick with 100 000 cameras as with ten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from asyncpg import Record

from portal.access import Actor, Role
from portal.billing.period import Period, local_date, month_before
from portal.db import Transaction, snapshot
from portal.kit.queries.rows import row_of
from portal.kit.queries.tenancy import CloudFacts
from portal.words import told

MONTHS: Final = 12


@dataclass(frozen=True, slots=True)
class MonthFigures:
    """A month by its documents, in minor units: after discounts, before tax.

    Those of a closed month are issued, those of one that waits for its close are drafted. Cost and
    commission are 0 to those who may not see them.
    """

    month: date
    revenue: int
    cost: int
    commission: int

    @property
    def margin(self) -> int:
        """What is left of the revenue."""
        return self.revenue - self.cost - self.commission


@dataclass(frozen=True, slots=True)
class Running:
    """The running month so far, after discounts, before tax; `as_of` is when it was calculated.

    Cost and commission are 0 to those who may not see them.
    """

    month: date
    revenue: int
    cost: int
    commission: int
    as_of: datetime

    @property
    def margin(self) -> int:
        """What is left of the revenue."""
        return self.revenue - self.cost - self.commission


@dataclass(frozen=True, slots=True)
class Ended:
    """How far the close of the month that ended last is; `done` and `total` count cameras."""

    month: date
    state: str
    done: int
    total: int
    closing_at: datetime | None
    closed_at: datetime | None
    trouble: str
    has_cameras: bool


@dataclass(frozen=True, slots=True)
class CloudHome:
    """All of it. `months` are closed ones, oldest first, at most 12; money in `cloud.currency`.

    `waiting` are those of the last twelve that ended and are not closed, as they are drafted.
    `cameras` are subscribed today, `cameras_before` were a month ago.
    """

    cloud: CloudFacts
    today: date
    months: Sequence[MonthFigures]
    waiting: Sequence[MonthFigures]
    running: Running | None
    ended: Ended
    cameras: int
    cameras_before: int


# An account manager sees the sums of the own customers' documents, and of no cost.
_MONTHS: Final = """
select c.starts_on as month, coalesce(s.revenue, 0) as revenue, coalesce(s.cost, 0) as cost,
       coalesce(b.commission, 0) as commission
from (
  select id, starts_on from period where cloud = $1 and state = 'closed'
  order by starts_on desc limit $2
) c
left join lateral (
  select coalesce(sum(i.taxable) filter (where i.side = 'retail'), 0)::bigint as revenue,
         coalesce(sum(i.taxable) filter (where i.side = 'wholesale'), 0)::bigint as cost
  from invoice_sum i where i.cloud = $1 and i.month = c.starts_on
) s on true
left join period_books b on b.id = c.id
order by c.starts_on
"""
# Months that ended and wait for their close, as a draft has them.
_WAITING: Final = """
select d.month, d.revenue, d.wholesale as cost, d.commission from draft d
where d.cloud = $1 and d.month >= $2 and d.month < $3 and not exists (
  select from period p where p.cloud = d.cloud and p.starts_on = d.month and p.state = 'closed')
order by d.month
"""
# The months come first: each draft would be asked whether its month is closed.
_OWN_WAITING: Final = """
with waiting as materialized (
  select m.month::date as month
  from generate_series($2::date, $3::date - 1, interval '1 month') m (month)
  where not exists (
    select from period p where p.cloud = $1 and p.starts_on = m.month and p.state = 'closed')
)
select d.month, sum(d.taxable)::bigint as revenue, 0::bigint as cost, 0::bigint as commission
from draft_invoice d
where d.cloud = $1 and d.month = any(array(select month from waiting)) and d.type is not null
  and d.subscriber = any(array(select m.id from managed_subscriber m))
group by d.month order by d.month
"""
# An account manager sees the row of the own subscribers, everybody else that of the whole cloud.
_RUNNING: Final = """
select e.month, e.revenue, coalesce(b.cost, 0) as cost, coalesce(b.commission, 0) as commission,
       e.as_of, e.cameras as now, e.cameras_before as before
from estimate_sum e
left join estimate_sum_books b on b.cloud = e.cloud and b.month = e.month
  and b.account_manager is null
where e.cloud = $1 and e.month = $2 and e.account_manager is not distinct from $3
"""
_ENDED: Final = """
select p.state, g.cameras_total as total, g.closing_at, g.closed_at,
       coalesce(t.trouble, '') as trouble,
       (select coalesce(sum(b.cameras), 0)::int from period_batch b
        where b.cloud = p.cloud and b.period = p.id and b.done_at is not null) as done
from period p left join period_books t on t.id = p.id
left join period_progress g on g.id = p.id where p.cloud = $1 and p.starts_on = $2
"""
COUNTED_MAX: Final = 2_000
"""Subscriptions that are counted as they are; of more the last estimate has counted them."""
_SUBSCRIBED: Final = """
select (select count(*)::int from (
          select from subscription where cloud = $1 and starts_on <= $2
            and (ends_on is null or ends_on > $2) limit $6) one) as now,
       (select count(*)::int from (
          select from subscription where cloud = $1 and starts_on <= $3
            and (ends_on is null or ends_on > $3) limit $6) one) as before,
       exists (select from subscription where cloud = $1 and starts_on < $5
               and (ends_on is null or ends_on > $4)) as ended
"""


async def twelve_months(
    actor: Actor, cloud: CloudFacts, *, now: datetime
) -> tuple[Sequence[MonthFigures], Sequence[MonthFigures], Running | None]:
    """The closed months, those that wait for their close, and the running one, of what is seen."""
    async with snapshot(actor) as tx:
        running = Period.of(local_date(now, cloud.timezone))
        so_far = await _so_far(tx, actor, cloud, running)
        return (
            await _closed(tx, cloud),
            await _waiting(tx, actor, cloud, running),
            None if so_far is None else row_of(Running, so_far),
        )


async def get(actor: Actor, cloud: CloudFacts, *, now: datetime) -> CloudHome:
    """A cloud, as far as the actor sees it."""
    async with snapshot(actor) as tx:
        today = local_date(now, cloud.timezone)
        running = Period.of(today)
        ended = running.previous()
        so_far = await _so_far(tx, actor, cloud, running)
        of = cloud.id, today, month_before(today), ended.start, ended.end
        # Without an estimate all are counted, however many.
        most = 2**31 - 1 if so_far is None else COUNTED_MAX + 1
        subscribed = await tx.fetchrow(_SUBSCRIBED, *of, most)
        assert subscribed is not None, "counts are always there"
        counts = subscribed
        if so_far is not None and most in {subscribed["now"], subscribed["before"]}:
            counts = so_far
        return CloudHome(
            cloud=cloud,
            today=today,
            months=await _closed(tx, cloud),
            waiting=await _waiting(tx, actor, cloud, running),
            running=None if so_far is None else row_of(Running, so_far),
            ended=await _ended(tx, cloud, ended, has_cameras=subscribed["ended"]),
            cameras=counts["now"],
            cameras_before=counts["before"],
        )


async def _closed(tx: Transaction, cloud: CloudFacts) -> list[MonthFigures]:
    rows = await tx.fetch(_MONTHS, cloud.id, MONTHS)
    return [MonthFigures(**row) for row in rows]


async def _waiting(
    tx: Transaction, actor: Actor, cloud: CloudFacts, running: Period
) -> list[MonthFigures]:
    query = _OWN_WAITING if actor.role is Role.ACCOUNT_MANAGER else _WAITING
    rows = await tx.fetch(query, cloud.id, running.back(MONTHS).start, running.start)
    return [MonthFigures(**row) for row in rows]


async def _so_far(
    tx: Transaction, actor: Actor, cloud: CloudFacts, period: Period
) -> Record | None:
    """The row of the running month's sums that the actor sees."""
    manager = actor.user if actor.role is Role.ACCOUNT_MANAGER else None
    return await tx.fetchrow(_RUNNING, cloud.id, period.start, manager)


async def _ended(tx: Transaction, cloud: CloudFacts, period: Period, *, has_cameras: bool) -> Ended:
    row = await tx.fetchrow(_ENDED, cloud.id, period.start)
    if row is None:
        return Ended(period.start, "open", 0, 0, None, None, "", has_cameras)
    facts = {**row, "trouble": told(row["trouble"])}
    return Ended(month=period.start, has_cameras=has_cameras, **facts)
