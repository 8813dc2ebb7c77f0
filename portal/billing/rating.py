"""Rating: usage × rates → wholesale charges; subscriptions × tariffs × usage → retail charges.

The one door to it: everything that callers outside `billing` need is imported from here.
"""

from __future__ import annotations

from typing import Final

from portal.billing.charge import AMOUNT_MAX, Charge, Key, Kind, Side
from portal.billing.fleet import Fleet, Prices, Rated, price_pools, rate_cameras
from portal.billing.measure import ENABLED, CameraUsage, Daily, Measure, Service
from portal.billing.measurement import Measurement, measure_cameras
from portal.billing.retail import (
    Item,
    Subscription,
    Version,
    rate_retail,
    version_on,
)
from portal.billing.wholesale import (
    Pool,
    PoolShare,
    PriceList,
    Rate,
    WholesaleResult,
    pool_of,
    price_pool,
)

RULES: Final = 1
"""Which rules these are: one more as soon as the same facts come to other charges or measurements.

What a draft rated by other rules is rated again by the close.
"""

__all__ = [
    "AMOUNT_MAX",
    "ENABLED",
    "RULES",
    "CameraUsage",
    "Charge",
    "Daily",
    "Fleet",
    "Item",
    "Key",
    "Kind",
    "Measure",
    "Measurement",
    "Pool",
    "PoolShare",
    "PriceList",
    "Prices",
    "Rate",
    "Rated",
    "Service",
    "Side",
    "Subscription",
    "Version",
    "WholesaleResult",
    "measure_cameras",
    "pool_of",
    "price_pool",
    "price_pools",
    "rate_cameras",
    "rate_retail",
    "version_on",
]
