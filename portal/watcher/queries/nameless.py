"""Cameras that a Watcher lists without a name: nobody can be billed for them, so it is said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

from portal.billing.reconciliation import Difference, Kind
from portal.db import Transaction
from portal.words import _, ngettext

_NAMELESS: Final = """
select r.connection, max(r.unnamed) as cameras, count(distinct d.day)::int as days,
       min(d.day) as first, max(d.day) as last
from reading r
join unnest($2::date[], $3::timestamptz[], $4::timestamptz[]) as d(day, starts_at, ends_at)
  on r.started_at >= d.starts_at and r.started_at < d.ends_at
where r.cloud = $1 and r.state = 'complete' and r.unnamed > 0
group by r.connection order by r.connection
"""


def days_in_words(first: date, last: date) -> Any:
    """Days as people say them: "2026-10-03 to 2026-10-07"; a single one as it is."""
    if first == last:
        return first
    return _("%(first)s to %(last)s") % {"first": first, "last": last}


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
        detail = ngettext(
            "%(count)s camera without a readable name in connection %(connection)s on %(days)s",
            "%(count)s cameras without a readable name in connection %(connection)s on %(days)s",
            row["cameras"],
        ) % {
            "count": row["cameras"],
            "connection": row["connection"],
            "days": days_in_words(row["first"], row["last"]),
        }
        found.append(Difference(Kind.RECORDED_NOT_BILLED, None, row["days"], 0, detail))
    return found
