"""Cameras that a Watcher lists without a name: nobody can be billed for them, so it is said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from portal.billing.reconciliation import Difference, Kind
from portal.db import Transaction

_NAMELESS: Final = """
select r.connection, max(r.unnamed) as cameras, count(distinct d.day)::int as days,
       min(d.day) as first, max(d.day) as last
from reading r
join unnest($2::date[], $3::timestamptz[], $4::timestamptz[]) as d(day, starts_at, ends_at)
  on r.started_at >= d.starts_at and r.started_at < d.ends_at
where r.cloud = $1 and r.state = 'complete' and r.unnamed > 0
group by r.connection order by r.connection
"""


async def differences(
    tx: Transaction,
    cloud: int,
    days: tuple[Sequence[date], Sequence[datetime], Sequence[datetime]],
) -> list[Difference]:
    """One for each connection whose complete readings met some on one of the days.

    `days` come with their first instants and those of the days after them. What such a camera is
    worth is not known: it has no usage.
    """
    found = []
    for row in await tx.fetch(_NAMELESS, cloud, *days):
        cameras = "1 camera" if row["cameras"] == 1 else f"{row['cameras']} cameras"
        span = str(row["first"])
        if row["first"] != row["last"]:
            span += f" to {row['last']}"
        detail = f"{cameras} without a readable name in connection {row['connection']} on {span}"
        found.append(Difference(Kind.RECORDED_NOT_BILLED, None, row["days"], 0, detail))
    return found
