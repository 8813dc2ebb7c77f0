"""A month by service: what was bought of the platform, sold in tariffs, and really used."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from portal.access import Actor, shows
from portal.billing.invoice import net_of
from portal.billing.measure import Measure
from portal.billing.money import plain
from portal.billing.period import Period
from portal.db import Transaction, snapshot
from portal.kit.queries.tenancy import CloudFacts
from portal.overview.queries.reports import months
from portal.usage.queries import measured, sold_days, usage_sums
from portal.usage.queries.measured import Measured
from portal.usage.queries.sold_days import SoldDays


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRow:
    """A service with its month. Quantities are in its units, amounts in minor units of `currency`.

    `bought` is what the platform invoices, `cost` what that comes to after discount; both are None
    to who may not know them. `sold` is what tariffs include on the days that cameras were on them,
    `used` what cameras used. Either is None where there is nothing of it.
    """

    measured: Measured
    bought: Decimal | None
    cost: int | None
    sold: Decimal | None
    used: Decimal | None
    currency: str

    @property
    def code(self) -> str:
        """The service's code."""
        return self.measured.code

    @property
    def name(self) -> str:
        """What the service is called."""
        return self.measured.name

    @property
    def unit(self) -> str:
        """What its quantities are counted in."""
        return self.measured.unit

    @property
    def oversold(self) -> Decimal | None:
        """How much more was sold than used; below 0 more was used than sold."""
        if self.sold is None:
            return None
        return self.sold - (self.used or 0)


@dataclass(frozen=True, slots=True)
class ServiceTable:
    """All services of a month by code, and what the platform invoices for them."""

    rows: Sequence[ServiceRow]
    cost: int | None


_INVOICED: Final = """
select i.id, i.discount, l.service, l.quantity, l.amount
from invoice i join invoice_line l on l.cloud = i.cloud and l.invoice = i.id
where i.cloud = $1 and i.month = $2 and i.issuer = 0 and i.credits is null
order by i.id, l.position
"""
_DRAFTED: Final = "select wholesale_document as document from draft where cloud = $1 and month = $2"
_INCLUDED: Final = """
select i.version, i.service, i.quantity from tariff_item i
where i.cloud = $1 and i.version = any($2::bigint[])
"""


async def get(actor: Actor, cloud: CloudFacts, period: Period, *, until: date) -> ServiceTable:
    """Every service that was bought, sold or used on the days before `until`."""
    whole = shows(actor, "sales", "cost")
    async with snapshot(actor) as tx:
        used = await usage_sums.sum_by_camera(actor, cloud, period, until=until, limit=1)
        bought = await _bought(tx, cloud, period) if whole else {}
        days = await sold_days.by_version(tx, cloud.id, period, until, whole=whole)
        versions = [one.version for one in days]
        included = [dict(row) for row in await tx.fetch(_INCLUDED, cloud.id, versions)]
        ids = {row["service"] for row in included} | set(bought)
        known = {one.service.id: one for one in await measured.of_ids(tx, ids)}
    known |= {one.service.id: one for one in used.services}
    sold = _sold(known, included, days, period)
    rows = [
        ServiceRow(
            measured=one,
            bought=bought[of][0] if of in bought else None,
            cost=bought[of][1] if of in bought else None,
            sold=_told(sold.get(of)),
            used=_told(used.sum.quantities.get(one.code)),
            currency=cloud.currency,
        )
        for of, one in known.items()
    ]
    rows.sort(key=lambda row: row.code)
    return ServiceTable(rows, sum(cost for _, cost in bought.values()) if whole else None)


def _told(quantity: Decimal | None) -> Decimal | None:
    """A quantity with as many decimal places as documents have."""
    return None if quantity is None else Decimal(plain(quantity))


async def _bought(
    tx: Transaction, cloud: CloudFacts, period: Period
) -> dict[int, tuple[Decimal, int]]:
    """By service id: quantity and cost after discount, as invoiced or as drafted."""
    books = await months.books_of(tx, cloud, period)
    documents: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    if books.is_closed:
        for row in await tx.fetch(_INVOICED, cloud.id, period.start):
            documents[row["id"]].append(dict(row))
    else:
        drafted = await tx.fetchval(_DRAFTED, cloud.id, period.start)
        document = drafted or {"lines": []}
        for line in document["lines"]:
            documents[0].append({**line, "discount": document["discount"]})
    found: dict[int, tuple[Decimal, int]] = {}
    for lines in documents.values():
        nets = net_of([line["amount"] for line in lines], lines[0]["discount"])
        for line, net in zip(lines, nets, strict=True):
            quantity, cost = found.get(line["service"], (Decimal(0), 0))
            found[line["service"]] = quantity + Decimal(line["quantity"]), cost + net
    return found


def _sold(
    known: Mapping[int, Measured],
    included: Sequence[Mapping[str, Any]],
    days: Sequence[SoldDays],
    period: Period,
) -> dict[int, Decimal]:
    """By service id: what is included, for each camera and its share of the month's days.

    Of a peak the share is the whole: it is reached on one day.
    """
    of_version = {one.version: one for one in days}
    found: dict[int, Decimal] = defaultdict(Decimal)
    for row in included:
        of, item = of_version[row["version"]], known[row["service"]]
        is_peak = item.service.measure is Measure.PEAK
        share = Decimal(of.cameras) if is_peak else Decimal(of.days) / period.days
        found[row["service"]] += row["quantity"] * share
    return dict(found)
