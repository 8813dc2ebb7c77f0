"""One camera's month, day by day: the basis of what it is charged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from asyncpg import Record

from portal.access import Actor
from portal.billing.period import MonthAt
from portal.db import snapshot
from portal.errors import no_such
from portal.kit.queries.tenancy import CloudFacts
from portal.tables.usage_days import DAYS
from portal.usage.queries import measured
from portal.usage.queries.measured import Measured
from portal.usage.queries.seen import seen
from portal.words import _

HISTORY_MAX: Final = 100
"""Of a camera's subscriptions that are shown."""


@dataclass(frozen=True, slots=True)
class MeterDays:
    """A meter's quantity on each day of the month, in `base_unit`; None where there is no usage.

    `id` is a row id.
    """

    id: int
    key: str
    base_unit: str
    values: Sequence[int | None]


@dataclass(frozen=True, slots=True)
class Served:
    """A subscription `[starts_on, ends_on)`; `code` is its tariff's, `subscriber` a number."""

    tariff: str
    code: str
    subscriber: int
    name: str
    starts_on: date
    ends_on: date | None

    @property
    def last_day(self) -> date | None:
        """The last day on which it runs, None without an end."""
        return None if self.ends_on is None else self.ends_on - timedelta(days=1)

    def holds(self, day: date) -> bool:
        """Whether it runs on a day."""
        return self.starts_on <= day and (self.ends_on is None or day < self.ends_on)


@dataclass(frozen=True, slots=True)
class CameraMonth:
    """A camera with its subscriptions, its usage by day, and what that makes of each service.

    `quantities` are of the month's days that are over, in units of each service, by its code.
    """

    external_id: str
    name: str
    month: MonthAt
    subscriptions: Sequence[Served]
    meters: Sequence[MeterDays]
    services: Sequence[Measured]
    quantities: Mapping[str, Decimal]

    def meter(self, key: str) -> MeterDays | None:
        """The days of a meter, None when there is no usage of it."""
        return next((one for one in self.meters if one.key == key), None)

    def units(self, service: Measured, day: date) -> Decimal | None:
        """What was used of a service on a day of the month, in its units; None where unknown."""
        of = next((one for one in self.meters if one.id == service.meter), None)
        base = None if of is None else of.values[self.month.period.index(day)]
        return None if base is None else service.units(base)

    def is_known(self, day: date) -> bool:
        """Whether there is any usage of a day of the month."""
        index = self.month.period.index(day)
        return any(meter.values[index] is not None for meter in self.meters)


_SERVED: Final = """
select t.name as tariff, t.code, s.number as subscriber, s.name, p.starts_on, p.ends_on
from subscription p join tariff t on t.id = p.tariff join subscriber s on s.id = p.subscriber
where p.cloud = $1 and p.camera = $2 and p.starts_on < $4
  and (p.ends_on is null or p.ends_on > $3) and ($5::bigint is null or p.subscriber = $5)
order by p.starts_on
"""
_HISTORY: Final = """
select t.name as tariff, t.code, s.number as subscriber, s.name, p.starts_on, p.ends_on
from subscription p join tariff t on t.id = p.tariff join subscriber s on s.id = p.subscriber
where p.cloud = $1 and p.camera = (select id from camera where cloud = $1 and external_id = $2)
  and ($3::bigint is null or p.subscriber = $3)
order by p.starts_on desc limit $4
"""
_DAYS: Final = f"""
select m.id, m.key, m.base_unit, array[{", ".join(DAYS)}] as days
from seen_usage u join meter m on m.id = u.meter
where u.cloud = $1 and u.camera = $2 and u.month = $3 order by m.key
"""  # noqa: S608 - columns of ours


async def history(
    actor: Actor, cloud: CloudFacts, external_id: str, *, limit: int = HISTORY_MAX
) -> list[Served]:
    """What a camera was and is on, the latest first, as far as it is the actor's to see."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(_HISTORY, cloud.id, external_id, actor.subscriber, limit)
    return [Served(**row) for row in rows]


async def get(actor: Actor, cloud: CloudFacts, month: MonthAt, external_id: str) -> CameraMonth:
    """A camera's month. Raises `NotFound`.

    Today's values are among the days, but quantities are of days that are over. A subscriber has
    the days on which the camera was its own, also of one that has moved away since. Among the
    services are those of its tariffs, used or not.
    """
    period = month.period
    async with snapshot(actor) as tx:
        camera = await tx.fetchrow(
            "select id, external_id, name from camera where cloud = $1 and external_id = $2",
            cloud.id,
            external_id,
        )
        if camera is None:
            raise no_such(_("camera"), external_id)
        days = cloud.id, camera["id"], period.start, period.end, actor.subscriber
        served = await tx.fetch(_SERVED, *days)
        used = await tx.fetch(seen(_DAYS), cloud.id, camera["id"], period.start)
        services = await measured.of_camera(
            tx,
            [row["id"] for row in used],
            cloud.id,
            camera["id"],
            period,
        )
    meters = [_meter(row, month) for row in used]
    over = {
        one.id: [value for value in one.values[: month.days_over] if value is not None]
        for one in meters
    }
    return CameraMonth(
        external_id=camera["external_id"],
        name=camera["name"],
        month=month,
        subscriptions=[Served(**row) for row in served],
        meters=meters,
        services=services,
        quantities={
            one.code: one.quantity(sum(values), max(values, default=0), period.days)
            for one in services
            if (values := over.get(one.meter))
        },
    )


def _meter(row: Record, month: MonthAt) -> MeterDays:
    return MeterDays(
        id=row["id"],
        key=row["key"],
        base_unit=row["base_unit"],
        values=row["days"][: month.period.days],
    )
