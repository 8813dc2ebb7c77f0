"""What cameras keep beyond their tariffs in a month: each camera once, by what costs most."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from portal.billing.fleet import Fleet, Prices
from portal.billing.measure import CameraUsage, Measure
from portal.billing.retail import Subscription
from portal.billing.why.excess import excess_of, is_decided, sold_of

_Shape = tuple[tuple[object, ...], ...]


class Keeping:
    """Gathers what is kept beyond what is sold, by subscriber (row id): worth and cameras.

    `accepted` are cameras (row ids) with meters of which more is accepted. Most cameras keep what
    they are sold: whether one may keep more is asked once for all that are sold the same.
    """

    def __init__(self, prices: Prices, accepted: Collection[tuple[int, str]]) -> None:
        self.worth: dict[int, int] = {}
        self.cameras: dict[int, int] = {}
        self._prices = prices
        self._accepted = accepted
        self._limits: dict[_Shape, dict[str, int]] = {}

    def add(self, fleet: Fleet) -> None:
        """Look at a run of cameras."""
        for camera in fleet.cameras:
            subscriptions = fleet.subscriptions.get(camera.camera, ())
            if not subscriptions or not self._may_exceed(camera, subscriptions):
                continue
            worth = max(
                (
                    one.worth
                    for one in excess_of(self._prices, subscriptions, camera)
                    if (camera.camera, one.service.meter) not in self._accepted
                ),
                default=0,
            )
            if worth > 0:
                whose = subscriptions[-1].subscriber
                self.worth[whose] = self.worth.get(whose, 0) + worth
                self.cameras[whose] = self.cameras.get(whose, 0) + 1

    def _may_exceed(self, camera: CameraUsage, subscriptions: Sequence[Subscription]) -> bool:
        shape = tuple((one.tariff, one.starts_on, one.ends_on) for one in subscriptions)
        limits = self._limits.get(shape)
        if limits is None:
            limits = self._limits[shape] = self._limits_of(subscriptions)
        return any(
            limit < max((value for value in camera.daily[meter] if value is not None), default=0)
            for meter, limit in limits.items()
            if meter in camera.daily
        )

    def _limits_of(self, subscriptions: Sequence[Subscription]) -> dict[str, int]:
        """By meter: the base units below which nothing is kept beyond what is sold."""
        sold = {one.service.id: one for one in sold_of(self._prices, subscriptions)}
        limits: dict[str, int] = {}
        for service in self._prices.wholesale.services:
            terms = sold.get(service.id)
            if not is_decided(service.meter) or service.measure is not Measure.UNIT_MONTH:
                continue
            if terms is not None and terms.beyond:
                continue
            included = [one for one in (terms.included if terms else ()) if one is not None]
            limit = int(min(included, default=0) * service.unit_size)
            limits[service.meter] = min(limit, limits.get(service.meter, limit))
        return limits
