"""A second, slow reading of the rules: day by day, fraction by fraction, sharing no code with the core.

It takes the core's input values and JSON shapes of prices, and answers with plain dictionaries.
"""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from math import floor
from typing import Any

from portal.billing.period import Period
from portal.billing.pricing import pricing_to
from portal.billing.rating import CameraUsage, Rate, Subscription, Version

MINOR = {"EUR": 100, "JPY": 1, "KWD": 1000}


def rounded(amount: Fraction) -> int:
    whole = floor(abs(amount) + Fraction(1, 2))
    return whole if amount >= 0 else -whole


def cost(shape: dict[str, Any], q: Fraction) -> Fraction:
    """The price of q by the JSON shape of a pricing."""
    model = shape["model"]
    if model == "per_unit":
        return q * Fraction(shape["unit_price"])
    if model == "package":
        full = floor((q - Fraction(shape["free_units"])) / Fraction(shape["package_size"]))
        covered = full * Fraction(shape["package_size"]) + Fraction(shape["free_units"])
        return max(0, full if covered == q else full + 1) * Fraction(shape["package_price"])
    lows = [Fraction(0), *(Fraction(tier["up_to"]) for tier in shape["tiers"][:-1])]
    reached = [tier for tier, low in zip(shape["tiers"], lows, strict=True) if q > low] or shape[
        "tiers"
    ][:1]
    if model == "volume":
        return q * Fraction(reached[-1]["unit_price"]) + Fraction(reached[-1]["flat_fee"])
    amount = Fraction(0)
    for index, tier in enumerate(reached):
        high = lows[index + 1] if index + 1 < len(reached) else q
        amount += (high - lows[index]) * Fraction(tier["unit_price"]) + Fraction(tier["flat_fee"])
    return amount


def shared(total: int, weights: dict[Any, Fraction]) -> dict[Any, int]:
    """Largest remainder, the obvious way."""
    over = sum(weights.values())
    exact = {key: abs(total) * Fraction(weight) / over for key, weight in weights.items()}
    parts = {key: floor(share) for key, share in exact.items()}
    order = sorted(exact, key=lambda key: (-(exact[key] - parts[key]), key))
    for key in order[: abs(total) - sum(parts.values())]:
        parts[key] += 1
    return {key: part if total > 0 else -part for key, part in parts.items()}


def wholesale(
    period: Period, currency: str, rates: list[Rate], cloud: list[CameraUsage]
) -> tuple[dict[Any, tuple[Fraction, int]], set[Any]]:
    """All cameras of a cloud: (camera, service, rate) → (quantity, amount); and unrated camera-days."""
    charges: dict[Any, tuple[Fraction, int]] = {}
    unrated: set[Any] = set()
    for number in {rate.service.id for rate in rates}:
        mine = [rate for rate in rates if rate.service.id == number]
        charges |= _service(period, currency, mine, cloud, unrated)
    return {key: found for key, found in charges.items() if found[1]}, unrated


def _service(
    period: Period,
    currency: str,
    rates: list[Rate],
    cloud: list[CameraUsage],
    unrated: set[Any],
) -> dict[Any, tuple[Fraction, int]]:
    days, service = list(period), rates[0].service
    # The rate of each day, and each camera's units of each rate's days.
    in_force: dict[Any, Rate] = {}
    for rate in sorted(rates, key=lambda rate: rate.valid_from):
        in_force |= {day: rate for day in days if rate.valid_from <= day}
    units: dict[int, dict[int, list[Fraction]]] = defaultdict(lambda: defaultdict(list))
    for camera in cloud:
        for index, day in enumerate(days):
            value = camera.daily.get(service.meter, [None] * len(days))[index] or 0
            if day in in_force:
                units[camera.camera][in_force[day].id].append(Fraction(value, service.unit_size))
            elif value:
                unrated.add((camera.camera, service.id, index))
    if not in_force:
        return {}
    last = in_force[days[-1]]
    quantities = {
        camera: _measured(
            service.measure.value, [u for found in by_rate.values() for u in found], days
        )
        for camera, by_rate in units.items()
    }
    shape = pricing_to(last.pricing)
    if shape["model"] != "per_unit":
        total = sum(quantities.values())
        if not total:
            return {}
        amount = rounded(cost(shape, Fraction(total)) * MINOR[currency])
        named = {camera.external_id: quantities[camera.camera] for camera in cloud}
        parts = shared(amount, {name: quantity for name, quantity in named.items() if quantity})
        numbers = {camera.external_id: camera.camera for camera in cloud}
        return {(numbers[n], service.id, last.id): (named[n], part) for n, part in parts.items()}
    charges = {}
    for camera_id, by_rate in units.items():
        pieces = {
            rate: _measured(service.measure.value, found, days) for rate, found in by_rate.items()
        }
        if service.measure.value == "peak":
            pieces = {last.id: quantities[camera_id]}
        for rate_id, quantity in pieces.items():
            own = pricing_to(next(rate.pricing for rate in rates if rate.id == rate_id))
            used = own if own["model"] == "per_unit" else shape
            amount = rounded(cost(used, quantity) * MINOR[currency])
            charges[camera_id, service.id, rate_id] = (quantity, amount)
    return charges


def _measured(measure: str, units: list[Fraction], days: list[Any]) -> Fraction:
    if measure == "peak":
        return max(units, default=Fraction(0))
    return sum(units, Fraction(0)) / (len(days) if measure == "unit_month" else 1)


def retail(
    period: Period,
    currency: str,
    subscription: Subscription,
    versions: list[Version],
    camera: CameraUsage | None,
) -> dict[Any, tuple[Fraction, int]]:
    """One subscription: (kind, version, service) → (quantity, amount)."""
    days = list(period)
    daily = camera.daily if camera else {}

    def on(day: Any) -> Version:
        return max((v for v in versions if v.valid_from <= day), key=lambda v: v.valid_from)

    def value(meter: str, index: int) -> int | None:
        return daily[meter][index] if meter in daily else None

    first = on(subscription.starts_on)
    charges: dict[Any, tuple[Fraction, int]] = {}
    billable: dict[int, list[int]] = defaultdict(list)
    for index, day in enumerate(days):
        if day == subscription.starts_on:
            fee = rounded(Fraction(first.setup_fee) * MINOR[currency])
            charges["setup", first.id, None] = (Fraction(1), fee)
        if day < subscription.starts_on or (subscription.ends_on and day >= subscription.ends_on):
            continue
        if (day - subscription.starts_on).days < first.trial_days:
            continue
        if not on(day).bill_when_disabled and value("camera.enabled", index) == 0:
            continue
        billable[on(day).id].append(index)
    for version in versions:
        found = billable[version.id]
        share = Fraction(len(found), len(days))
        charges["recurring", version.id, None] = (
            share,
            rounded(Fraction(version.monthly_price) * share * MINOR[currency]),
        )
        for item in version.items:
            if item.overage is None:
                continue
            units = [
                Fraction(value(item.service.meter, i) or 0) / item.service.unit_size for i in found
            ]
            included = Fraction(item.quantity)
            if item.service.measure.value == "unit_month":
                beyond = sum((max(Fraction(0), u - included) for u in units), Fraction(0)) / len(
                    days
                )
            elif item.service.measure.value == "total":
                beyond = max(Fraction(0), sum(units, Fraction(0)) - included * share)
            else:
                beyond = max(Fraction(0), max(units, default=Fraction(0)) - included)
            if beyond:
                amount = rounded(cost(pricing_to(item.overage), beyond) * MINOR[currency])
                charges["overage", version.id, item.service.id] = (beyond, amount)
    return {key: found for key, found in charges.items() if found[1]}
