"""The books as a second reading of the rules makes them: slow, day by day, in fractions.

It shares no arithmetic with the product. A world is plain data, as it is sent to the API.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

DIGITS = {"EUR": 2, "USD": 2, "JPY": 0, "KWD": 3}


@dataclass
class World:
    """One cloud: everything is by code, number or external id."""

    currency: str
    timezone: str
    percents: dict[str, str]
    level_percents: list[str] = field(default_factory=list)
    services: dict[str, dict[str, Any]] = field(default_factory=dict)
    rates: list[dict[str, Any]] = field(default_factory=list)
    tariffs: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    referrals: dict[str, dict[str, Any]] = field(default_factory=dict)
    subscribers: dict[int, dict[str, Any]] = field(default_factory=dict)
    cameras: dict[str, int | None] = field(default_factory=dict)
    subscriptions: list[dict[str, Any]] = field(default_factory=list)
    usage: dict[tuple[str, str, date], int] = field(default_factory=dict)


def half_away(amount: Fraction) -> int:
    """To a whole number, halves away from zero."""
    whole = math.floor(abs(amount) + Fraction(1, 2))
    return whole if amount >= 0 else -whole


def shared(total: int, weights: dict[Any, Fraction]) -> dict[Any, int]:
    """Largest remainder of |total|, ties to the lower key."""
    weight = sum(weights.values())
    if not total or not weight:
        return dict.fromkeys(weights, 0)
    exact = {key: abs(total) * one / weight for key, one in weights.items()}
    parts = {key: math.floor(one) for key, one in exact.items()}
    left = abs(total) - sum(parts.values())
    for key in sorted(exact, key=lambda key: (-(exact[key] - parts[key]), key))[:left]:
        parts[key] += 1
    sign = 1 if total > 0 else -1
    return {key: sign * part for key, part in parts.items()}


def priced(pricing: dict[str, Any], quantity: Fraction) -> Fraction:
    """The amount of a quantity, in major units."""
    model = pricing["model"]
    if model == "per_unit":
        return Fraction(pricing["unit_price"]) * quantity
    if model == "package":
        beyond = max(Fraction(0), quantity - Fraction(pricing.get("free_units", 0)))
        return math.ceil(beyond / Fraction(pricing["package_size"])) * Fraction(
            pricing["package_price"]
        )
    below, amount = Fraction(0), Fraction(0)
    for tier in pricing["tiers"]:
        bound = None if tier["up_to"] is None else Fraction(tier["up_to"])
        unit, flat = Fraction(tier["unit_price"]), Fraction(tier.get("flat_fee", "0"))
        holds = bound is None or quantity <= bound
        if model == "volume":
            if holds:
                return quantity * unit + flat
            continue
        part = (quantity if holds else bound) - below  # type: ignore[operator]
        amount += part * unit + flat
        if holds:
            return amount
        below = bound  # type: ignore[assignment]
    raise AssertionError("the last tier holds everything")


def month_days(month: str) -> list[date]:
    """Every day of "2026-10"."""
    day = date.fromisoformat(f"{month}-01")
    found = []
    while f"{day:%Y-%m}" == month:
        found.append(day)
        day += timedelta(days=1)
    return found


def in_force(dated: list[dict[str, Any]], day: date) -> dict[str, Any] | None:
    """Of things with `valid_from`, the latest that has begun."""
    begun = [one for one in dated if date.fromisoformat(one["valid_from"]) <= day]
    return max(begun, key=lambda one: one["valid_from"]) if begun else None


def measured(world: World, service: dict[str, Any], values: list[int], days: int) -> Fraction:
    """Daily values as one quantity."""
    size = service["unit_size"]
    if service["measure"] == "peak":
        return Fraction(max(values, default=0), size)
    total = Fraction(sum(values), size)
    return total / days if service["measure"] == "unit_month" else total


Key = tuple[Any, ...]
"""(side, kind, camera, subscriber, subscription, version or rate, service)."""


def charges(world: World, month: str) -> dict[Key, int]:
    """What a month comes to by its usage and prices, in minor units; nothing is 0."""
    days = month_days(month)
    found: dict[Key, int] = {}
    scale = 10 ** DIGITS[world.currency]
    for index, subscription in enumerate(world.subscriptions):
        _retail(world, index, subscription, days, scale, found)
    for code in world.services:
        _wholesale(world, code, days, scale, found)
    return {key: amount for key, amount in found.items() if amount}


def _retail(
    world: World,
    index: int,
    subscription: dict[str, Any],
    days: list[date],
    scale: int,
    found: dict[Key, int],
) -> None:
    camera, versions = subscription["camera"], world.tariffs[subscription["tariff"]]
    start = date.fromisoformat(subscription["starts_on"])
    end = date.fromisoformat(subscription["ends_on"]) if subscription["ends_on"] else date.max
    first = in_force(versions, start)
    assert first is not None
    owner = ("retail", camera, subscription["subscriber"], index)
    if start in days:
        key = ("setup", *owner, first["valid_from"], "")
        found[key] = half_away(Fraction(first["setup_fee"]) * scale)
    billable: dict[str, list[date]] = defaultdict(list)
    for day in days:
        if not start <= day < end or day < start + timedelta(days=first["trial_days"]):
            continue
        version = in_force(versions, day)
        assert version is not None
        off = world.usage.get((camera, "camera.enabled", day)) == 0
        if version["bill_when_disabled"] or not off:
            billable[version["valid_from"]].append(day)
    for version in versions:
        own = billable[version["valid_from"]]
        amount = Fraction(version["monthly_price"]) * len(own) / len(days)
        found["recurring", *owner, version["valid_from"], ""] = half_away(amount * scale)
        for item in version["items"]:
            if item["overage"] is None:
                continue
            service = world.services[item["service"]]
            values = [world.usage.get((camera, service["meter"], day), 0) for day in own]
            included, size = Fraction(item["quantity"]), service["unit_size"]
            if service["measure"] == "unit_month":
                over = [max(Fraction(0), Fraction(value, size) - included) for value in values]
                quantity = sum(over, Fraction(0)) / len(days)
            elif service["measure"] == "total":
                allowed = included * len(own) / len(days)
                quantity = max(Fraction(0), Fraction(sum(values), size) - allowed)
            else:
                quantity = max(Fraction(0), Fraction(max(values, default=0), size) - included)
            if quantity:
                key = ("overage", *owner, version["valid_from"], item["service"])
                found[key] = half_away(priced(item["overage"], quantity) * scale)


def _wholesale(
    world: World, code: str, days: list[date], scale: int, found: dict[Key, int]
) -> None:
    service = world.services[code]
    dated = [rate for rate in world.rates if rate["service"] == code]
    last = in_force(dated, days[-1])
    if last is None:
        return
    owner = ("wholesale",)
    pooled: dict[str, Fraction] = {}
    for camera in world.cameras:
        rated = [day for day in days if in_force(dated, day)]
        values = {day: world.usage.get((camera, service["meter"], day), 0) for day in rated}
        if last["pricing"]["model"] != "per_unit":
            quantity = measured(world, service, list(values.values()), len(days))
            if quantity:
                pooled[camera] = quantity
            continue
        runs: dict[str, list[int]] = defaultdict(list)
        for day, value in values.items():
            rate = last if service["measure"] == "peak" else in_force(dated, day)
            assert rate is not None
            runs[rate["valid_from"]].append(value)
        for valid_from, of_run in runs.items():
            rate = next(one for one in dated if one["valid_from"] == valid_from)
            pricing = rate["pricing"] if rate["pricing"]["model"] == "per_unit" else last["pricing"]
            quantity = measured(world, service, of_run, len(days))
            key = ("service", *owner, camera, None, None, valid_from, code)
            found[key] = half_away(priced(pricing, quantity) * scale) if quantity else 0
    if pooled:
        amount = half_away(priced(last["pricing"], sum(pooled.values(), Fraction(0))) * scale)
        for camera, part in shared(amount, pooled).items():
            found["service", *owner, camera, None, None, last["valid_from"], code] = part


@dataclass
class Document:
    """An invoice's five figures, in minor units."""

    subtotal: int
    discount: int
    taxable: int
    tax: int
    total: int


def document(subtotal: int, discount: str, tax: str, *, exempt: bool = False) -> Document:
    """Discount and tax, each rounded once."""
    off = half_away(subtotal * Fraction(discount) / 100)
    taxable = subtotal - off
    due = 0 if exempt else half_away(taxable * Fraction(tax) / 100)
    return Document(subtotal, off, taxable, due, taxable + due)


@dataclass
class Books:
    """What closing one month made."""

    charges: dict[tuple[Key, str], int]
    retail: dict[int, Document]
    wholesale: Document
    commissions: list[tuple[str, int, int, int, int]]
    """(referral, level, subscriber, base, amount)."""
    margins: dict[str, tuple[int, int, int]]
    """Camera → revenue, cost, commission, over all its subscribers."""


def close(
    world: World,
    month: str,
    before: dict[str, dict[tuple[Key, str], int]],
) -> Books:
    """Close a month. `before` is what every earlier close charged, by the month that was closed.

    Closed months among the three before are corrected: what they come to now, less all that was
    charged about them.
    """
    made: dict[tuple[Key, str], int] = {
        (key, month): amount for key, amount in charges(world, month).items()
    }
    made |= _corrections(world, month, before)
    retail: dict[int, Document] = {}
    commissions: list[tuple[str, int, int, int, int]] = []
    margins: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    by_subscriber: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    costs: dict[str, int] = defaultdict(int)
    for (key, _), amount in made.items():
        _, side, camera, subscriber, *_ = key
        if side == "retail":
            by_subscriber[subscriber][camera] += amount
        else:
            costs[camera] += amount
    for number in sorted(by_subscriber):
        of, cameras = world.subscribers[number], by_subscriber[number]
        paper = document(
            sum(cameras.values()),
            of["discount_percent"],
            world.percents["tax"],
            exempt=of["tax_exempt"],
        )
        earned = _earned(world, of["referral"], paper) if paper.total else []
        commissions += [
            (code, level, number, paper.taxable, amount) for code, level, amount in earned
        ]
        if paper.total:
            retail[number] = paper
        discounts = shared(paper.discount, {c: Fraction(a) for c, a in cameras.items()})
        nets = {camera: amount - discounts[camera] for camera, amount in cameras.items()}
        parts = shared(
            sum(amount for *_, amount in earned), {c: Fraction(n) for c, n in nets.items()}
        )
        for camera, net in nets.items():
            margins[camera][0] += net
            margins[camera][2] += parts[camera]
    wholesale = document(
        sum(costs.values()), world.percents["wholesale_discount"], world.percents["wholesale_tax"]
    )
    discounts = shared(wholesale.discount, {c: Fraction(a) for c, a in costs.items()})
    for camera, cost in costs.items():
        margins[camera][1] += cost - discounts[camera]
    return Books(
        made,
        retail,
        wholesale,
        commissions,
        {c: (m[0], m[1], m[2]) for c, m in margins.items() if any(m)},
    )


def _corrections(
    world: World, month: str, before: dict[str, dict[tuple[Key, str], int]]
) -> dict[tuple[Key, str], int]:
    made: dict[tuple[Key, str], int] = {}
    for old in _three_before(month):
        if old not in before:
            continue
        charged: dict[Key, int] = defaultdict(int)
        for of_close in before.values():
            for (key, about), amount in of_close.items():
                if about == old:
                    charged[key] += amount
        now = charges(world, old)
        for key in {*charged, *now}:
            difference = now.get(key, 0) - charged.get(key, 0)
            if difference:
                made[key, old] = difference
    return made


def _three_before(month: str) -> list[str]:
    day = date.fromisoformat(f"{month}-01")
    found = []
    for _ in range(3):
        day = (day - timedelta(days=1)).replace(day=1)
        found.append(f"{day:%Y-%m}")
    return found


def _earned(world: World, code: str | None, paper: Document) -> list[tuple[str, int, int]]:
    found, level = [], 1
    while code is not None and level <= 1 + len(world.level_percents):
        of = world.referrals[code]
        percent = of["percent"] if level == 1 else world.level_percents[level - 2]
        amount = half_away(paper.taxable * Fraction(percent) / 100)
        if amount:
            found.append((code, level, amount))
        code, level = of["sponsor"], level + 1
    return found
