"""What a tariff would leave of its price: today's prices, and real use of the last closed month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Final, TypeAlias

from portal.access import Actor, Permission, can
from portal.billing.money import digits
from portal.billing.outlook.composer import (
    Figures,
    Offer,
    Terms,
    at_discount,
    average,
    compose,
    highest_commission,
    price_for_margin,
)
from portal.billing.period import Period, local_date
from portal.billing.pricing import PerUnit
from portal.billing.rating import Service
from portal.books.queries import closing
from portal.books.queries.sums import real_use
from portal.books.queries.sums.real_use import ClosedMonth, Use
from portal.catalog.forms.tariff import NewVersion
from portal.catalog.queries import pricelist, tariffs
from portal.catalog.queries.tariffs import Tariffs, Version
from portal.customers.queries import clouds
from portal.db import Transaction, snapshot
from portal.kit.queries.tenancy import CloudFacts

Items: TypeAlias = Sequence[tuple[str, Decimal]]
"""Services, by code, and how much of each is included."""
LIKE_DAYS: Final = 2
"""Cameras whose archive is this near to a tariff's are taken for what it will cost."""


@dataclass(frozen=True, slots=True)
class Discount:
    """A discount that `subscribers` have, and what is left at it."""

    percent: Decimal
    subscribers: int
    figures: Figures


@dataclass(frozen=True, slots=True)
class ServiceCost:
    """A service in minor units; `about`: by the average price of the last closed month.

    Of an item `cost` is what its included quantity costs, before discount; None without a price.
    Of a service that is not included, what it costs on average, after discount.
    """

    service: str
    quantity: Decimal | None
    cost: int | None
    about: bool = False


@dataclass(frozen=True, slots=True)
class Composed:
    """A version's figures for one camera and month, with what the composer shows beside them.

    `cameras` are how many real use is averaged over, on this tariff or `alike`; `month` the closed
    month it is of. `target_price` has the cloud's target margin at real use, else at full use.
    `unpriced` are services without a wholesale price.
    """

    currency: str
    figures: Figures
    target_percent: Decimal
    target_price: int | None
    items: Sequence[ServiceCost]
    extras: Sequence[ServiceCost]
    discounts: Sequence[Discount]
    commission_percent: Decimal
    referral: str | None
    month: date | None
    cameras: int
    alike: bool
    unpriced: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Basis:
    """What every tariff of a cloud is composed by."""

    tx: Transaction
    cloud: CloudFacts
    terms: Terms
    services: Mapping[str, Service]
    offers: Mapping[int, Offer]
    referral: str | None
    month: ClosedMonth | None

    def included(self, items: Items) -> list[Fraction | None]:
        """What each item's quantity costs, in major units; None without a price."""
        found = []
        for code, quantity in items:
            service = self.services.get(code)
            offer = None if service is None else self.offers.get(service.id)
            found.append(None if offer is None else offer.cost(quantity))
        return found

    def figures(self, price: Decimal, items: Items, use: Use | None) -> Figures:
        included = sum((one for one in self.included(items) if one is not None), Fraction(0))
        real = None if use is None else average(use.total, use.cameras, self.terms.currency)
        return compose(price, included, real, self.terms)


# The months of closes that are done, the last first.
_LAST_MONTH: Final = """
select id, starts_on from period where cloud = $1 and state = 'closed'
order by starts_on desc limit 1
"""
# One look for each referral, however many subscribers it has.
_WITH_SUBSCRIBERS: Final = """
select r.id as referral from referral r
where r.cloud = $1 and (select true from subscriber s
                        where s.cloud = $1 and s.referral = r.id limit 1)
"""
_DISCOUNTS: Final = """
select t.discount_percent as percent, count(*)::int as subscribers
from subscriber_terms t where t.cloud = $1 and t.discount_percent > 0
group by t.discount_percent order by 1
"""


async def target_of(actor: Actor, cloud: CloudFacts) -> Decimal:
    """The margin that a cloud aims at, in percent."""
    async with snapshot(actor) as tx:
        return (await clouds.get_in(tx, cloud.id)).margin_target


async def compose_version(
    actor: Actor,
    cloud: CloudFacts,
    version: NewVersion,
    *,
    code: str | None,
    now: datetime,
    target: Decimal | None = None,
) -> Composed:
    """What a version would cost and leave; of a new tariff, or of the one with a `code`.

    `target` is the margin to aim at, in percent; None is the cloud's.

    Nothing is stored. Raises `NotFound` for a tariff that is not there.
    """
    async with snapshot(actor) as tx:
        basis = await _basis(tx, cloud, now)
        tariff = None
        if code is not None:
            await tariffs.get_in(tx, cloud.id, code)
            tariff = await tx.fetchval(
                "select id from tariff where cloud = $1 and code = $2", cloud.id, code
            )
        if target is None:
            target = (await clouds.get_in(tx, cloud.id)).margin_target
        items = [(item.service, item.quantity) for item in version.items]
        use = await _use(basis, tariff, items)
        figures = basis.figures(version.monthly_price, items, use)
        discounts = [
            Discount(
                percent=row["percent"],
                subscribers=row["subscribers"],
                figures=at_discount(figures, row["percent"], basis.terms),
            )
            for row in await tx.fetch(_DISCOUNTS, cloud.id)
        ]
    costs = _item_costs(basis, items)
    return Composed(
        cloud.currency,
        figures,
        target,
        price_for_margin(figures.cost, target, basis.terms),
        costs,
        _extras(basis, use, items),
        discounts,
        basis.terms.commission_percent,
        basis.referral,
        None if basis.month is None else basis.month.period.start,
        0 if use is None else use.cameras,
        use is not None and use.alike,
        [one.service for one in costs if one.cost is None],
    )


async def judge(actor: Actor, cloud: CloudFacts, of: Tariffs, *, now: datetime) -> Tariffs:
    """Tariffs with their versions' `below_cost` as it is today.

    Who may not know what a cloud pays is told nothing: they come back as they are.
    """
    if not can(actor, Permission.MARGINS_READ):
        return of
    async with snapshot(actor) as tx:
        basis = await _basis(tx, cloud, now)
        codes = [one.code for one in of.rows]
        rows = await tx.fetch(
            "select code, id from tariff where cloud = $1 and code = any($2)", cloud.id, codes
        )
        ids = {row["code"]: row["id"] for row in rows}
        uses = await real_use.uses(tx, basis.month, list(ids.values()))
        judged = []
        for tariff in of.rows:
            own = uses.by_tariff.get(ids[tariff.code]) if tariff.code in ids else None
            versions = [_judged(basis, one, own, uses.by_depth) for one in tariff.versions]
            judged.append(replace(tariff, versions=tuple(versions)))
    return Tariffs(of.currency, judged)


def _judged(
    basis: _Basis, version: Version, own: Use | None, by_depth: Mapping[int, Use]
) -> Version:
    items = [(item.service, item.quantity) for item in version.items]
    use = own or _alike(basis, by_depth, items)
    figures = basis.figures(version.monthly_price, items, use)
    return replace(version, below_cost=figures.below_cost)


async def _basis(tx: Transaction, cloud: CloudFacts, now: datetime) -> _Basis:
    """Today's prices and percents, and the last closed month."""
    today = local_date(now, cloud.timezone)
    services = await pricelist.services(tx)
    row = await tx.fetchrow(_LAST_MONTH, cloud.id)
    month = None
    if row is not None:
        month = ClosedMonth(cloud=cloud.id, id=row["id"], period=Period.of(row["starts_on"]))
    in_force = {}
    for service, dated in (await pricelist.rates(tx, cloud.id, services)).items():
        known = [rate for rate in dated if rate.valid_from <= today]
        if known:
            in_force[service] = known[-1].pricing
    pooled = [one for one, pricing in in_force.items() if not isinstance(pricing, PerUnit)]
    averages: dict[int, Fraction] = {}
    if month is not None and pooled:
        used = await real_use.by_service(tx, month)
        averages = {
            one: Fraction(used[one].amount, 10 ** digits(cloud.currency)) / used[one].quantity
            for one in pooled
            if one in used and used[one].quantity
        }
    referrals = await closing.referrals(tx, cloud.id)
    brought = await tx.fetch(_WITH_SUBSCRIBERS, cloud.id)
    percent, highest = highest_commission(
        [one["referral"] for one in brought], referrals, cloud.level_percents
    )
    referral = await tx.fetchval(
        "select name from referral where cloud = $1 and id = $2", cloud.id, highest
    )
    return _Basis(
        tx,
        cloud,
        Terms(cloud.currency, cloud.wholesale_discount_percent, percent),
        {service.code: service for service in services.values()},
        {one: Offer(pricing, averages.get(one)) for one, pricing in in_force.items()},
        referral,
        month,
    )


async def _use(basis: _Basis, tariff: int | None, items: Items) -> Use | None:
    """Real use of a tariff's own cameras, else of those with a like archive; None of none."""
    uses = await real_use.uses(basis.tx, basis.month, [] if tariff is None else [tariff])
    own = None if tariff is None else uses.by_tariff.get(tariff)
    return own or _alike(basis, uses.by_depth, items)


def _alike(basis: _Basis, by_depth: Mapping[int, Use], items: Items) -> Use | None:
    """Of cameras whose deepest archive is near to the deepest that is included."""
    depths = [
        quantity * service.unit_size
        for code, quantity in items
        if (service := basis.services.get(code)) is not None
        and service.meter.startswith("recording.")
        and service.meter.endswith(".depth")
    ]
    depth = max(depths, default=Decimal(0))
    near = [use for found, use in by_depth.items() if abs(found - depth) <= LIKE_DAYS]
    sums: dict[int, int] = {}
    for use in near:
        for spent, amount in use.sums.items():
            sums[spent] = sums.get(spent, 0) + amount
    cameras = sum(use.cameras for use in near)
    return Use(cameras, sums, alike=True) if cameras else None


def _item_costs(basis: _Basis, items: Items) -> list[ServiceCost]:
    found = []
    whole = Terms(basis.terms.currency, Decimal(0), Decimal(0))
    for (code, quantity), cost in zip(items, basis.included(items), strict=True):
        service = basis.services.get(code)
        offer = None if service is None else basis.offers.get(service.id)
        about = offer is not None and not isinstance(offer.pricing, PerUnit)
        found.append(ServiceCost(code, quantity, None if cost is None else whole.net(cost), about))
    return found


def _extras(basis: _Basis, use: Use | None, items: Items) -> list[ServiceCost]:
    """What is not included and costs all the same, the dearest first."""
    if use is None:
        return []
    included = {code for code, _quantity in items}
    found = []
    for code, service in basis.services.items():
        spent = average(use.sums.get(service.id, 0), use.cameras, basis.terms.currency)
        if spent and code not in included:
            found.append(ServiceCost(code, None, basis.terms.net(spent)))
    return sorted(found, key=lambda one: -(one.cost or 0))
