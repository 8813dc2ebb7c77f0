"""What a part of a close needs to know: of some customers, or of some cameras, never of all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from portal.billing.money import Spread
from portal.billing.period import Period
from portal.billing.rating import PoolShare
from portal.books.queries.closing import CameraSums
from portal.books.queries.sums.real_use import LAST_TARIFF
from portal.db import Transaction

SHARES_AT_ONCE: Final = 5_000

# The floor of each share and what remains of it, as in `billing.money`: PostgreSQL's remainder has
# the sign of the weight, ours none.
_LAST: Final = """
with weights as ({weights}),
shares as (
  select name, product, case when rest < 0 then rest + $3 else rest end as remainder
  from (select name, $4 * weight as product, mod($4 * weight, $3) as rest from weights) one
),
surplus as (select $5::numeric - sum(div(product - remainder, $3)) as units from shares)
select remainder, name from shares, surplus where surplus.units > 0
order by remainder desc, name collate "C"
offset (select greatest(units, 1) - 1 from surplus) limit 1
"""
_OF_WHOLESALE: Final = """
select c.external_id as name, h.weight from (
  select camera, sum(amount) as weight from charge
  where cloud = $1 and period = $2 and side = 'wholesale' group by camera
) h join camera c on c.id = h.camera
"""
_OF_POOL: Final = """
select c.external_id as name, s.base as weight
from pool_share s join camera c on c.id = s.camera
where s.cloud = $1 and s.period = $2 and s.service = {service}
"""


Of = tuple[int, int]
"""A cloud and a period of it, by row id."""


async def spread_over_cost(tx: Transaction, of: Of, discount: int, subtotal: int) -> Spread:
    """How the platform's discount is spread over a period's cameras, by their wholesale charges."""
    return await _spread(tx, _OF_WHOLESALE, of, discount, subtotal)


async def spread_over_pool(
    tx: Transaction, of: Of, service: int, amount: int, total: int
) -> Spread:
    """How a pooled amount is spread over cameras, by their shares of the service (a row id)."""
    weights = _OF_POOL.format(service=int(service))
    return await _spread(tx, weights, of, amount, total)


async def _spread(tx: Transaction, weights: str, of: Of, amount: int, over: int) -> Spread:
    if not amount:
        return Spread(amount, over)
    size, sign = abs(amount), 1 if over > 0 else -1
    row = await tx.fetchrow(_LAST.format(weights=weights), *of, over * sign, size * sign, size)
    return Spread(amount, over, None if row is None else (int(row["remainder"]), row["name"]))


_POOL_TOTAL: Final = """
select coalesce(sum(base), 0) from pool_share where cloud = $1 and period = $2 and service = $3
"""
_SHARES: Final = """
select s.service, s.camera, c.external_id, s.base
from pool_share s join camera c on c.id = s.camera
where s.cloud = $1 and s.period = $2 and s.service = $3 and s.camera > $4
order by s.camera limit $5
"""


async def pool_total(tx: Transaction, of: Of, service: int) -> int:
    """All cameras' base units of a pooled service."""
    return int(await tx.fetchval(_POOL_TOTAL, *of, service))


async def pool_shares_after(tx: Transaction, of: Of, service: int, camera: int) -> list[PoolShare]:
    """The next cameras' shares of a pooled service, after a camera (a row id, 0 to begin)."""
    rows = await tx.fetch(_SHARES, *of, service, camera, SHARES_AT_ONCE)
    return [PoolShare(**{**row, "base": int(row["base"])}) for row in rows]


# What a close has just written has no statistics yet: rows are looked up one by one in an index,
# and never joined by a plan that takes them for few.
_CUSTOMERS: Final = """
select number, id from subscriber where cloud = $1 and number between $2 and $3 order by number
"""
_RETAIL: Final = """
select s.number, h.camera, h.amount
from unnest($3::bigint[]) as of(subscriber) join subscriber s on s.id = of.subscriber
cross join lateral (
  select h.camera, sum(h.amount)::bigint as amount from charge h
  where h.cloud = $1 and h.subscriber = of.subscriber and h.period = $2 and h.side = 'retail'
  group by h.camera
) h
"""
_HELD: Final = """
select distinct camera from subscription
where cloud = $1 and subscriber = any($2)
  and starts_on < $4 and (ends_on is null or ends_on > $3)
"""
_COSTS: Final = """
select of.camera, h.amount from unnest($3::bigint[]) as of(camera)
cross join lateral (
  select sum(h.amount)::bigint as amount from charge h
  where h.cloud = $1 and h.period = $2 and h.camera = of.camera and h.side = 'wholesale'
) h where h.amount is not null
"""
_BEARERS: Final = """
select p.camera, s.number,
       sum(least(coalesce(p.ends_on, $4), $4) - greatest(p.starts_on, $3))::int as days
from subscription p join subscriber s on s.id = p.subscriber
where p.cloud = $1 and p.camera = any($2)
  and p.starts_on < $4 and (p.ends_on is null or p.ends_on > $3)
group by p.camera, s.number
"""
_NAMES: Final = "select id, external_id from camera where cloud = $1 and id = any($2)"
_LAST_TARIFFS: Final = f"""
select camera, subscriber, tariff from ({LAST_TARIFF.format(end="$3")}) l
where subscriber = any($2)
"""  # noqa: S608 - ours
_LOOSE: Final = """
select c.id, c.external_id, h.amount
from camera c cross join lateral (
  select sum(h.amount)::bigint as amount from charge h
  where h.cloud = c.cloud and h.period = $2 and h.camera = c.id and h.side = 'wholesale'
) h
where c.cloud = $1 and c.id between $3 and $4 and h.amount is not null
  and not exists (select from subscription s where s.cloud = c.cloud and s.camera = c.id
                  and s.starts_on < $6 and (s.ends_on is null or s.ends_on > $5))
"""


async def customers(tx: Transaction, cloud: int, first: int, last: int) -> dict[int, int]:
    """Row ids of the customers of a range of numbers, by number."""
    rows = await tx.fetch(_CUSTOMERS, cloud, first, last)
    return {row["number"]: row["id"] for row in rows}


async def sums_of(
    tx: Transaction, of: Of, period: Period, subscribers: Sequence[int]
) -> CameraSums:
    """What margins of some customers (row ids) are made of: their cameras', whoever had them."""
    cloud = of[0]
    retail: dict[int, dict[int, int]] = defaultdict(dict)
    cameras = set()
    for number, camera, amount in await tx.fetch(_RETAIL, *of, subscribers):
        retail[number][camera] = amount
        cameras.add(camera)
    held = await tx.fetch(_HELD, cloud, subscribers, period.start, period.end)
    cameras.update(row["camera"] for row in held)
    these = list(cameras)
    subscribed: dict[int, dict[int, int]] = defaultdict(dict)
    for camera, number, days in await tx.fetch(_BEARERS, cloud, these, period.start, period.end):
        subscribed[camera][number] = days
    costs = await tx.fetch(_COSTS, *of, these)
    names = await tx.fetch(_NAMES, cloud, these)
    return CameraSums(
        retail=retail,
        wholesale={row["camera"]: row["amount"] for row in costs},
        subscribed=subscribed,
        names={row["id"]: row["external_id"] for row in names},
    )


async def last_tariffs(
    tx: Transaction, cloud: int, period: Period, subscribers: Sequence[int]
) -> dict[tuple[int, int], int]:
    """The tariff (a row id) that a camera of a subscriber was on last, by the row ids of both."""
    rows = await tx.fetch(_LAST_TARIFFS, cloud, subscribers, period.end)
    return {(row["camera"], row["subscriber"]): row["tariff"] for row in rows}


async def loose_costs(tx: Transaction, of: Of, period: Period, first: int, last: int) -> CameraSums:
    """What the cameras of a range (row ids) cost that are on no tariff in the period."""
    rows = await tx.fetch(_LOOSE, *of, first, last, period.start, period.end)
    return CameraSums(
        retail={},
        wholesale={row["id"]: row["amount"] for row in rows},
        subscribed={},
        names={row["id"]: row["external_id"] for row in rows},
    )
