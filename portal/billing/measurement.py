"""What rating measured of cameras, kept beside the charges: what a document's appendix shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from portal.billing.fleet import Fleet, Prices, Rated
from portal.billing.measure import CameraUsage, Daily, Service, base_quantity
from portal.billing.period import Period
from portal.billing.retail import Subscription, Version, billable_days, running_days


class Measurement(NamedTuple):
    """One thing measured of a camera in a period.

    With a subscription and no service: the days that were billable. With both: what was used of a
    service in its tariff while it ran. With a service alone: what the wholesale side measured.
    `base` is in base units, summed or the highest; `days` has a bit for each day that counts, bit 0
    the first of the period: billable ones, or those with usage.
    """

    camera: int
    subscriber: int | None
    subscription: int | None
    service: int | None
    base: int
    days: int


def measure_cameras(prices: Prices, fleet: Fleet, rated: Rated) -> Iterator[Measurement]:
    """What the charges of a run of cameras, and their shares of pools, were measured from.

    `rated` is what `rate_cameras` made of the same prices and fleet.
    """
    services = {service.id: service for service in prices.wholesale.watched}
    bought = {(share.camera, share.service) for share in rated.shares}
    bought |= {
        (one.camera, one.service)
        for one in rated.charges
        if one.side == "wholesale" and one.service is not None
    }
    days = prices.period.days
    usage = {camera.camera: camera for camera in fleet.cameras}
    for camera, service in sorted(bought):
        values = usage[camera].meter(services[service].meter, days) or ()
        base = base_quantity(services[service].measure, values)
        yield Measurement(camera, None, None, service, base, _bits(values))
    for one in fleet.cameras:
        for subscription in fleet.subscriptions.get(one.camera, ()):
            versions = prices.versions.get(subscription.tariff, ())
            yield from measure_subscription(prices.period, subscription, versions, one)


def measure_subscription(
    period: Period, subscription: Subscription, versions: Sequence[Version], usage: CameraUsage
) -> Iterator[Measurement]:
    """The billable days of a subscription, and what its camera used while it ran.

    Of the services in any version of its tariff, where there is usage of their meters at all.
    """
    of = subscription
    whose = of.camera, of.subscriber, of.id
    running = running_days(period, of)
    if not running:
        return
    yield Measurement(*whose, None, 0, billable_days(period, of, versions, usage))
    services = {item.service.id: item.service for version in versions for item in version.items}
    for service in sorted(services):
        values = _values(usage, services[service], period.days, running)
        if any(value is not None for value in values):
            base = base_quantity(services[service].measure, values)
            yield Measurement(*whose, service, base, _bits(values) << running.start)


def _values(usage: CameraUsage, service: Service, days: int, running: range) -> Daily:
    return (usage.meter(service.meter, days) or ())[running.start : running.stop]


def _bits(values: Daily) -> int:
    """A bit for each day with usage, bit 0 the first."""
    if all(values):
        return (1 << len(values)) - 1
    return sum(1 << index for index, value in enumerate(values) if value)
