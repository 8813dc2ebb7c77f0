"""Days that complete readings cover: every connection of the cloud was walked to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import date

    from portal.db import Connection
    from portal.queries.tenancy import CloudFacts

_COVERED: Final = """
with living as (
  select c.id, (c.created_at at time zone $4)::date as since,
         (c.ended_at at time zone $4)::date as until
  from connection c where c.cloud = $1
), walked as (
  select r.connection, (r.started_at at time zone $4)::date as day
  from reading r
  where r.cloud = $1 and r.state = 'complete'
    and r.started_at >= $2::timestamp at time zone $4
    and r.started_at < $3::timestamp at time zone $4
  group by 1, 2
)
select d.day::date as day
from generate_series($2::date, $3::date - 1, interval '1 day') as d(day)
join living l on l.since <= d.day::date and (l.until is null or d.day::date < l.until)
left join walked w on w.connection = l.id and w.day = d.day::date
group by d.day having bool_and(w.connection is not null)
"""


async def by_readings(tx: Connection, cloud: CloudFacts, start: date, end: date) -> frozenset[date]:
    """The days of `[start, end)`, in the cloud's zone, that complete readings cover."""
    rows = await tx.fetch(_COVERED, cloud.id, start, end, cloud.timezone)
    return frozenset(row["day"] for row in rows)
