"""Completeness: what `billing.coverage` needs to know of a month, read at once."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from typing import Final

from portal.access import Actor
from portal.billing import coverage
from portal.billing.coverage import Connected, Gap
from portal.billing.period import Period, day_starts, local_date
from portal.db import Transaction, snapshot
from portal.kit.queries.tenancy import CloudFacts
from portal.tables.usage_days import column_of, span
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


# Days are bits of one number, bit 0 the first: each meter's are kept with its row. The days that
# subscriptions miss, each pattern once.
_MISSED = f"""
with seen as materialized (
  select u.camera, bit_or(u.days) as days from seen_usage u
  where u.cloud = $1 and u.month = $2 group by u.camera
)
select days, count(*)::int as cameras from (
  select {span("s.starts_on", "least(s.ends_on, $3)", "$2::date")} & ~coalesce(seen.days, 0) as days
  from subscription s left join seen on seen.camera = s.camera
  where s.cloud = $1 and s.starts_on < $3 and (s.ends_on is null or s.ends_on > $2)
) missed
where days <> 0 group by days
"""  # noqa: S608 - ours
_SUBSCRIBED = """
select d.day, count(*)::int as cameras
from unnest($2::date[]) as d(day)
join subscription s on s.cloud = $1 and s.starts_on <= d.day
  and (s.ends_on is null or d.day < s.ends_on)
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
    missing: Counter[date] = Counter()
    for row in await tx.fetch(seen(_MISSED, of_all=True), cloud.id, over.start, over.end):
        for index, day in enumerate(over):
            if row["days"] >> index & 1:
                missing[day] += row["cameras"]
    rows = await tx.fetch(_SUBSCRIBED, cloud.id, list(missing))
    subscribed = {row["day"]: row["cameras"] for row in rows}
    reported = {day: count - missing[day] for day, count in subscribed.items()}
    return coverage.gaps(days, read, subscribed, reported)


_MISSING_ON = """
select s.camera from subscription s
where s.cloud = $1 and s.starts_on <= {at} and (s.ends_on is null or s.ends_on > {at})
except
select u.camera from seen_usage u
where u.cloud = $1 and u.month = date_trunc('month', {at}::timestamp)::date
  and u.{column} is not null
"""


def missing_on(day: date, at: str) -> str:
    """The select of cameras (row ids) of a cloud, $1, that a gap on `day` counts; `at` names it."""
    return seen(_MISSING_ON.format(at=at, column=column_of(day)), of_all=True)


async def of_month(actor: Actor, cloud: CloudFacts, period: Period, *, now: datetime) -> list[Gap]:
    """The days of a month of a cloud, up to yesterday, on which usage is missing."""
    async with snapshot(actor) as tx:
        return await gaps(tx, cloud, period, until=local_date(now, cloud.timezone))
