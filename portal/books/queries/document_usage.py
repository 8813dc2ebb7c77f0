"""The usage that an issued document is based on, camera by camera: as rating measured it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from portal.billing.charge import exact_sum
from portal.billing.money import plain
from portal.billing.period import Period
from portal.billing.rating import PriceList, Service
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
_SUBSCRIBED: Final = """
select s.camera, t.name from subscription s join tariff t on t.id = s.tariff
where s.cloud = $1 and s.subscriber = $2
  and s.starts_on < $4 and (s.ends_on is null or s.ends_on > $3)
order by s.starts_on
"""
_MEASURED: Final = """
select m.camera, u.service, u.base, u.days
from measurement m
cross join lateral unnest(m.subscriptions, m.services, m.bases, m.days)
  as u(subscription, service, base, days)
where m.cloud = $1 and m.period = $2 and {whose}
order by m.camera, u.subscription
"""
_BOUGHT: Final = """
select camera, service, array_agg(rate) as rates, array_agg(quantity_numerator) as numerators,
       array_agg(quantity_denominator) as denominators
from charge
where cloud = $1 and period = $2 and side = 'wholesale' and original_period = $3
group by camera, service
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
    span = book.period.start, book.period.end
    for row in await tx.fetch(_SUBSCRIBED, book.cloud, book.subscriber, *span):
        found[row["camera"]].tariffs[row["name"]] = None
    used: dict[tuple[int, int], list[int]] = defaultdict(list)
    for row in await tx.fetch(
        _MEASURED.format(whose="m.subscriber = $3"), book.cloud, book.period_id, book.subscriber
    ):
        if row["service"] is None:
            found[row["camera"]].days += row["days"].bit_count()
        else:
            used[row["camera"], row["service"]].append(int(row["base"]))
    for (camera, of_service), bases in sorted(
        used.items(), key=lambda one: book.services[one[0][1]].code
    ):
        service = book.services[of_service]
        quantity = service.quantity(sum(bases), max(bases), book.period.days)
        found[camera].rows.append(_row(book, service.id, quantity))
    return found


async def _wholesale(tx: Transaction, book: _Book) -> _Cameras:
    """The days with usage that was charged, and how much of each service that was."""
    found: _Cameras = defaultdict(lambda: _Of({}, 0, []))
    bought = await tx.fetch(_BOUGHT, book.cloud, book.period_id, book.period.start)
    rates = await pricelist.rates(tx, book.cloud, book.services)
    prices = PriceList(book.period, book.currency, rates)
    days = {
        (row["camera"], row["service"]): row["days"]
        for row in await tx.fetch(
            _MEASURED.format(whose="m.subscriber is null"), book.cloud, book.period_id
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
            charged[camera] |= days[camera, service.id] & in_force
    for camera, on in charged.items():
        found[camera].days = on.bit_count()
    return found


def _row(book: _Book, service: int, quantity: Fraction) -> tuple[str, str, str]:
    name, unit = book.names[service]
    return name, plain(quantity, PLACES), unit
