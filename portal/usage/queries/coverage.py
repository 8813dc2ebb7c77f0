"""Completeness: what `billing.coverage` needs to know of a month, read at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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
# cameras miss, each pattern once. What was sold and what was used are gathered together, and not
# joined: where many rows were just written PostgreSQL takes them for few, and would go through all
# of the one for each of the other.
MISSED = f"""
select days, count(*)::int as cameras from (
  select bit_or(sold) & ~bit_or(used) as days from (
    select s.camera, 0::bigint as used,
           {span("s.starts_on", "least(s.ends_on, $3)", "$2::date")}::bigint as sold
    from subscription s
    where s.cloud = $1 and s.starts_on < $3 and (s.ends_on is null or s.ends_on > $2)
    union all
    select u.camera, u.days::bigint, 0 from seen_usage u where u.cloud = $1 and u.month = $2
  ) told group by camera
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


# What workers have kept, unless something changed since. With effect inside a month whose close has
# begun only usage can change, and that says its month.
_KEPT: Final = """
select k.subscribed, k.missing from missing_days k
where k.cloud = $1 and k.month = $2 and k.until >= $3 and not exists (
  select from draft_mark d
  where d.cloud = $1 and (d.month <= $2 or (d.month is null and not k.begun)))
"""


@dataclass(frozen=True, slots=True)
class Counted:
    """Cameras by day, from the first of some days on: `subscribed`, and those without usage.

    Both are 0 on a day on which none is `missing`.
    """

    subscribed: Sequence[int]
    missing: Sequence[int]


async def count(tx: Transaction, cloud: int, days: Period) -> Counted:
    """Count the cameras that lack usage on each of some days of a month, from all its rows."""
    missing = [0] * days.days
    for row in await tx.fetch(seen(MISSED, of_all=True), cloud, days.start, days.end):
        for index in range(days.days):
            if row["days"] >> index & 1:
                missing[index] += row["cameras"]
    lacking = [day for day, cameras in zip(days, missing, strict=True) if cameras]
    rows = await tx.fetch(_SUBSCRIBED, cloud, lacking)
    subscribed = {row["day"]: row["cameras"] for row in rows}
    return Counted([subscribed.get(day, 0) for day in days], missing)


async def gaps(
    tx: Transaction, cloud: CloudFacts, period: Period, *, until: date, kept: bool = False
) -> list[Gap]:
    """The days of `period` before `until` that are not covered, oldest first.

    A date that the cloud's zone skipped needs no usage. With `kept`, which reads no camera where
    nothing changed since workers counted, the answer is the same.
    """
    over = period.overlap(period.start, until)
    if over is None:
        return []
    read = await days_read(tx, cloud, over)
    days = coverage.known_days(over.start, over.end, cloud.timezone)
    if read.issuperset(days):
        return []
    row = await tx.fetchrow(_KEPT, cloud.id, over.start, over.end) if kept else None
    counted = await count(tx, cloud.id, over) if row is None else Counted(**row)
    by_day = list(zip(over, counted.subscribed, counted.missing, strict=False))
    return coverage.gaps(
        days,
        read,
        {day: subscribed for day, subscribed, _missing in by_day},
        {day: subscribed - missing for day, subscribed, missing in by_day},
    )


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
        return await gaps(tx, cloud, period, until=local_date(now, cloud.timezone), kept=True)
