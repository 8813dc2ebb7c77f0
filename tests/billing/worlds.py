"""Random worlds for the comparison with the reference: every mix of prices, dates and gaps in usage."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from random import Random

from portal.billing.period import Period
from portal.billing.pricing import Graduated, Package, PerUnit, Pricing, Tier, Volume
from portal.billing.rating import (
    CameraUsage,
    Item,
    Measure,
    Rate,
    Service,
    Subscription,
    Version,
)

MONTHS = [Period.month(key) for key in ("2026-02", "2028-02", "2026-04", "2026-10", "2026-12")]
METERS = ("recording.motion.depth", "archive.stored", "recording.time")
# Code points, not a locale: "B" < "a" < "à", and "10" < "9".
NAMES = ("gate", "Gate", "10", "9", "à", "~", "камера", "\U0001f4f7")


@dataclass
class World:
    period: Period
    currency: str
    services: list[Service]
    rates: list[Rate]
    cloud: list[CameraUsage]
    versions: list[Version]
    subscriptions: list[Subscription]


def decimal(random: Random, high: int, places: int) -> Decimal:
    return Decimal(random.randint(0, high * 10**places)).scaleb(-places)


def pricing(random: Random) -> Pricing:
    model = random.choice(("per_unit", "per_unit", "graduated", "volume", "package"))
    places = random.choice((0, 2, 6))
    if model == "per_unit":
        return PerUnit(decimal(random, 9, places))
    if model == "package":
        size = decimal(random, 40, random.choice((0, 1))) + Decimal("0.5")
        return Package(
            size, decimal(random, 50, places), decimal(random, 20, random.choice((0, 2)))
        )
    bounds = sorted(
        {decimal(random, 60, random.choice((0, 1))) + 1 for _ in range(random.randint(0, 3))}
    )
    found = tuple(
        Tier(bound, decimal(random, 9, places), decimal(random, 3, 2)) for bound in [*bounds, None]
    )
    return Graduated(found) if model == "graduated" else Volume(found)


def daily(random: Random, days: int, high: int) -> list[int | None]:
    style = random.randrange(4)
    if style == 0:
        return [high] * days
    if style == 1:
        return [None] * days
    return [random.choice((None, 0, high, random.randint(0, high))) for _ in range(days)]


def world(seed: int) -> World:
    random = Random(seed)
    period = random.choice(MONTHS)
    days = period.days
    sizes = {METERS[0]: (1,), METERS[1]: (1_000_000_000, 7), METERS[2]: (3600, 60, 1)}
    services = []
    for number in range(1, random.randint(1, 4) + 1):
        meter = random.choice(METERS)
        size = random.choice(sizes[meter])
        services.append(Service(number, f"s{number}", meter, size, random.choice(list(Measure))))
    rates: list[Rate] = []
    for service in services:
        offsets = random.sample(range(-40, days + 5), random.randint(0, 4))
        for offset in offsets:
            rates.append(Rate(len(rates) + 1, service, period.day(offset), pricing(random)))
    high = {METERS[0]: 9, METERS[1]: random.choice((50, 40_000_000_000)), METERS[2]: 90_000}
    cloud = []
    for camera, name in enumerate(random.sample(NAMES, random.randint(1, 5)), start=1):
        meters = {m: daily(random, days, high[m]) for m in METERS if random.random() < 0.9}
        if random.random() < 0.7:
            meters["camera.enabled"] = [random.choice((None, 0, 1, 1)) for _ in range(days)]
        cloud.append(CameraUsage(camera, name, meters))
    versions = _versions(random, period, services)
    return World(
        period,
        random.choice(("EUR", "JPY", "KWD")),
        services,
        rates,
        cloud,
        versions,
        _subscriptions(random, period, versions),
    )


def _versions(random: Random, period: Period, services: list[Service]) -> list[Version]:
    offsets = [-60, *sorted(random.sample(range(-20, period.days + 3), random.randint(0, 3)))]
    return [
        Version(
            number,
            7,
            period.day(offset),
            decimal(random, 30, random.choice((0, 2, 6))),
            decimal(random, 10, 2),
            random.choice((0, 0, 3, 14, 45)),
            random.random() < 0.5,
            tuple(
                Item(
                    service,
                    decimal(random, random.choice((1, 9, 40)), random.choice((0, 3))),
                    pricing(random) if random.random() < 0.8 else None,
                )
                for service in services
            ),
        )
        for number, offset in enumerate(offsets, start=1)
    ]


def _subscriptions(random: Random, period: Period, versions: list[Version]) -> list[Subscription]:
    """Up to three after one another on camera 1, sometimes with days between them."""
    found = []
    day = versions[0].valid_from + timedelta(days=random.randint(0, 65))
    for number in range(1, random.randint(1, 3) + 1):
        end = day + timedelta(days=random.randint(1, 40)) if random.random() < 0.7 else None
        found.append(Subscription(number, 1, random.choice((11, 12)), 7, day, end))
        if end is None:
            break
        day = end + timedelta(days=random.choice((0, 0, 2)))
    return found
