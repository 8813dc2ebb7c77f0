"""How many days cameras were on each version of a tariff in a month: what was sold of services."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from portal.billing.period import Period
from portal.db import Transaction
from portal.usage.queries import kept_sums

BY_VERSION: Final = """
select v.id as of, sum(o.after - o.first)::bigint as total, count(distinct x.camera) as peak
from (
  select v.id, v.tariff, v.valid_from, lead(v.valid_from) over (
    partition by v.tariff order by v.valid_from) as valid_until
  from tariff_version v where v.cloud = $1
) v
join subscription x on x.cloud = $1 and x.tariff = v.tariff and x.starts_on < $3
  and (x.ends_on is null or x.ends_on > $2)
cross join lateral (
  select greatest(x.starts_on, v.valid_from, $2) as first,
         least(x.ends_on, v.valid_until, $3) as after
) o
where o.after > o.first group by v.id
"""
"""Of a cloud ($1), on the days from $2 to before $3: the version (row id), days, and cameras."""


@dataclass(frozen=True, slots=True)
class SoldDays:
    """A version of a tariff (row ids): `days` are camera-days on it, of so many cameras."""

    version: int
    days: int
    cameras: int


async def by_version(
    tx: Transaction, cloud: int, period: Period, until: date, *, whole: bool
) -> list[SoldDays]:
    """Of each version that cameras were on before `until`; as they are kept, of a large cloud.

    Who does not see the `whole` of it has what they see, counted as it is.
    """
    rows = []
    if whole:
        rows = await kept_sums.versions(tx, cloud, period)
    if not rows:
        rows = await tx.fetch(BY_VERSION, cloud, period.start, until)
    return [
        SoldDays(version=row["of"], days=int(row["total"]), cameras=int(row["peak"]))
        for row in rows
    ]
