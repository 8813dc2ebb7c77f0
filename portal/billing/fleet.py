"""Rating many cameras: the one sequence of steps for closes, corrections and estimates.

`rate_cameras` takes any run of a cloud's cameras; when all of them are rated, `price_pools` prices
what they share.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from portal.billing.charge import Charge
from portal.billing.measure import CameraUsage
from portal.billing.period import MonthAt, Period
from portal.billing.retail import Subscription, Version, rate_retail
from portal.billing.wholesale import PoolShare, PriceList, price_pool
from portal.billing.why.explanation import Explained


@dataclass(frozen=True, slots=True)
class Prices:
    """A cloud's prices made ready for one period: its rates, and its tariffs' versions by tariff.

    The versions of a tariff are all of them, sorted by `valid_from`.
    """

    wholesale: PriceList
    versions: Mapping[int, Sequence[Version]]

    @property
    def period(self) -> Period:
        """The period that is rated."""
        return self.wholesale.period

    @property
    def currency(self) -> str:
        """The currency of all amounts."""
        return self.wholesale.currency


@dataclass(frozen=True, slots=True)
class Fleet:
    """A run of cameras: each one's usage, and by camera the subscriptions that touch the period."""

    cameras: Sequence[CameraUsage]
    subscriptions: Mapping[int, Sequence[Subscription]]

    def so_far(self, month: MonthAt) -> Fleet:
        """The same without days that are not over: nothing is sold or used on them yet."""
        until, over, to_come = month.until, month.days_over, month.period.days - month.days_over
        return Fleet(
            [
                replace(
                    camera,
                    daily={
                        meter: [*values[:over], *[None] * to_come]
                        for meter, values in camera.daily.items()
                    },
                )
                for camera in self.cameras
            ],
            {
                camera: [
                    replace(one, ends_on=min(one.ends_on or until, until))
                    for one in subscriptions
                    if one.starts_on < until
                ]
                for camera, subscriptions in self.subscriptions.items()
            },
        )


@dataclass(frozen=True, slots=True)
class Rated:
    """What a run of cameras comes to: charges of both sides, and shares of pooled services.

    `unrated` counts cameras by (service id, day's offset): usage without a rate, charged to nobody.
    `explained` has the reason of each charge by its key, where they were asked for.
    """

    charges: list[Charge]
    shares: list[PoolShare]
    unrated: Counter[tuple[int, int]]
    explained: Explained = field(default_factory=dict)


def rate_cameras(prices: Prices, fleet: Fleet, *, explain: bool = False) -> Rated:
    """Both sides of every camera. The shares wait for the last camera, then for `price_pools`.

    With `explain` each charge's reason is kept beside it.
    """
    period, currency = prices.period, prices.currency
    rated = Rated([], [], Counter())
    explained = rated.explained if explain else None
    for camera in fleet.cameras:
        result = prices.wholesale.rate(camera, explained)
        rated.charges.extend(result.charges)
        rated.shares.extend(result.shares)
        for service, offsets in result.unrated.items():
            rated.unrated.update((service, offset) for offset in offsets)
        for subscription in fleet.subscriptions.get(camera.camera, ()):
            versions = prices.versions.get(subscription.tariff, ())
            rated.charges.extend(
                rate_retail(period, currency, subscription, versions, camera, explained=explained)
            )
    return rated


def price_pools(
    prices: Prices,
    shares: Mapping[int, Sequence[PoolShare]],
    explained: Explained | None = None,
) -> Iterator[list[Charge]]:
    """The charges of pooled services, those of one service after those of another.

    `shares` are, by service, those of all cameras of the cloud. A service that is not pooled by the
    prices of the period has none. With `explained` each charge leaves its reason there.
    """
    for service, of_service in sorted(shares.items()):
        pool = prices.wholesale.pools.get(service)
        if pool is not None:
            yield price_pool(prices.period, prices.currency, pool, of_service, explained)
