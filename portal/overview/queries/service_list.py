"""The platform's services: what is sold, to how many clouds, and what the last month came to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from portal.access import Actor
from portal.billing.invoice import net_of
from portal.billing.period import Period, local_date
from portal.billing.pricing import Pricing, pricing_from
from portal.catalog.queries import services
from portal.catalog.queries.services import Service
from portal.db import Transaction, snapshot
from portal.kit.queries import zones

SERVICES_MAX: Final = 500
MONTHS: Final = 12


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """A service and what it came to in a month in one currency, which is "" where in none.

    `clouds` have a price for it today, `tariffs` include it. `quantity` is in its units, `revenue`
    in minor units after discount, before tax; `cameras` used it.
    """

    service: Service
    clouds: int
    tariffs: int
    currency: str
    cameras: int | None = None
    quantity: Decimal | None = None
    revenue: int | None = None


@dataclass(frozen=True, slots=True)
class ServiceTable:
    """All rows by code and currency, of the latest month that was invoiced; None before one."""

    month: date | None
    rows: Sequence[ServiceRow]


_BUYERS: Final = """
select s.code,
       (select count(distinct r.cloud) from rate r join cloud c on c.id = r.cloud
        where r.service = s.id and r.valid_from <= ($1::jsonb->>c.timezone)::date)::int as clouds,
       (select count(distinct (v.cloud, v.tariff)) from tariff_item i
        join tariff_version v on v.cloud = i.cloud and v.id = i.version
        where i.service = s.id)::int as tariffs
from service s
"""
# The platform's documents are those whose issuer is 0.
_LAST: Final = "select max(month) from invoice where issuer = 0 and type = 'invoice'"
_LINES: Final = """
select i.id, i.cloud, i.currency, i.discount, s.code, l.amount, l.quantity
from invoice i join invoice_line l on l.cloud = i.cloud and l.invoice = i.id
join service s on s.id = l.service
where i.issuer = 0 and i.month = $1 and i.credits is null
order by i.id, l.position
"""
# As they were summed after the close; before that they are counted.
_CAMERAS: Final = """
select c.currency, s.code, sum(k.cameras)::int as cameras
from period p join cloud c on c.id = p.cloud
cross join lateral (
  select u.service, u.cameras from real_use u
  where u.cloud = p.cloud and u.period = p.id and u.kind = 'all' and u.service is not null
  union all
  select h.service, count(distinct h.camera) from charge h
  where h.cloud = p.cloud and h.period = p.id and h.side = 'wholesale'
    and h.original_period = p.starts_on
    and (select u.id from real_use u where u.cloud = p.cloud and u.period = p.id
         and u.kind = 'all' and u.service is null) is null
  group by h.service
) k
join service s on s.id = k.service
where p.starts_on = $1 and p.state = 'closed' group by c.currency, s.code
"""


async def get(actor: Actor, *, now: datetime) -> ServiceTable:
    """Every service, with a row for each currency in which it was invoiced last."""
    async with snapshot(actor) as tx:
        known = await services.list_page(actor, limit=SERVICES_MAX)
        buyers = {
            row["code"]: (row["clouds"], row["tariffs"])
            for row in await tx.fetch(_BUYERS, await zones.todays(tx, now))
        }
        month: date | None = await tx.fetchval(_LAST)
        sold = {} if month is None else await _sold(tx, month)
    rows = []
    for one in known:
        for currency, figures in sorted(sold.get(one.code, {"": {}}).items()):
            rows.append(ServiceRow(one, *buyers[one.code], currency, **figures))
    return ServiceTable(month, rows)


async def _sold(tx: Transaction, month: date) -> dict[str, dict[str, dict[str, Any]]]:
    """By code and currency: cameras, quantity and revenue of a month."""
    found: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for line in await _net(tx, _LINES, month):
        of = found[line["code"]].setdefault(
            line["currency"], {"cameras": None, "quantity": Decimal(0), "revenue": 0}
        )
        of["quantity"] += line["quantity"]
        of["revenue"] += line["net"]
    for row in await tx.fetch(_CAMERAS, month):
        if (figures := found[row["code"]].get(row["currency"])) is not None:
            figures["cameras"] = row["cameras"]
    return found


async def _net(tx: Transaction, query: str, *of: object) -> list[dict[str, Any]]:
    """Lines with `net`, their part of what the document came to after its discount."""
    documents: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in await tx.fetch(query, *of):
        documents[row["id"]].append(dict(row))
    found = []
    for lines in documents.values():
        nets = net_of([line["amount"] for line in lines], lines[0]["discount"])
        found += [{**line, "net": net} for line, net in zip(lines, nets, strict=True)]
    return found


@dataclass(frozen=True, slots=True)
class CloudPrice:
    """What a cloud pays for a service; `price` None without one yet, `next` what follows it."""

    slug: str
    name: str
    currency: str
    price: Pricing | None
    since: date | None
    next: Pricing | None
    next_from: date | None


@dataclass(frozen=True, slots=True)
class InTariff:
    """A tariff of a cloud whose latest version includes the service, and how much of it."""

    cloud: str
    cloud_name: str
    code: str
    name: str
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class ServicePage:
    """A service with the prices of all clouds side by side, what they bought, and its tariffs.

    `months` are the twelve before the running one, `bought` their revenue in minor units by
    currency, cloud and month. `is_used` keeps what it measures as it is.
    """

    service: Service
    is_used: bool
    prices: Sequence[CloudPrice]
    months: Sequence[date]
    bought: Mapping[str, Mapping[str, Mapping[date, int]]]
    tariffs: Sequence[InTariff]


_PRICES: Final = """
select c.slug, c.name, c.currency, now.pricing as price, now.valid_from as since,
       later.pricing as next, later.valid_from as next_from
from cloud c join service s on s.code = $1
left join lateral (
  select r.pricing, r.valid_from from rate r where r.cloud = c.id and r.service = s.id
    and r.valid_from <= ($2::jsonb->>c.timezone)::date order by r.valid_from desc limit 1
) now on true
left join lateral (
  select r.pricing, r.valid_from from rate r where r.cloud = c.id and r.service = s.id
    and r.valid_from > ($2::jsonb->>c.timezone)::date order by r.valid_from limit 1
) later on true
order by lower(c.name), c.slug
"""
_OF_CODE: Final = """
select i.id, c.name, i.currency, i.month, i.discount, s.code, l.amount, l.quantity
from invoice i join cloud c on c.id = i.cloud
join invoice_line l on l.cloud = i.cloud and l.invoice = i.id
join service s on s.id = l.service
where i.issuer = 0 and i.month >= $1 and i.credits is null
order by i.id, l.position
"""
_TARIFFS: Final = """
select c.slug as cloud, c.name as cloud_name, t.code, t.name, i.quantity
from tariff t join cloud c on c.id = t.cloud
join lateral (
  select v.id from tariff_version v where v.cloud = t.cloud and v.tariff = t.id
  order by v.valid_from desc limit 1
) v on true
join tariff_item i on i.cloud = t.cloud and i.version = v.id
join service s on s.id = i.service and s.code = $1
order by lower(c.name), lower(t.name), t.code limit 500
"""


async def get_page(actor: Actor, code: str, *, now: datetime, zone: str) -> ServicePage:
    """One service. Months are counted in `zone`. Raises `NotFound`."""
    running = Period.of(local_date(now, zone))
    months = [running.back(count).start for count in range(MONTHS, 0, -1)]
    async with snapshot(actor) as tx:
        service = await services.get_in(tx, code)
        prices = await tx.fetch(_PRICES, code, await zones.todays(tx, now))
        lines = await _net(tx, _OF_CODE, months[0])
        tariffs = await tx.fetch(_TARIFFS, code)
        is_used = await services.is_used(tx, code)
    bought: dict[str, dict[str, dict[date, int]]] = defaultdict(lambda: defaultdict(dict))
    for line in lines:
        if line["code"] == code:
            of = bought[line["currency"]][line["name"]]
            of[line["month"]] = of.get(line["month"], 0) + line["net"]
    return ServicePage(
        service=service,
        is_used=is_used,
        prices=[
            CloudPrice(**{**row, "price": _pricing(row["price"]), "next": _pricing(row["next"])})
            for row in prices
        ],
        months=months,
        bought=bought,
        tariffs=[InTariff(**row) for row in tariffs],
    )


def _pricing(stored: object) -> Pricing | None:
    return None if stored is None else pricing_from(stored)


SEEN_DAYS: Final = 62
SEEN_CAMERAS: Final = 100
# Of each camera a look into the key of two or three months, of which the days are bits.
_LAST_SEEN: Final = """
select m.key, u.month, bit_or(u.days) as days
from cloud c
cross join lateral (
  select k.id from camera k where k.cloud = c.id order by k.id desc limit $2
) k
cross join lateral (
  select u.meter, u.month, u.days from usage u
  where u.cloud = c.id and u.camera = k.id and u.month >= $1 offset 0
) u
join meter m on m.id = u.meter
group by m.key, u.month
"""


async def last_seen(actor: Actor, *, now: datetime) -> dict[str, date]:
    """The latest day with a value by meter's key, of the newest cameras and the last 62 days."""
    since = now.date() - timedelta(days=SEEN_DAYS)
    async with snapshot(actor) as tx:
        rows = await tx.fetch(_LAST_SEEN, since.replace(day=1), SEEN_CAMERAS)
    seen: dict[str, date] = {}
    for row in rows:
        last = row["month"] + timedelta(days=row["days"].bit_length() - 1)
        if last >= since:
            seen[row["key"]] = max(last, seen.get(row["key"], last))
    return seen
