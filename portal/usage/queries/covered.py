"""Days that complete readings cover: every connection of the cloud was walked to its end."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from portal.billing.period import day_starts
from portal.db import Transaction
from portal.kit.queries.tenancy import CloudFacts

# Which day an instant is in, the bounds of the days say: they are the cloud's zone, made in Python.
_COVERED: Final = """
select d.day
from unnest($2::date[], $3::timestamptz[], $4::timestamptz[]) as d(day, starts_at, ends_at)
join connection c on c.cloud = $1 and c.created_at < d.ends_at
  and (c.ended_at is null or c.ended_at >= d.ends_at)
group by d.day having bool_and(exists (
  select from reading r where r.cloud = $1 and r.connection = c.id and r.state = 'complete'
    and r.started_at >= d.starts_at and r.started_at < d.ends_at))
"""


async def days_covered_by_readings(
    tx: Transaction, cloud: CloudFacts, start: date, end: date
) -> frozenset[date]:
    """The days of `[start, end)`, in the cloud's zone, that complete readings cover."""
    days = [start + timedelta(days=n) for n in range((end - start).days)]
    bounds = day_starts(start, end, cloud.timezone)
    rows = await tx.fetch(_COVERED, cloud.id, days, bounds[:-1], bounds[1:])
    return frozenset(row["day"] for row in rows)
