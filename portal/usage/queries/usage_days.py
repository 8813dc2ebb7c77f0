"""One camera's month, day by day: the basis of what it is charged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from portal.access import Actor
from portal.billing.measure import Measure
from portal.billing.period import MonthAt, Period
from portal.db import snapshot
from portal.errors import no_such
from portal.kit.queries import tenancy
from portal.usage.queries.usage_sums import IN_TARIFF, Measured


@dataclass(frozen=True, slots=True)
class MeterDays:
    """A meter's quantity on each day of the month, in `base_unit`; None where there is no usage."""

    key: str
    base_unit: str
    values: Sequence[int | None]


@dataclass(frozen=True, slots=True)
class ServiceMonth:
    """What a service measures of the month, in its unit."""

    code: str
    name: str
    unit: str
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Served:
    """A subscription `[starts_on, ends_on)` that touches the month; `subscriber` is a number."""

    tariff: str
    subscriber: int
    name: str
    starts_on: date
    ends_on: date | None


@dataclass(frozen=True, slots=True)
class CameraMonth:
    """A camera with its subscriptions, its usage by day, and what that makes of each service."""

    external_id: str
    name: str
    subscriptions: Sequence[Served]
    meters: Sequence[MeterDays]
    services: Sequence[ServiceMonth]


_SERVED: Final = """
select t.name as tariff, s.number as subscriber, s.name, p.starts_on, p.ends_on
from subscription p join tariff t on t.id = p.tariff join subscriber s on s.id = p.subscriber
where p.cloud = $1 and p.camera = $2 and p.starts_on < $4
  and (p.ends_on is null or p.ends_on > $3)
order by p.starts_on
"""
_DAYS: Final = """
select m.id, m.key, m.base_unit, array_agg(u.day order by u.day) as days,
       array_agg(u.quantity order by u.day) as quantities
from usage u join meter m on m.id = u.meter
where u.cloud = $1 and u.camera = $2 and u.day >= $3 and u.day < $4
group by m.id, m.key, m.base_unit order by m.key
"""
# Those of the tariffs it was on come first.
_SERVICES: Final = (
    """
select s.code, s.name, s.unit, s.unit_size, s.measure, s.meter from service s
where s.meter = any($1::bigint[])
order by not """
    + IN_TARIFF
    + ", s.code"
)


async def get_days(
    actor: Actor, month: MonthAt, external_id: str, *, cloud: str | None = None
) -> CameraMonth:
    """A camera's month. `cloud` is a slug, None for the actor's own. Raises `NotFound`.

    Today's values are among the days, but services measure only days that are over.
    """
    period = month.period
    async with snapshot(actor) as tx:
        facts = await tenancy.of_actor(tx, actor, cloud)
        camera = await tx.fetchrow(
            "select id, external_id, name from camera where cloud = $1 and external_id = $2",
            facts.id,
            external_id,
        )
        if camera is None:
            raise no_such("camera", external_id)
        days = facts.id, camera["id"], period.start, period.end
        served = await tx.fetch(_SERVED, *days)
        used = await tx.fetch(_DAYS, *days)
        services = await tx.fetch(
            _SERVICES, [row["id"] for row in used], camera["id"], period.start, period.end
        )
    by_meter = {
        row["id"]: [
            quantity
            for day, quantity in zip(row["days"], row["quantities"], strict=True)
            if day < month.until
        ]
        for row in used
    }
    measured = [Measured(**{**row, "measure": Measure(row["measure"])}) for row in services]
    return CameraMonth(
        external_id=camera["external_id"],
        name=camera["name"],
        subscriptions=[Served(**row) for row in served],
        meters=[
            MeterDays(row["key"], row["base_unit"], _daily(period, row["days"], row["quantities"]))
            for row in used
        ],
        services=[
            ServiceMonth(
                one.code, one.name, one.unit, _quantity(one, by_meter[one.meter], period.days)
            )
            for one in measured
        ],
    )


def _daily(
    period: Period, days: Sequence[date], quantities: Sequence[int]
) -> tuple[int | None, ...]:
    known = dict(zip(days, quantities, strict=True))
    return tuple(known.get(day) for day in period)


def _quantity(service: Measured, quantities: Sequence[int], days: int) -> Decimal:
    return service.quantity(sum(quantities), max(quantities, default=0), days)
