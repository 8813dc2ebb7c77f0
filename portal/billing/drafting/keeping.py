"""What cameras keep beyond their tariffs in a month: each camera once, by what costs most."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal

from portal.billing.fleet import Fleet, Prices
from portal.billing.measure import CameraUsage
from portal.billing.retail import Subscription
from portal.billing.why.excess import Allowed, allowed_by, excess_over

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
        self._allowed: dict[_Shape, tuple[list[Allowed], list[tuple[str, int | Decimal]]]] = {}

    def add(self, fleet: Fleet) -> None:
        """Look at a run of cameras."""
        for camera in fleet.cameras:
            subscriptions = fleet.subscriptions.get(camera.camera, ())
            if not subscriptions:
                continue
            allowed, limits = self._allowed_by(subscriptions)
            if not any(_most(camera, meter) > limit for meter, limit in limits):
                continue
            worth = max(
                (
                    one.worth
                    for one in excess_over(self._prices, allowed, camera)
                    if (camera.camera, one.service.meter) not in self._accepted
                ),
                default=0,
            )
            if worth > 0:
                whose = subscriptions[-1].subscriber
                self.worth[whose] = self.worth.get(whose, 0) + worth
                self.cameras[whose] = self.cameras.get(whose, 0) + 1

    def _allowed_by(
        self, subscriptions: Sequence[Subscription]
    ) -> tuple[list[Allowed], list[tuple[str, int | Decimal]]]:
        """What is allowed, and by meter the base units that are never too many."""
        shape = tuple((one.tariff, one.starts_on, one.ends_on) for one in subscriptions)
        found = self._allowed.get(shape)
        if found is None:
            allowed = allowed_by(self._prices, subscriptions)
            limits = [(one.service.meter, one.least) for one in allowed]
            found = self._allowed[shape] = allowed, limits
        return found


def _most(camera: CameraUsage, meter: str) -> int:
    """The most that a camera has of a meter on a day."""
    return max(filter(None, camera.daily.get(meter, ())), default=0)
