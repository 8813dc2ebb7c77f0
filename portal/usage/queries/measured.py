"""Services as screens show them: what each measures of a meter, in its own unit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from asyncpg import Record

from portal.billing.measure import Measure, Service
from portal.billing.period import Period
from portal.db import Transaction


@dataclass(frozen=True, slots=True)
class Measured:
    """A service with its name and the names of its unit; `meter` is a row id."""

    service: Service
    name: str
    unit: str
    meter: int
    short: str = ""
    unit_plural: str = ""

    @property
    def heading(self) -> str:
        """What it is called where there is little room."""
        return self.short or self.name

    def unit_of(self, quantity: Decimal | None) -> str:
        """The word of the unit beside a quantity: "1 day", "30 days"."""
        return self.unit if quantity == 1 else self.unit_plural or self.unit

    @property
    def code(self) -> str:
        """The service's code."""
        return self.service.code

    def quantity(self, total: int, peak: int, days: int) -> Decimal:
        """What a month of `days` days is billed by, in units; as `Service.quantity`."""
        return _decimal(self.service.quantity(total, peak, days))

    def units(self, base: int) -> Decimal:
        """Base units of a day in units."""
        return _decimal(self.service.units(base))


def _decimal(exact: Fraction) -> Decimal:
    return Decimal(exact.numerator) / exact.denominator


_SELECT: Final = """
select s.id, s.code, m.key, s.unit_size, s.measure, s.name, s.unit, s.meter,
       s.short, s.unit_plural
from service s join meter m on m.id = s.meter
"""
# Whether a tariff that camera $2 of cloud $5 was on in the month `[$3, $4)` includes it.
_IN_TARIFF: Final = """
exists (
  select from subscription p
  join tariff_version v on v.cloud = p.cloud and v.tariff = p.tariff and v.valid_from < $4
    and not exists (select from tariff_version l where l.cloud = v.cloud and l.tariff = v.tariff
                    and l.valid_from > v.valid_from and l.valid_from <= $3)
  join tariff_item i on i.cloud = v.cloud and i.version = v.id and i.service = s.id
  where p.cloud = $5 and p.camera = $2 and p.starts_on < $4
    and (p.ends_on is null or p.ends_on > $3)
)
"""
_OF_CAMERA: Final = f"""
{_SELECT} cross join lateral (select {_IN_TARIFF} as is_included) t
where s.meter = any($1::bigint[]) or t.is_included
order by not t.is_included, s.code
"""


async def of_meters(tx: Transaction, meters: Iterable[int]) -> list[Measured]:
    """The services that measure meters (row ids), by code."""
    query = _SELECT + " where s.meter = any($1::bigint[]) order by s.code"
    return [_measured(row) for row in await tx.fetch(query, sorted(set(meters)))]


async def of_ids(tx: Transaction, ids: Iterable[int]) -> list[Measured]:
    """Services by their row ids, by code."""
    query = _SELECT + " where s.id = any($1::bigint[]) order by s.code"
    return [_measured(row) for row in await tx.fetch(query, sorted(set(ids)))]


async def of_camera(
    tx: Transaction, meters: Iterable[int], cloud: int, camera: int, period: Period
) -> list[Measured]:
    """The same, after those of the tariffs that a camera (row id) was on then, used or not."""
    span = period.start, period.end
    rows = await tx.fetch(_OF_CAMERA, sorted(set(meters)), camera, *span, cloud)
    return [_measured(row) for row in rows]


def _measured(row: Record) -> Measured:
    service = Service(
        id=row["id"],
        code=row["code"],
        meter=row["key"],
        unit_size=row["unit_size"],
        measure=Measure(row["measure"]),
    )
    return Measured(
        service=service,
        name=row["name"],
        unit=row["unit"],
        meter=row["meter"],
        short=row["short"],
        unit_plural=row["unit_plural"],
    )
