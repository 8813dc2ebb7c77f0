"""What a difference between Watcher and the books is worth, in minor units."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from portal.billing.money import to_minor
from portal.billing.period import Period
from portal.billing.pricing import PerUnit
from portal.billing.rating import CameraUsage, Measure, PriceList, Rate, Version, version_on


class Kind(StrEnum):
    """How Watcher and the books can disagree."""

    RECORDED_NOT_BILLED = "recorded_not_billed"
    BILLED_NOT_THERE = "billed_not_there"
    PRESET_DIFFERS = "preset_differs"
    DEPTH_ABOVE_PRESET = "depth_above_preset"
    DAY_NOT_READ = "day_not_read"
    NOT_MAPPED = "not_mapped"


@dataclass(frozen=True, slots=True)
class Difference:
    """Days on which they disagree about a camera (external id; None: all), and their worth.

    One that is `accepted` is told quietly: nobody is to do anything, and it adds to no sum.
    """

    kind: Kind
    camera: str | None
    days: int
    worth: int
    detail: str
    accepted: bool = False


def total_worth(differences: Iterable[Difference]) -> int:
    """What differences come to together: a camera counts once, with its highest kind.

    A camera that records without a subscription and is not mapped either costs once what it costs.
    Rows of one kind are of different days or archives and add up; days that were not read are of no
    single camera and add up too. Example: gate 10.00 and 7.00 of another kind, yard 3.00 → 13.00.
    """
    kinds: dict[str, dict[Kind, int]] = defaultdict(lambda: defaultdict(int))
    total = 0
    for one in differences:
        if one.accepted:
            continue
        if one.camera is None:
            total += one.worth
        else:
            kinds[one.camera][one.kind] += one.worth
    return total + sum(max(of.values()) for of in kinds.values())


def wholesale_worth(prices: PriceList, usage: CameraUsage, days: Collection[int]) -> int:
    """What the platform charges for a camera's usage on some days (offsets) of a period.

    Pooled services have no price of a camera's own and are left out.
    """
    kept = {
        meter: [value if index in days else None for index, value in enumerate(daily)]
        for meter, daily in usage.daily.items()
    }
    result = prices.rate(replace(usage, daily=kept))
    return sum(charge.amount for charge in result.charges)


def retail_worth(
    period: Period, currency: str, versions: Sequence[Version], days: Sequence[date]
) -> int:
    """What a tariff charges for a camera on some days of a period, setup and overage aside."""
    return to_minor(_monthly(period, versions, days), currency)


def price_difference(
    period: Period,
    currency: str,
    one: Sequence[Version],
    other: Sequence[Version],
    days: Sequence[date],
) -> int:
    """How far two tariffs are apart on some days, never below 0."""
    apart = _monthly(period, one, days) - _monthly(period, other, days)
    return to_minor(abs(apart), currency)


def _monthly(period: Period, versions: Sequence[Version], days: Sequence[date]) -> Fraction:
    found = (version_on(versions, day) for day in days)
    prices = (version.monthly_price for version in found if version is not None)
    return Fraction(sum(prices, Decimal(0))) / period.days


def excess_worth(
    period: Period, currency: str, rates: Mapping[int, Sequence[Rate]], excess: Mapping[str, int]
) -> int:
    """What base units beyond a preset cost at the unit prices of the period's last day.

    `excess` is, by meter, the sum over days of what is above the preset; services measured by the
    month and priced by the unit have a price for it.
    """
    worth = Fraction(0)
    for dated in rates.values():
        in_force = [rate for rate in dated if rate.valid_from <= period.last]
        if not in_force or not isinstance(in_force[-1].pricing, PerUnit):
            continue
        service, pricing = in_force[-1].service, in_force[-1].pricing
        if service.measure is Measure.UNIT_MONTH and service.meter in excess:
            quantity = Fraction(excess[service.meter], service.divisor(period.days))
            worth += Fraction(pricing.unit_price) * quantity
    return to_minor(worth, currency)
