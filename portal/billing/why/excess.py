"""What a camera has of a service beyond what its tariff includes and charges for: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from portal.billing.fleet import Prices
from portal.billing.measure import CameraUsage, Measure, Service
from portal.billing.reconciliation import excess_worth
from portal.billing.retail import Item, Subscription, Version, running_days, version_on

DEPTH: Final = ".depth"
METERS: Final = ("recording.", "analytics.")
"""What a tariff decides: how long an archive is kept, and which analytics run.

Stored bytes and recorded hours follow from these and are paid by use, whatever is sold.
"""


@dataclass(frozen=True, slots=True)
class Sold:
    """What tariffs include of a service on each day of a month, None on days that they do not run.

    `beyond` says whether what goes beyond it is charged.
    """

    service: Service
    included: Sequence[Decimal | None]
    beyond: bool


@dataclass(frozen=True, slots=True)
class Excess:
    """More of a meter than is sold: `has` and `sold` as they were on the last such day, in units.

    `worth` is what the `days` on which it was so cost, in minor units before discount.
    """

    service: Service
    has: Decimal
    sold: Decimal
    days: int
    worth: int


@dataclass(frozen=True, slots=True)
class Cure:
    """A tariff (row id) that includes what a camera has, and how much more it costs a month."""

    tariff: int
    difference: Decimal


def is_decided(meter: str) -> bool:
    """Whether a tariff decides how much there is of a meter."""
    return meter.startswith(METERS[1]) or (meter.startswith(METERS[0]) and meter.endswith(DEPTH))


def sold_of(prices: Prices, subscriptions: Sequence[Subscription]) -> list[Sold]:
    """The services of a camera's tariffs day by day, by the order of the tariffs' items."""
    days = prices.period.days
    found: dict[int, tuple[Service, list[Decimal | None], bool]] = {}
    for day, item in _items(prices, subscriptions):
        service, included, beyond = found.get(item.service.id, (item.service, [None] * days, False))
        included[day] = item.quantity
        found[service.id] = service, included, beyond or item.overage is not None
    for day in _served(prices, subscriptions):
        for _service, included, _beyond in found.values():
            if included[day] is None:
                included[day] = Decimal(0)
    return [Sold(*one) for one in found.values()]


@dataclass(frozen=True, slots=True)
class Allowed:
    """How much a camera may have of a service whose excess nothing is charged for.

    Of each day (an offset) on which it is on a tariff: base units, and the same as it is sold.
    """

    service: Service
    days: tuple[tuple[int, int | Decimal, Decimal], ...]

    @property
    def least(self) -> int | Decimal:
        """The base units that are never too many."""
        return min((limit for _day, limit, _sold in self.days), default=0)


def allowed_by(prices: Prices, subscriptions: Sequence[Subscription]) -> list[Allowed]:
    """What cameras with these subscriptions may have: asked once for all that are sold the same."""
    served = _served(prices, subscriptions)
    sold = {one.service.id: one for one in sold_of(prices, subscriptions)}
    found = []
    for service in prices.wholesale.services:
        terms = sold.get(service.id)
        if not is_decided(service.meter) or (terms and terms.beyond):
            continue
        if service.measure is Measure.UNIT_MONTH:
            days = ((day, _included(terms, day)) for day in served)
            limits = ((day, _whole(one * service.unit_size), one) for day, one in days)
            found.append(Allowed(service, tuple(limits)))
    return found


def _whole(limit: Decimal) -> int | Decimal:
    """A whole number as such: a camera's days are compared with it quicker."""
    return int(limit) if limit == limit.to_integral_value() else limit


def excess_of(
    prices: Prices, subscriptions: Sequence[Subscription], usage: CameraUsage
) -> list[Excess]:
    """Where a camera has more than its tariff includes, and nothing is charged for it.

    Example: 30 days of archive on a tariff of 14 are 16 too many on each day, at 0.50 a month.
    """
    return excess_over(prices, allowed_by(prices, subscriptions), usage)


def excess_over(prices: Prices, allowed: Sequence[Allowed], usage: CameraUsage) -> list[Excess]:
    """The same of a camera that may have what is `allowed`."""
    period = prices.period
    found = []
    for one in allowed:
        service, base, count = one.service, 0, 0
        has, sold = 0, Decimal(0)
        daily = usage.meter(service.meter, period.days) or ()
        for day, limit, included in one.days if daily else ():
            value = daily[day]
            if value is not None and value > limit:
                base, count = base + int(value - limit), count + 1
                has, sold = value, included
        if count:
            rates = {service.id: prices.wholesale.rates.get(service.id, ())}
            worth = excess_worth(period, prices.currency, rates, {service.meter: base})
            found.append(Excess(service, Decimal(has) / service.unit_size, sold, count, worth))
    return found


def cure_of(
    versions: Mapping[int, Sequence[Version]],
    current: Version,
    excess: Sequence[Excess],
    on: date,
) -> Cure | None:
    """The cheapest tariff on a day that includes all that the current one does, and the excess."""
    wanted = {item.service.id: item.quantity for item in current.items}
    for one in excess:
        wanted[one.service.id] = max(one.has, wanted.get(one.service.id, Decimal(0)))
    fitting = []
    for tariff, dated in versions.items():
        version = version_on(dated, on)
        if version is None or tariff == current.tariff:
            continue
        has = {item.service.id: item.quantity for item in version.items}
        if all(has.get(service, Decimal(0)) >= amount for service, amount in wanted.items()):
            fitting.append((version.monthly_price, tariff))
    if not fitting:
        return None
    price, tariff = min(fitting)
    return Cure(tariff, price - current.monthly_price)


def _included(terms: Sold | None, day: int) -> Decimal:
    return (terms.included[day] if terms else None) or Decimal(0)


def _served(prices: Prices, subscriptions: Sequence[Subscription]) -> list[int]:
    """The offsets of the days on which the camera is on a tariff."""
    return sorted({day for one in subscriptions for day in running_days(prices.period, one)})


def _items(prices: Prices, subscriptions: Sequence[Subscription]) -> list[tuple[int, Item]]:
    """What is included on each day, by its offset."""
    return [
        (day, item)
        for one in subscriptions
        for day in running_days(prices.period, one)
        if (version := version_on(prices.versions.get(one.tariff, ()), prices.period.day(day)))
        for item in version.items
    ]
