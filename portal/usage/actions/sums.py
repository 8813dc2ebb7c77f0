"""Keeping what all cameras of a large cloud used in its months."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from portal.billing.period import MonthAt, Period
from portal.db import Transaction
from portal.kit.actions.bulk import copy_rows
from portal.usage.queries import kept_sums, month_sums, sold_days, usage_groups, usage_sums
from portal.usage.queries.seen import seen

CAMERAS_MAX: Final = 2_000
"""The cameras of a cloud whose usage is summed whenever a page asks; of more it is kept."""
MONTHS_AT_ONCE: Final = 3
_FORGET: Final = "delete from usage_sum where cloud = $1 and ($2::date is null or month = $2)"
_COUNT: Final = """
with line as materialized ({lines})
select 'count' as what, 0 as key, count(*) as total, 0 as peak from line
union all select 'count', 1, coalesce(sum(cameras), 0), 0 from line
"""
_VERSION: Final = {"what": "version", "key": 0}
_SUBSCRIBERS: Final = "select array_agg(id) from subscriber where cloud = $1"
# The running month, those whose close has not begun, and of the others those that are not summed
# yet or were changed since: usage came late, or a later close took the marks that it had left. The
# running month comes first, then whichever was summed longest ago.
_DUE: Final = """
select m.month from (
  select $2::date as month union select ($2::date - interval '1 month')::date
  union select starts_on from period where cloud = $1 and starts_on < $2
) m
left join period p on p.cloud = $1 and p.starts_on = m.month and p.state <> 'open'
left join lateral (
  select min(as_of) as as_of from usage_sum s where s.cloud = $1 and s.month = m.month
) k on true
where p.id is null or k.as_of is null
  or exists (select from usage_change c
             where c.cloud = $1 and c.month = m.month and c.changed_at > k.as_of)
  or exists (select from period l where l.cloud = $1 and l.closed_at > k.as_of
             and l.starts_on > m.month and l.starts_on <= m.month + interval '3 months')
order by m.month <> $2, k.as_of nulls first, m.month desc limit $3
"""


async def keep_sums(
    tx: Transaction, cloud: int, cameras: int, *, today: date, now: datetime
) -> None:
    """Sum the months of a cloud with so many cameras anew, as far as they may have changed.

    A cloud of few cameras has none kept: its pages sum them, and are always exact.
    """
    if cameras <= CAMERAS_MAX:
        await tx.execute(_FORGET, cloud, None)
        return
    subscribers = await tx.fetchval(_SUBSCRIBERS, cloud)
    for row in await tx.fetch(_DUE, cloud, Period.of(today).start, MONTHS_AT_ONCE):
        period = Period.of(row["month"])
        month = cloud, period.start, MonthAt(period, today).until
        used = await tx.fetch(month_sums.whole(month_sums.OF_ALL_CAMERAS), *month, None)
        served = await tx.fetch(month_sums.whole(month_sums.OF_SUBSCRIBER), *month, subscribers)
        span = cloud, period.start, period.end, None, None, None
        counted = [
            await tx.fetch(_COUNT.format(lines=seen(usage_sums.CAMERAS)), *span),
            await tx.fetch(_COUNT.format(lines=usage_sums.SUBSCRIBERS), *span),
            await tx.fetch(kept_sums.SUBSCRIBED, *span[:3]),
        ]
        by_version = await tx.fetch(sold_days.BY_VERSION, *month)
        sums: dict[str, Sequence[Mapping[str, Any]]] = {
            "used": [dict(row) for row in (*used, *counted[0], *counted[2])],
            "served": [
                *(dict(row) for row in (*served, *counted[1])),
                *({**row, **_VERSION} for row in by_version),
            ],
            "tariff": await usage_groups.sums(tx, "tariff", *month),
            "referral": await usage_groups.sums(tx, "referral", *month),
        }
        await tx.execute(_FORGET, cloud, period.start)
        await copy_rows(
            tx,
            "usage_sum",
            [
                {
                    "cloud": cloud,
                    "month": period.start,
                    "basis": basis,
                    "kind": one["what"],
                    "of": one.get("of") or 0,
                    "key": one["key"],
                    "total": one["total"],
                    "peak": one["peak"],
                    "as_of": now,
                }
                for basis, rows in sums.items()
                for one in rows
            ],
        )
