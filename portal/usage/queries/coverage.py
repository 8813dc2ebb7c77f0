"""Completeness: what `billing.coverage` needs to know of a month, read at once."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from portal.access import Actor
from portal.billing import coverage
from portal.billing.coverage import Connected, Gap
from portal.billing.period import Period, day_starts, local_date
from portal.db import Transaction, snapshot
from portal.kit.queries.tenancy import CloudFacts
from portal.usage.queries.seen import seen

# Which day an instant is in, the bounds of the days say: they are the cloud's zone, made in Python.
_CONNECTED: Final = """
select c.created_at, c.ended_at, array(
  select d.day from unnest($2::date[], $3::timestamptz[], $4::timestamptz[])
    as d(day, starts_at, ends_at)
  where exists (
    select from reading r where r.cloud = c.cloud and r.connection = c.id and r.state = 'complete'
      and r.started_at >= d.starts_at and r.started_at < d.ends_at)) as days
from connection c where c.cloud = $1
"""


async def days_read(tx: Transaction, cloud: CloudFacts, period: Period) -> frozenset[date]:
    """The days of a period, in the cloud's zone, that complete readings cover."""
    days = list(period)
    bounds = day_starts(period.start, period.end, cloud.timezone)
    rows = await tx.fetch(_CONNECTED, cloud.id, days, bounds[:-1], bounds[1:])
    return coverage.days_read(
        dict(zip(days, bounds[1:], strict=True)),
        [
            Connected(since=row["created_at"], until=row["ended_at"], read=frozenset(row["days"]))
            for row in rows
        ],
    )


# A camera's days are bits of one number, bit 0 the first: each meter's are kept with its row.
_REPORTED = """
with seen as materialized (
  select camera, bit_or(days) as days from seen_usage
  where cloud = $1 and month = $2 group by camera
),
held as (
  select s.camera, coalesce(seen.days, 0) as days, s.starts_on, s.ends_on
  from subscription s left join seen on seen.camera = s.camera
  where s.cloud = $1 and s.starts_on < $3 and (s.ends_on is null or s.ends_on > $2)
)
select d.day::date as day,
       count(*) as subscribed,
       count(*) filter (where held.days & (1 << (d.day::date - $2::date)) <> 0) as reported
from generate_series($2::date, $3::date - 1, interval '1 day') d(day)
join held on held.starts_on <= d.day::date
         and (held.ends_on is null or d.day::date < held.ends_on)
group by d.day
"""


async def gaps(tx: Transaction, cloud: CloudFacts, period: Period, *, until: date) -> list[Gap]:
    """The days of `period` before `until` that are not covered, oldest first.

    A date that the cloud's zone skipped needs no usage.
    """
    over = period.overlap(period.start, until)
    if over is None:
        return []
    read = await days_read(tx, cloud, over)
    days = coverage.known_days(over.start, over.end, cloud.timezone)
    if read.issuperset(days):
        return []
    rows = await tx.fetch(seen(_REPORTED, of_all=True), cloud.id, over.start, over.end)
    return coverage.gaps(
        days,
        read,
        {row["day"]: row["subscribed"] for row in rows},
        {row["day"]: row["reported"] for row in rows},
    )


async def of_month(actor: Actor, cloud: CloudFacts, period: Period, *, now: datetime) -> list[Gap]:
    """The days of a month of a cloud, up to yesterday, on which usage is missing."""
    async with snapshot(actor) as tx:
        return await gaps(tx, cloud, period, until=local_date(now, cloud.timezone))
