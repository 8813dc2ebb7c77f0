"""The named cast of the billing stories, and short ways to put them into a situation."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, settings

from portal.billing.period import Period
from portal.billing.pricing import Graduated, Package, PerUnit, Pricing, Tier, Volume
from portal.billing.rating import (
    CameraUsage,
    Charge,
    Daily,
    Item,
    Measure,
    Rate,
    Service,
    Subscription,
    Version,
)
from tests.conftest import LONG

OCTOBER = Period.month("2026-10")  # 31 days, and the clock of Europe/Rome goes back
NOVEMBER = Period.month("2026-11")  # 30
FEBRUARY = Period.month("2026-02")  # 28
LEAP_FEBRUARY = Period.month("2028-02")  # 29

GATE, YARD = 1, 2
SUE, TOM = 11, 12

MOTION = Service(1, "motion-day", "recording.motion.depth", 1, Measure.UNIT_MONTH)
PLATES = Service(2, "plates", "analytics.plates", 1, Measure.UNIT_MONTH)
HOURS = Service(3, "hours", "recording.time", 3600, Measure.TOTAL)
ARCHIVE = Service(4, "archive-gb", "archive.stored", 1_000_000_000, Measure.UNIT_MONTH)
PEAK = Service(5, "archive-peak", "archive.stored", 1_000_000_000, Measure.PEAK)
GB = 1_000_000_000
HOUR = 3600


def d(text: str) -> Decimal:
    return Decimal(text)


def law(examples: int) -> Any:
    """Settings of a property test: how many worlds it looks at, large ones too; no files."""
    return settings(
        max_examples=examples * 10 if LONG else examples,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


def per_unit(price: str) -> PerUnit:
    return PerUnit(d(price))


def tiers(*rows: tuple[str | None, str, str]) -> tuple[Tier, ...]:
    return tuple(
        Tier(None if top is None else d(top), d(unit), d(flat)) for top, unit, flat in rows
    )


# Stripe, tiered pricing: 1–5 at 7, 6–10 at 6.50, from 11 on at 6.
STRIPE = tiers(("5", "7", "0"), ("10", "6.50", "0"), (None, "6", "0"))
STRIPE_VOLUME = Volume(STRIPE)
STRIPE_GRADUATED = Graduated(STRIPE)
# Lago, graduated: 0–10 at 10 + 2, –20 at 5 + 3, 21+ at 5 + 3.
LAGO_GRADUATED = Graduated(tiers(("10", "10", "2"), ("20", "5", "3"), (None, "5", "3")))


def packages(size: str, price: str, free: str = "0") -> Package:
    return Package(d(size), d(price), d(free))


def rate(number: int, service: Service, pricing: Pricing, since: date | str = "2026-01-01") -> Rate:
    return Rate(number, service, _day(since), pricing)


def usage(camera: int = GATE, name: str = "gate", **meters: Daily) -> CameraUsage:
    """Usage with short names of meters: motion, plates, faces, stored, time, enabled."""
    full = {
        "motion": "recording.motion.depth",
        "plates": "analytics.plates",
        "faces": "analytics.faces",
        "stored": "archive.stored",
        "time": "recording.time",
        "enabled": "camera.enabled",
    }
    return CameraUsage(camera, name, {full[key]: values for key, values in meters.items()})


def version(
    number: int = 1,
    since: date | str = "2026-01-01",
    monthly: str = "9.90",
    *items: Item,
    setup: str = "0",
    trial: int = 0,
    bill_when_disabled: bool = True,
) -> Version:
    return Version(number, 7, _day(since), d(monthly), d(setup), trial, bill_when_disabled, items)


def subscription(
    start: date | str = "2026-01-01",
    end: date | str | None = None,
    *,
    number: int = 1,
    camera: int = GATE,
    subscriber: int = SUE,
) -> Subscription:
    return Subscription(
        number, camera, subscriber, 7, _day(start), None if end is None else _day(end)
    )


def _day(day: date | str) -> date:
    return day if isinstance(day, date) else date.fromisoformat(day)


def amounts(charges: list[Charge]) -> list[int]:
    return [charge.amount for charge in charges]


def by_kind(charges: list[Charge]) -> dict[str, int]:
    """Charges summed by kind, for stories with one charge of each."""
    found: dict[str, int] = {}
    for charge in charges:
        found[charge.kind] = found.get(charge.kind, 0) + charge.amount
    return found
