"""Completeness: on which days of a month some subscribed camera has no usage at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from portal.billing.period import day_seconds

if TYPE_CHECKING:
    from portal.billing.period import Period
    from portal.db import Connection
    from portal.queries.tenancy import CloudFacts


@dataclass(frozen=True, slots=True)
class Gap:
    """A day that is not covered: of `subscribed` cameras, `missing` have no usage row."""

    day: date
    subscribed: int
    missing: int

    @property
    def message(self) -> str:
        """The gap in one sentence."""
        return f"{self.missing} of {self.subscribed} subscribed cameras have no usage on this day."


# A camera's days are bits of one number, so that the month's usage is read once, in order of its
# key, and grouped by camera alone. Bit 0 is the first day.
_GAPS = """
with seen as materialized (
  select camera, bit_or(1::bigint << (day - $2::date)) as days
  from usage where cloud = $1 and day >= $2 and day < $3 group by camera
),
missing as (
  select s.camera, coalesce(seen.days, 0) as days, s.starts_on, s.ends_on
  from subscription s left join seen on seen.camera = s.camera
  where s.cloud = $1 and s.starts_on < $3 and (s.ends_on is null or s.ends_on > $2)
)
select d.day::date as day,
       count(*) as subscribed,
       count(*) filter (where missing.days & (1::bigint << (d.day::date - $2::date)) = 0) as missing
from generate_series($2::date, $3::date - 1, interval '1 day') d(day)
join missing on missing.starts_on <= d.day::date
            and (missing.ends_on is null or d.day::date < missing.ends_on)
group by d.day
having count(*) filter (where missing.days & (1::bigint << (d.day::date - $2::date)) = 0) > 0
order by d.day
"""


async def gaps(tx: Connection, cloud: CloudFacts, period: Period, *, until: date) -> list[Gap]:
    """The days of `period` before `until` that are not covered, oldest first.

    A date that the cloud's zone skipped (Samoa had no 30 December 2011) needs no usage.
    """
    end = min(period.end, until)
    if end <= period.start:
        return []
    rows = await tx.fetch(_GAPS, cloud.id, period.start, end)
    return [Gap(**row) for row in rows if day_seconds(row["day"], cloud.timezone) > 0]
