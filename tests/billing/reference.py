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
    lows = [Fraction(0)]
    for tier in shape["tiers"][:-1]:
        lows.append(Fraction(tier["up_to"]))
    reached = [tier for tier, low in zip(shape["tiers"], lows, strict=True) if q > low] or shape["tiers"][:1]
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
    """All cameras of a cloud: (camera, service, rate) → (quantity, amount), and unrated camera-days."""
    days = list(period)
    charges: dict[Any, tuple[Fraction, int]] = {}
    unrated = set()
    for service in {rate.service.id: rate.service for rate in rates}.values():
        mine = sorted((r for r in rates if r.service.id == service.id), key=lambda r: r.valid_from)
        in_force = {}
        for day in days:
            for rate in mine:
                if rate.valid_from <= day:
                    in_force[day] = rate
        size = Fraction(service.unit_size)
        quantities: dict[int, dict[int, list[Fraction]]] = defaultdict(lambda: defaultdict(list))
        for camera in cloud:
            for index, day in enumerate(days):
                value = camera.daily.get(service.meter, [None] * len(days))[index] or 0
                if day in in_force:
                    quantities[camera.camera][in_force[day].id].append(Fraction(value) / size)
                elif value:
                    unrated.add((camera.camera, service.id, index))
        if days[-1] not in in_force:
            continue
        last = in_force[days[-1]]
        shape = pricing_to(last.pricing)
        measure = service.measure.value

        def measured(values: list[Fraction], measure: str = measure) -> Fraction:
            if measure == "peak":
                return max(values, default=Fraction(0))
            return sum(values, Fraction(0)) / (len(days) if measure == "unit_month" else 1)

        whole = {
            camera: measured([value for values in found.values() for value in values])
            for camera, found in quantities.items()
        }
        if shape["model"] != "per_unit":
            pool = sum(whole.values(), Fraction(0))
            if pool == 0:
                continue
            names = {camera.external_id: camera.camera for camera in cloud}
            amount = rounded(cost(shape, pool) * MINOR[currency])
            parts = shared(amount, {n: whole[c] for n, c in names.items() if whole[c]})
            for name, part in parts.items():
                charges[names[name], service.id, last.id] = (whole[names[name]], part)
            continue
        for camera, found in quantities.items():
            pieces = {last.id: whole[camera]}
            if measure != "peak":
                pieces = {id: measured(values) for id, values in found.items()}
            for id, quantity in pieces.items():
                own = pricing_to(next(r for r in mine if r.id == id).pricing)
                use = own if own["model"] == "per_unit" else shape
                charges[camera, service.id, id] = (quantity, rounded(cost(use, quantity) * MINOR[currency]))
    return {key: found for key, found in charges.items() if found[1]}, unrated


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
            units = [Fraction(value(item.service.meter, i) or 0) / item.service.unit_size for i in found]
            included = Fraction(item.quantity)
            if item.service.measure.value == "unit_month":
                beyond = sum((max(Fraction(0), u - included) for u in units), Fraction(0)) / len(days)
            elif item.service.measure.value == "total":
                beyond = max(Fraction(0), sum(units, Fraction(0)) - included * share)
            else:
                beyond = max(Fraction(0), max(units, default=Fraction(0)) - included)
            if beyond:
                amount = rounded(cost(pricing_to(item.overage), beyond) * MINOR[currency])
                charges["overage", version.id, item.service.id] = (beyond, amount)
    return {key: found for key, found in charges.items() if found[1]}
