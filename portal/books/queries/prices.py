"""What a cloud pays for each service, by date, and what other prices would have come to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from portal.access import Actor
from portal.billing.invoice import net_of
from portal.billing.money import percent_of
from portal.billing.period import Period, local_date
from portal.billing.pricing import Pricing, pricing_from
from portal.billing.rating import PriceList, Rate
from portal.catalog.queries import pricelist, services
from portal.catalog.queries.services import Service
from portal.db import Transaction, snapshot
from portal.errors import Invalid
from portal.kit.queries.tenancy import CloudFacts
from portal.words import _

SERVICES_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class Dated:
    """A price from a day on."""

    valid_from: date
    pricing: Pricing


@dataclass(frozen=True, slots=True)
class PriceRow:
    """A service with what the cloud pays: `now`, what follows, and all of it, the latest first.

    `quantity` in units and `cost` in minor units, after discount and before tax, are of the last
    invoiced month, `share` in percent of it; None where it was not used.
    """

    service: Service
    now: Dated | None
    next: Dated | None
    history: Sequence[Dated]
    quantity: Decimal | None
    cost: int | None
    share: Decimal | None


@dataclass(frozen=True, slots=True)
class PriceTable:
    """All services, and the month of their costs; None before one was invoiced."""

    currency: str
    month: date | None
    rows: Sequence[PriceRow]


@dataclass(frozen=True, slots=True)
class Effect:
    """The last closed month at its own prices and at others, after discount, before tax.

    Both without corrections of other months, in minor units.
    """

    month: date
    before: int
    after: int

    @property
    def difference(self) -> int:
        """How much more it would have been."""
        return self.after - self.before


_RATES: Final = """
select s.code, r.valid_from, r.pricing from rate r join service s on s.id = r.service
where r.cloud = $1 order by s.code, r.valid_from desc
"""
# The platform's documents are those whose issuer is 0.
_LINES: Final = """
select i.month, i.discount, s.code, l.amount, l.quantity
from invoice i join invoice_line l on l.cloud = i.cloud and l.invoice = i.id
join service s on s.id = l.service
where i.cloud = $1 and i.issuer = 0 and i.credits is null and i.month = (
  select max(m.month) from invoice m where m.cloud = $1 and m.issuer = 0 and m.credits is null)
order by l.position
"""


async def table(actor: Actor, cloud: CloudFacts, *, now: datetime) -> PriceTable:
    """What a cloud pays, service by service; what was never priced for it has no price."""
    today = local_date(now, cloud.timezone)
    async with snapshot(actor) as tx:
        known = await services.list_page(actor, limit=SERVICES_MAX)
        dated: dict[str, list[Dated]] = defaultdict(list)
        for row in await tx.fetch(_RATES, cloud.id):
            pricing = pricing_from(row["pricing"])
            dated[row["code"]].append(Dated(valid_from=row["valid_from"], pricing=pricing))
        lines = await tx.fetch(_LINES, cloud.id)
    quantities: dict[str, Decimal] = defaultdict(Decimal)
    costs: dict[str, int] = defaultdict(int)
    discount = lines[0]["discount"] if lines else 0
    for line, net in zip(lines, net_of([one["amount"] for one in lines], discount), strict=True):
        quantities[line["code"]] += line["quantity"]
        costs[line["code"]] += net
    total = sum(costs.values())
    rows = []
    for service in known:
        history = dated[service.code]
        cost = costs.get(service.code)
        rows.append(
            PriceRow(
                service=service,
                now=next((one for one in history if one.valid_from <= today), None),
                next=next((one for one in reversed(history) if one.valid_from > today), None),
                history=history,
                quantity=quantities.get(service.code),
                cost=cost,
                share=Decimal(cost * 100) / total if cost is not None and total else None,
            )
        )
    return PriceTable(cloud.currency, lines[0]["month"] if lines else None, rows)


async def in_force(actor: Actor, cloud: CloudFacts, day: date) -> dict[str, Pricing]:
    """What a cloud pays on a day, by code of the service."""
    found: dict[str, Pricing] = {}
    async with snapshot(actor) as tx:
        for row in await tx.fetch(_RATES, cloud.id):
            if row["valid_from"] <= day:
                found.setdefault(row["code"], pricing_from(row["pricing"]))
    return found


_LAST: Final = """
select p.id, p.starts_on,
       coalesce((select sum(l.amount) from invoice i
                 join invoice_line l on l.cloud = i.cloud and l.invoice = i.id
                 where i.cloud = p.cloud and i.period = p.id and i.issuer = 0
                   and i.credits is null and l.original_period = p.starts_on), 0)::bigint as before,
       (select i.discount_percent from invoice i where i.cloud = p.cloud and i.period = p.id
        and i.issuer = 0 and i.credits is null limit 1) as discount_percent
from period p where p.cloud = $1 and p.state = 'closed' order by p.starts_on desc limit 1
"""
# How many cameras had so many base units of a service: as kept, of cameras that were charged.
_MEASURED: Final = """
select u.service, u.base, count(*)::int as cameras
from measurement m cross join lateral unnest(m.services, m.bases) as u(service, base)
where m.cloud = $1 and m.period = $2 and m.subscriber is null
group by u.service, u.base
"""


async def effect(actor: Actor, cloud: CloudFacts, prices: Mapping[str, Pricing]) -> Effect | None:
    """What the last closed month would have cost at prices by code; None before one is closed.

    Services that are not among the prices keep those of the month. Nothing is stored. Raises
    `Invalid` for a service that is not there.
    """
    async with snapshot(actor) as tx:
        last = await tx.fetchrow(_LAST, cloud.id)
        if last is None:
            return None
        period = Period.of(last["starts_on"])
        amount = await _tried(tx, cloud, last["id"], period, prices)
    percent = last["discount_percent"]
    discount = cloud.wholesale_discount_percent if percent is None else percent
    before = last["before"] - percent_of(last["before"], discount)
    return Effect(period.start, before, amount - percent_of(amount, discount))


async def _tried(
    tx: Transaction,
    cloud: CloudFacts,
    period_id: int,
    period: Period,
    prices: Mapping[str, Pricing],
) -> int:
    """The month's measured quantities at these prices, charged by the rating of the close."""
    known = await pricelist.services(tx)
    if unknown := set(prices) - {service.code for service in known.values()}:
        code = min(unknown)
        raise Invalid({"prices": _("there is no service %(code)r") % {"code": code}})
    rates = dict(await pricelist.rates(tx, cloud.id, known))
    for service in known.values():
        if (pricing := prices.get(service.code)) is not None:
            rates[service.id] = (Rate(0, service, period.start, pricing),)
    measured: dict[int, dict[int, int]] = defaultdict(dict)
    for row in await tx.fetch(_MEASURED, cloud.id, period_id):
        measured[row["service"]][int(row["base"])] = row["cameras"]
    return sum(PriceList(period, cloud.currency, rates).tried(measured).values())
