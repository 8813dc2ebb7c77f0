"""What each tariff and subscriber earned in a period, summed once, for lists read often."""

from __future__ import annotations

from typing import Final

from portal.billing.period import Period
from portal.books.queries.sums.real_use import LAST_TARIFF
from portal.db import Transaction

# Whole margins by tariff: a camera that changed its tariff within the month counts where it was
# last. Cost that no subscription bears is no tariff's. Beside the rows by subscriber there is one
# of all of them.
_WRITE: Final = f"""
with last as ({LAST_TARIFF.format(end="$3")})
insert into tariff_month (cloud, period, tariff, subscriber, cameras, revenue, cost, commission)
select m.cloud, m.period, s.tariff, m.subscriber, count(*), sum(m.revenue), sum(m.cost),
       sum(m.commission)
from margin m join last s on s.camera = m.camera and s.subscriber = m.subscriber
where m.cloud = $1 and m.period = $2
group by grouping sets ((m.cloud, m.period, s.tariff, m.subscriber), (m.cloud, m.period, s.tariff))
"""  # noqa: S608 - ours

_BY_SUBSCRIBER: Final = """
insert into subscriber_month (cloud, period, subscriber, revenue, cost, commission)
select cloud, period, subscriber, sum(revenue), sum(cost), sum(commission) from margin
where cloud = $1 and period = $2 and subscriber is not null group by cloud, period, subscriber
"""


_LOSSES: Final = """
select count(*)::int as losing, coalesce(-sum(margin), 0)::bigint as lost from (
  select sum(revenue - cost - commission) as margin from margin where cloud = $1 and period = $2
  group by camera having sum(revenue - cost - commission) < 0
) one
"""


async def losses(tx: Transaction, cloud: int, period_id: int) -> tuple[int, int]:
    """How many cameras lost money in a period, and how much, by its margins."""
    row = await tx.fetchrow(_LOSSES, cloud, period_id)
    assert row is not None, "a count is a row"
    return row["losing"], row["lost"]


async def write_months(tx: Transaction, cloud: int, period_id: int, period: Period) -> None:
    """Of the period's margins, which are written by now."""
    await tx.execute(_WRITE, cloud, period_id, period.end)
    await tx.execute(_BY_SUBSCRIBER, cloud, period_id)
