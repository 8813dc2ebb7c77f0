"""The usage that an issued document is based on, camera by camera."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from portal.billing.charge import exact_sum
from portal.billing.money import plain
from portal.billing.period import Period
from portal.billing.rating import (
    ENABLED,
    CameraUsage,
    PriceList,
    Service,
    Subscription,
    billable_days,
)
from portal.catalog.queries import pricelist
from portal.db import Transaction
from portal.values.document import CameraUsageValue

PLACES: Final = 10
"""More than a document shows: sums over thousands of cameras are of these."""

_CHARGED: Final = """
select h.camera, sum(h.amount)::bigint as amount
from charge h where h.cloud = $1 and h.period = $2 and h.side = $3
  and h.subscriber is not distinct from $4
group by h.camera
"""
_CAMERAS: Final = """
select c.id, c.external_id, c.name, b.number, b.name as customer from camera c
left join lateral (
  select s.subscriber from subscription s
  where s.cloud = c.cloud and s.camera = c.id
    and s.starts_on < $4 and (s.ends_on is null or s.ends_on > $3)
  order by s.starts_on desc limit 1
) held on true
left join subscriber b on b.id = coalesce(held.subscriber, c.subscriber)
where c.cloud = $1 and c.id = any($2)
order by c.external_id
"""
# The last columns are Subscription's, in its order.
_SUBSCRIBED: Final = """
select t.name, s.id, s.camera, s.subscriber, s.tariff, s.starts_on, s.ends_on
from subscription s join tariff t on t.id = s.tariff
where s.cloud = $1 and s.subscriber = $2
  and s.starts_on < $4 and (s.ends_on is null or s.ends_on > $3)
order by s.starts_on
"""
# What each subscribed camera used of the services in its tariff, on the days it was subscribed.
_USED: Final = """
select s.camera, v.service, sum(u.quantity) as total, max(u.quantity) as peak
from subscription s
join (select distinct tv.tariff, ti.service from tariff_item ti
      join tariff_version tv on tv.id = ti.version where tv.cloud = $1) v on v.tariff = s.tariff
join service k on k.id = v.service
join usage u on u.cloud = s.cloud and u.camera = s.camera and u.meter = k.meter
  and u.day >= greatest(s.starts_on, $3) and u.day < least(coalesce(s.ends_on, $4), $4)
where s.cloud = $1 and s.subscriber = $2
  and s.starts_on < $4 and (s.ends_on is null or s.ends_on > $3)
group by s.camera, v.service
"""
_BOUGHT: Final = """
select camera, service, array_agg(rate) as rates, array_agg(quantity_numerator) as numerators,
       array_agg(quantity_denominator) as denominators
from charge
where cloud = $1 and period = $2 and side = 'wholesale' and original_period = $3
group by camera, service
"""
# The days with usage of a camera and meter, as bits of one number, bit 0 the first of the month.
_DAYS: Final = """
select u.camera, m.key, bit_or(1::bigint << (u.day - $2::date)) as days
from usage u join meter m on m.id = u.meter
where u.cloud = $1 and u.day >= $2 and u.day < $3 and u.quantity > 0 and u.camera = any($4)
  and m.key = any($5::text[])
group by u.camera, m.key
"""
_SWITCHED_OFF: Final = """
select u.camera, array_agg(u.day) as days from usage u join meter m on m.id = u.meter
where u.cloud = $1 and u.day >= $2 and u.day < $3 and u.quantity = 0 and u.camera = any($4)
  and m.key = $5
group by u.camera
"""


@dataclass(slots=True)
class _Of:
    """What a document says of one camera: rows are (service, quantity, unit)."""

    tariffs: dict[str, None]
    days: int
    rows: list[tuple[str, str, str]]


_Cameras = dict[int, _Of]


@dataclass(frozen=True, slots=True)
class _Book:
    """Whose document of which month, and the services of the platform by id."""

    cloud: int
    subscriber: int | None
    period_id: int
    period: Period
    currency: str
    services: Mapping[int, Service]
    names: Mapping[int, tuple[str, str]]
    """Service id → its name and unit."""


async def usage_of(
    tx: Transaction, row: Mapping[str, Any], period: Period
) -> tuple[CameraUsageValue, ...]:
    """The cameras that a document charges, by external id, with what they used in the month.

    `row` is the document's. On the wholesale side each camera names its customer.
    """
    cloud, subscriber = row["cloud"], row["subscriber"]
    charged = {
        found["camera"]: found["amount"]
        for found in await tx.fetch(_CHARGED, cloud, row["period"], row["side"], subscriber)
    }
    named = await tx.fetch("select id, name, unit from service")
    book = _Book(
        cloud=cloud,
        subscriber=subscriber,
        period_id=row["period"],
        period=period,
        currency=row["currency"],
        services=await pricelist.services(tx),
        names={one["id"]: (one["name"], one["unit"]) for one in named},
    )
    is_retail = row["side"] == "retail"
    of = await (_retail(tx, book) if is_retail else _wholesale(tx, book))
    ids = sorted({*charged, *of})
    nothing = _Of({}, 0, [])
    return tuple(
        CameraUsageValue(
            external_id=camera["external_id"],
            name=camera["name"],
            tariff=", ".join(sorted(of.get(camera["id"], nothing).tariffs)),
            days=of.get(camera["id"], nothing).days,
            rows=tuple(of.get(camera["id"], nothing).rows),
            amount=charged.get(camera["id"], 0),
            customer="" if is_retail else camera["customer"] or "",
            customer_number=None if is_retail else camera["number"],
        )
        for camera in await tx.fetch(_CAMERAS, cloud, ids, period.start, period.end)
    )


async def _retail(tx: Transaction, book: _Book) -> _Cameras:
    """The days that were billable, and the use of the services in the tariff."""
    found: _Cameras = defaultdict(lambda: _Of({}, 0, []))
    span = book.cloud, book.subscriber, book.period.start, book.period.end
    rows = await tx.fetch(_SUBSCRIBED, *span)
    versions = await pricelist.versions(tx, book.cloud, book.services)
    off = await _switched_off(tx, book, [row["camera"] for row in rows])
    for name, *columns in rows:
        subscription = Subscription(*columns)
        of = found[subscription.camera]
        of.tariffs[name] = None
        of.days += billable_days(
            book.period, subscription, versions[subscription.tariff], off.get(subscription.camera)
        )
    used = await tx.fetch(_USED, *span)
    for row in sorted(used, key=lambda row: book.services[row["service"]].code):
        service = book.services[row["service"]]
        quantity = service.quantity(int(row["total"]), int(row["peak"]), book.period.days)
        found[row["camera"]].rows.append(_row(book, service.id, quantity))
    return found


async def _switched_off(tx: Transaction, book: _Book, cameras: list[int]) -> dict[int, CameraUsage]:
    """The usage of cameras that were off on some day: what makes days free in some tariffs."""
    rows = await tx.fetch(
        _SWITCHED_OFF, book.cloud, book.period.start, book.period.end, cameras, ENABLED
    )
    found = {}
    for row in rows:
        daily: list[int | None] = [None] * book.period.days
        for day in row["days"]:
            daily[book.period.index(day)] = 0
        found[row["camera"]] = CameraUsage(row["camera"], "", {ENABLED: daily})
    return found


async def _wholesale(tx: Transaction, book: _Book) -> _Cameras:
    """The days with usage that was charged, and how much of each service that was."""
    found: _Cameras = defaultdict(lambda: _Of({}, 0, []))
    bought = await tx.fetch(_BOUGHT, book.cloud, book.period_id, book.period.start)
    rates = await pricelist.rates(tx, book.cloud, book.services)
    prices = PriceList(book.period, book.currency, rates)
    meters = {book.services[row["service"]].meter for row in bought}
    days = {
        (row["camera"], row["key"]): row["days"]
        for row in await tx.fetch(
            _DAYS,
            book.cloud,
            book.period.start,
            book.period.end,
            sorted({row["camera"] for row in bought}),
            sorted(meters),
        )
    }
    charged: dict[int, int] = defaultdict(int)
    for row in sorted(bought, key=lambda row: book.services[row["service"]].code):
        camera, service = row["camera"], book.services[row["service"]]
        quantity = exact_sum(map(int, row["numerators"]), map(int, row["denominators"]))
        found[camera].rows.append(_row(book, service.id, quantity))
        for rate in row["rates"]:
            first, after = prices.charged_days(service.id, rate)
            in_force = (1 << after) - (1 << first)
            charged[camera] |= days.get((camera, service.meter), 0) & in_force
    for camera, on in charged.items():
        found[camera].days = on.bit_count()
    return found


def _row(book: _Book, service: int, quantity: Fraction) -> tuple[str, str, str]:
    name, unit = book.names[service]
    return name, plain(quantity, PLACES), unit
