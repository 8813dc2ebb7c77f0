"""What cameras cost in a closed month: of a tariff, of a depth of archive, of all by service.

Sums are kept once a worker has made them, soon after the close. Until then they are worked out when
they are asked for, and are the same: charges of a closed month never change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Final

from asyncpg import Record

from portal.access import SYSTEM
from portal.billing.charge import exact_sum
from portal.billing.period import Period
from portal.db import Transaction, snapshot

LAST_TARIFF: Final = """
select distinct on (s.camera, s.subscriber) s.camera, s.subscriber, s.tariff
from subscription s where s.cloud = $1 and s.starts_on < {end}
order by s.camera, s.subscriber, s.starts_on desc
"""
"""The tariff that a camera was on last with each subscriber, of a cloud ($1) before a day."""
_CHARGED: Final = f"""
select 'retail' as kind, l.tariff as of, null::bigint as service,
       count(distinct h.camera)::int as cameras, sum(h.amount)::bigint as amount,
       '{{}}'::numeric[] as numerators, '{{}}'::numeric[] as denominators
from charge h
join ({LAST_TARIFF.format(end="$4::date")}) l on l.camera = h.camera and l.subscriber = h.subscriber
where h.cloud = $1 and h.period = $2 and h.side = 'retail' and $3::date < $4 group by l.tariff
"""  # noqa: S608 - ours
# A camera's deepest archive stands beside its tariff: both are what cost is summed by. A camera
# that was on two tariffs counts in both.
MADE: Final = f"""
with part as materialized (
  select camera, service, quantity_denominator as denominator, sum(quantity_numerator) as numerator,
         sum(amount) as amount
  from charge
  where cloud = $1 and period = $2 and original_period = $3 and side = 'wholesale'
  group by camera, service, quantity_denominator
), spent as materialized (
  select camera, service, sum(amount) as amount from part group by camera, service
), chosen as (
  select distinct 'tariff' as kind, s.tariff as of, s.camera from subscription s
  where s.cloud = $1 and s.starts_on < $4 and (s.ends_on is null or s.ends_on > $3)
  union all
  select 'depth', max(u.peak), u.camera from usage u
  join meter m on m.id = u.meter and m.key like 'recording.%.depth'
  where u.cloud = $1 and u.month >= $3 and u.month < $4 group by u.camera
), quantities as (
  select service, array_agg(numerator) as numerators, array_agg(denominator) as denominators
  from (select service, denominator, sum(numerator) as numerator from part
        group by service, denominator) one
  group by service
)
select c.kind, c.of, s.service, count(distinct c.camera)::int as cameras,
       coalesce(sum(s.amount), 0)::bigint as amount, '{{}}'::numeric[] as numerators,
       '{{}}'::numeric[] as denominators
from chosen c left join spent s on s.camera = c.camera
group by c.kind, c.of, rollup(s.service)
having grouping(s.service) = 1 or s.service is not null
union all
select 'all', 0, s.service, count(distinct s.camera)::int, coalesce(sum(s.amount), 0)::bigint,
       case grouping(s.service) when 0 then max(q.numerators) else '{{}}' end,
       case grouping(s.service) when 0 then max(q.denominators) else '{{}}' end
from spent s left join quantities q on q.service = s.service
group by rollup(s.service)
union all {_CHARGED}
"""  # noqa: S608 - ours
"""The rows of a month: of a cloud ($1) and period ($2) that begins on $3 and ends before $4."""
_KEPT: Final = """
select kind, of, service, cameras, amount, numerators, denominators from real_use
where cloud = $1 and period = $2 and $3::date < $4
"""
_IS_KEPT: Final = """
select exists (select from real_use
               where cloud = $1 and period = $2 and kind = 'all' and service is null)
"""
_OF_SOME: Final = " where kind = 'depth' or kind = 'tariff' and of = any($5::bigint[])"
_OF_ALL: Final = " where kind = 'all' and service is not null"
# Of each cloud the last month that is closed.
_DUE: Final = """
select p.id from cloud c cross join lateral (
  select p.id from period p where p.cloud = c.id and p.state = 'closed'
  order by p.starts_on desc limit 1
) p
where not exists (select from real_use u where u.cloud = c.id and u.period = p.id
                  and u.kind = 'all' and u.service is null)
order by p.id
"""


@dataclass(frozen=True, slots=True)
class ClosedMonth:
    """A cloud's closed month by row ids."""

    cloud: int
    id: int
    period: Period

    @property
    def facts(self) -> tuple[int, int, date, date]:
        """The arguments of `MADE`."""
        return self.cloud, self.id, self.period.start, self.period.end


@dataclass(frozen=True, slots=True)
class Use:
    """What cameras cost in a closed month, by service id, in minor units before discount."""

    cameras: int
    sums: Mapping[int, int]
    alike: bool = False

    @property
    def total(self) -> int:
        """Of all services."""
        return sum(self.sums.values())


@dataclass(frozen=True, slots=True)
class Uses:
    """Use by tariff's row id, and by depth in base units."""

    by_tariff: Mapping[int, Use]
    by_depth: Mapping[int, Use]


@dataclass(frozen=True, slots=True)
class Used:
    """A service as all cameras used it: exact units, and minor units before discount."""

    quantity: Fraction
    amount: int


async def is_kept(tx: Transaction, month: ClosedMonth) -> bool:
    """Whether the sums of a month have been made."""
    return bool(await tx.fetchval(_IS_KEPT, month.cloud, month.id))


async def uses(tx: Transaction, month: ClosedMonth | None, tariffs: Sequence[int]) -> Uses:
    """Of some tariffs, and of every depth; nothing before a month is closed."""
    found: dict[str, dict[int, Use]] = {"tariff": {}, "depth": {}}
    if month is not None:
        sums: dict[tuple[str, int], dict[int, int]] = {}
        rows = await _rows(tx, month, _OF_SOME, list(tariffs))
        for row in rows:
            if row["service"] is not None:
                sums.setdefault((row["kind"], row["of"]), {})[row["service"]] = row["amount"]
        for row in rows:
            if row["service"] is None:
                kind, of = row["kind"], row["of"]
                found[kind][of] = Use(cameras=row["cameras"], sums=sums.get((kind, of), {}))
    return Uses(by_tariff=found["tariff"], by_depth=found["depth"])


async def by_service(tx: Transaction, month: ClosedMonth) -> dict[int, Used]:
    """What all cameras used, by service id."""
    return {
        row["service"]: Used(
            quantity=exact_sum(map(int, row["numerators"]), map(int, row["denominators"])),
            amount=row["amount"],
        )
        for row in await _rows(tx, month, _OF_ALL)
    }


async def charged_by_tariff(tx: Transaction, month: ClosedMonth) -> dict[int, int]:
    """What was charged before discount, by the row id of the tariff that cameras were on last."""
    rows = []
    if await is_kept(tx, month):
        rows = await tx.fetch(f"select * from ({_KEPT}) one where kind = 'retail'", *month.facts)  # noqa: S608
    if not rows:
        rows = await tx.fetch(_CHARGED, *month.facts)
    return {row["of"]: row["amount"] for row in rows}


async def _rows(tx: Transaction, month: ClosedMonth, which: str, *of: object) -> list[Record]:
    source = _KEPT if await is_kept(tx, month) else MADE
    return await tx.fetch(f"select * from ({source}) one{which}", *month.facts, *of)  # noqa: S608


async def due() -> list[int]:
    """Row ids of closed periods whose sums are to be made."""
    async with snapshot(SYSTEM) as tx:
        return [row["id"] for row in await tx.fetch(_DUE)]
