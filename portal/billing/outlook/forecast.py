"""What a running month will probably be charged: so far, and the rest of it at today's tariffs."""

from __future__ import annotations

from dataclasses import replace

from portal.billing.charge import Charge
from portal.billing.fleet import Fleet, Prices
from portal.billing.period import MonthAt
from portal.billing.retail import rate_retail


def likely_charges(prices: Prices, fleet: Fleet, month: MonthAt) -> list[Charge]:
    """The retail charges of the whole month, by subscription.

    Subscriptions run on as they are known today; nothing more is used than on the days that are
    over. Example: two cameras at 9.90 on 5 November, 3.30 so far, make 19.80 by its end.
    """
    over, to_come = month.days_over, month.period.days - month.days_over
    charges = []
    for camera in fleet.cameras:
        known = replace(
            camera,
            daily={
                meter: [*values[:over], *[None] * to_come] for meter, values in camera.daily.items()
            },
        )
        for one in fleet.subscriptions.get(camera.camera, ()):
            versions = prices.versions.get(one.tariff, ())
            charges += rate_retail(prices.period, prices.currency, one, versions, known)
    return charges
