"""Periods: their state, how far a close has come, and what it made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from portal.access import Actor
from portal.billing.period import Period, local_date, month_at
from portal.db import Transaction, snapshot
from portal.errors import NotFound
from portal.kit.queries.tenancy import CloudFacts
from portal.usage.queries import coverage, months
from portal.words import Sentence, _, told


@dataclass(frozen=True, slots=True)
class Unrated:
    """Usage of a service on a day without a rate: charged to nobody."""

    service: str
    day: date
    cameras: int


@dataclass(frozen=True, slots=True)
class LateUsage:
    """Cameras whose usage changed in a month too old to be corrected by itself."""

    period: Period
    cameras: int


@dataclass(frozen=True, slots=True)
class PeriodFacts:
    """A cloud's month. Totals are sums of charges, and commissions, in minor units.

    They are 0, and `trouble` is empty, to those who may not know them.

    `done` and `total` count cameras. `gaps` are the days that are not covered: those accepted, once
    the close has begun, with the `accepted_reason`.
    """

    period: Period
    currency: str
    state: str
    done: int
    total: int
    gaps: Sequence[date]
    retail: int
    wholesale: int
    commission: int
    closing_at: datetime | None
    closed_at: datetime | None
    trouble: str
    accepted_reason: str
    unrated: Sequence[Unrated]
    late_usage: Sequence[LateUsage]


_PERIOD: Final = """
select p.id, p.state, g.accepted_gaps, g.accepted_reason, g.cameras_total,
       coalesce(t.retail, 0) as retail,
       coalesce(t.wholesale, 0) as wholesale, coalesce(t.commission, 0) as commission,
       g.closing_at, g.closed_at, coalesce(t.trouble, '') as trouble,
       (select coalesce(sum(b.cameras), 0)::int from period_batch b
        where b.cloud = p.cloud and b.period = p.id and b.done_at is not null) as done
from period p left join period_books t on t.id = p.id
left join period_progress g on g.id = p.id where p.cloud = $1 and p.starts_on = $2
"""
_SUMS: Final = """
select coalesce(sum(amount) filter (where side = 'retail'), 0)::bigint as retail,
       coalesce(sum(amount) filter (where side = 'wholesale'), 0)::bigint as wholesale
from charge where cloud = $1 and period = $2
"""


async def get(actor: Actor, cloud: CloudFacts, period: Period, *, now: datetime) -> PeriodFacts:
    """A cloud's month; one that nobody has touched is open.

    Raises `NotFound` for one that has not begun in the cloud's zone or is before any data.
    """
    async with snapshot(actor) as tx:
        await months.check(tx, actor, cloud, month_at(period, now, cloud.timezone))
        row = await tx.fetchrow(_PERIOD, cloud.id, period.start)
        if row is None or row["state"] == "open":
            today = local_date(now, cloud.timezone)
            gaps = await coverage.gaps(tx, cloud, period, until=today, kept=True)
            return PeriodFacts(
                period=period,
                currency=cloud.currency,
                state="open",
                done=0,
                total=0,
                gaps=[gap.day for gap in gaps],
                retail=0,
                wholesale=0,
                commission=0,
                closing_at=None,
                closed_at=None,
                trouble="",
                accepted_reason="",
                unrated=(),
                late_usage=(),
            )
        retail, wholesale = row["retail"], row["wholesale"]
        if row["state"] == "closing":
            (sums,) = await tx.fetch(_SUMS, cloud.id, row["id"])
            retail, wholesale = sums["retail"], sums["wholesale"]
        return PeriodFacts(
            period=period,
            currency=cloud.currency,
            state=row["state"],
            done=row["done"],
            total=row["cameras_total"],
            gaps=[date.fromisoformat(day) for day in row["accepted_gaps"]],
            retail=retail,
            wholesale=wholesale,
            commission=row["commission"],
            closing_at=row["closing_at"],
            closed_at=row["closed_at"],
            trouble=told(row["trouble"]),
            accepted_reason=Sentence(row["accepted_reason"] or ""),
            unrated=await _unrated(tx, cloud, row["id"]),
            late_usage=await _late_usage(tx, cloud, period.back(3).start),
        )


async def _unrated(tx: Transaction, cloud: CloudFacts, period_id: int) -> list[Unrated]:
    rows = await tx.fetch(
        "select s.code as service, u.day, sum(u.cameras)::int as cameras from unrated_usage u"
        " join service s on s.id = u.service where u.cloud = $1 and u.period = $2"
        " group by s.code, u.day order by s.code, u.day",
        cloud.id,
        period_id,
    )
    return [Unrated(**row) for row in rows]


async def _late_usage(tx: Transaction, cloud: CloudFacts, before: date) -> list[LateUsage]:
    rows = await tx.fetch(
        "select month, count(*)::int as cameras from usage_change"
        " where cloud = $1 and month < $2 and settled is null group by month order by month",
        cloud.id,
        before,
    )
    return [LateUsage(Period.of(row["month"]), cameras=row["cameras"]) for row in rows]


@dataclass(frozen=True, slots=True)
class PeriodLine:
    """A month in the list of a cloud's months. Charges and commission as in `PeriodFacts`.

    `revenue` and `cost` are what its documents come to after discount, before tax. Of `documents`
    to subscribers `sent` have gone by e-mail; both are 0 to who sees some of them only.

    `done` and `total` count cameras, `gaps` the days that were accepted without complete usage.
    """

    month: date
    state: str
    done: int
    total: int
    gaps: int
    retail: int
    wholesale: int
    commission: int
    revenue: int
    cost: int
    closing_at: datetime | None
    closed_at: datetime | None
    trouble: str
    documents: int
    sent: int

    @property
    def margin(self) -> int | None:
        """What is left of its revenue; None while it is not closed."""
        return self.revenue - self.cost - self.commission if self.state == "closed" else None


# From the first month in which a camera was subscribed, or that was closed, to the running one: all
# of them, or only the month $3. What a month came to is looked up month by month.
_LINES: Final = """
with first as (
  select least(
    (select min(s.starts_on) from subscription s where s.cloud = $1),
    (select min(p.starts_on) from period p where p.cloud = $1 and p.state <> 'open')) as day
)
select m.month::date as month, coalesce(p.state, 'open') as state,
       case p.state when 'closing' then
         (select coalesce(sum(b.cameras), 0) from period_batch b
          where b.cloud = p.cloud and b.period = p.id and b.done_at is not null)
       else coalesce(g.cameras_total, 0) end::int as done,
       coalesce(g.cameras_total, 0) as total,
       coalesce(jsonb_array_length(g.accepted_gaps), 0) as gaps, coalesce(t.retail, 0) as retail,
       coalesce(t.wholesale, 0) as wholesale, coalesce(t.commission, 0) as commission,
       coalesce(i.revenue, 0) as revenue, coalesce(i.cost, 0) as cost,
       g.closing_at, g.closed_at, coalesce(t.trouble, '') as trouble,
       coalesce(i.documents, 0) as documents, coalesce(s.sent, 0) as sent
from first, generate_series(date_trunc('month', first.day), $2::date, interval '1 month') m(month)
left join period p on p.cloud = $1 and p.starts_on = m.month::date
left join period_books t on t.id = p.id
left join period_progress g on g.id = p.id
left join lateral (
  select sum(taxable) filter (where side = 'retail')::bigint as revenue,
         sum(taxable) filter (where side = 'wholesale')::bigint as cost,
         sum(documents) filter (where side = 'retail')::int as documents
  from invoice_sum where cloud = $1 and month = m.month::date
) i on true
left join sending_sum s on s.cloud = $1 and s.month = m.month::date
where $3::date is null or m.month = $3::date
order by m.month desc
"""


async def list_page(actor: Actor, cloud: CloudFacts, *, now: datetime) -> list[PeriodLine]:
    """A cloud's months, the running one first."""
    return await _lines(actor, cloud, None, now)


async def line_of(actor: Actor, cloud: CloudFacts, period: Period, *, now: datetime) -> PeriodLine:
    """One of a cloud's months as `list_page` has it, without reading the others.

    Raises `NotFound` for one that the list has not.
    """
    for line in await _lines(actor, cloud, period, now):
        return line
    raise NotFound(_("Nothing was subscribed in %(key)s or before.") % {"key": period.key})


async def _lines(
    actor: Actor, cloud: CloudFacts, period: Period | None, now: datetime
) -> list[PeriodLine]:
    running = Period.of(local_date(now, cloud.timezone))
    only = None if period is None else period.start
    async with snapshot(actor) as tx:
        rows = await tx.fetch(_LINES, cloud.id, running.start, only)
    return [PeriodLine(**{**row, "trouble": told(row["trouble"])}) for row in rows]
