"""What all cameras of a large cloud used in a month, as the last estimate found it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from asyncpg import Record

from portal.billing.period import Period
from portal.db import Transaction

SumRow = Mapping[str, Any] | Record
"""(what, of, key, total, peak), as a row of SQL."""


@dataclass(frozen=True, slots=True)
class KeptSums:
    """Rows as `month_sums.whole` has them, and of when they are."""

    rows: Sequence[SumRow]
    as_of: datetime

    @property
    def lines(self) -> int:
        """How many cameras or customers the month has."""
        return self._count(0)

    @property
    def cameras(self) -> int:
        """How many cameras these are, one of two customers twice."""
        return self._count(1)

    def _count(self, key: int) -> int:
        return sum(
            int(row["total"]) for row in self.rows if row["what"] == "count" and row["key"] == key
        )


SUBSCRIBED: Final = """
select 'count' as what, 2 as key, count(distinct p.camera) as total, 0 as peak from subscription p
where p.cloud = $1 and p.starts_on < $3 and (p.ends_on is null or p.ends_on > $2)
"""
"""The row of a cloud that counts the cameras subscribed in a month."""
_KEPT: Final = """
select cloud, kind as what, of, key, total, peak, as_of from usage_sum
where month = $1 and basis = $2 and ($3::bigint is null or cloud = $3)
"""
_VERSIONS: Final = """
select of, total, peak from usage_sum
where cloud = $1 and month = $2 and basis = 'served' and kind = 'version'
"""


async def find(tx: Transaction, cloud: int, period: Period, basis: str) -> KeptSums | None:
    """A cloud's: "used", "served", or by "tariff" or "referral"; None where none are kept."""
    return (await _find(tx, period, basis, cloud)).get(cloud)


async def versions(tx: Transaction, cloud: int, period: Period) -> list[Record]:
    """Days and cameras by version of a tariff, as `sold_days.BY_VERSION`; none where none are."""
    return await tx.fetch(_VERSIONS, cloud, period.start)


async def by_cloud(tx: Transaction, period: Period) -> Mapping[int, KeptSums]:
    """What cameras used, of each cloud that the actor sees and that has kept sums.

    Beside the rows of all there are those of the cloud, as `month_sums.each` has them.
    """
    found = await _find(tx, period, "used", None)
    return {
        cloud: KeptSums([*kept.rows, *_of_cloud(cloud, kept.rows)], kept.as_of)
        for cloud, kept in found.items()
    }


def _of_cloud(cloud: int, rows: Sequence[SumRow]) -> list[SumRow]:
    days = sum(int(row["total"]) for row in rows if row["what"] == "day")
    meters: list[SumRow] = [
        {**row, "what": "of", "of": cloud} for row in rows if row["what"] == "meter"
    ]
    return [*meters, {"what": "days", "of": cloud, "key": 0, "total": days, "peak": 0}]


async def _find(
    tx: Transaction, period: Period, basis: str, cloud: int | None
) -> dict[int, KeptSums]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in await tx.fetch(_KEPT, period.start, basis, cloud):
        found[row["cloud"]].append(row)
    return {one: KeptSums(rows, rows[0]["as_of"]) for one, rows in found.items()}
