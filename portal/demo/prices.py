"""What the demo's platform sells, what each cloud pays for it, and the tariffs made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from portal.demo.months import When

Pricing = dict[str, object]
"""A price in the shape it is stored in."""

BEFORE: Final[When] = (-1, 1)
"""Prices that were there from the beginning."""


def per_unit(price: str) -> Pricing:
    """So much for each unit."""
    return {"model": "per_unit", "unit_price": price}


def graduated(*tiers: tuple[str | None, str, str]) -> Pricing:
    """Tiers of (up to and including, unit price, flat fee); the last is up to None."""
    names = ("up_to", "unit_price", "flat_fee")
    return {
        "model": "graduated",
        "tiers": [dict(zip(names, tier, strict=True)) for tier in tiers],
    }


@dataclass(frozen=True, slots=True)
class Service:
    """Something the platform sells: `unit_size` base units of a meter are one `unit`."""

    code: str
    name: str
    short: str
    meter: str
    unit: str
    unit_plural: str
    unit_size: int
    measure: str
    list_pricing: Pricing


MOTION: Final = "motion-day"
CONTINUOUS: Final = "continuous-day"
PLATES: Final = "plates"
FACES: Final = "faces"
STORAGE: Final = "storage"
HOURS: Final = "recording-hours"

SERVICES: Final = (
    Service(MOTION, "1 day of motion-activated recording", "Motion archive",
            "recording.motion.depth", "day", "days", 1, "unit_month", per_unit("0.50")),
    Service(CONTINUOUS, "1 day of continuous recording", "Archive",
            "recording.continuous.depth", "day", "days", 1, "unit_month", per_unit("0.90")),
    Service(PLATES, "Licence plates, 1 channel", "Plates", "analytics.plates",
            "channel", "channels", 1, "unit_month", per_unit("4.00")),
    Service(FACES, "Faces, 1 channel", "Faces", "analytics.faces",
            "channel", "channels", 1, "unit_month", per_unit("5.00")),
    Service(STORAGE, "1 GB of archive stored", "Storage", "archive.stored",
            "GB", "GB", 1_000_000_000, "unit_month", per_unit("0.02")),
    Service(HOURS, "1 hour of footage taken in", "Hours recorded", "recording.time",
            "hour", "hours", 3_600, "total", per_unit("0.01")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rate:
    """What a cloud pays for a service from a day on."""

    cloud: str
    service: str
    since: When
    pricing: Pricing


RATES: Final = (
    Rate("north", MOTION, BEFORE, per_unit("0.50")),
    Rate("north", CONTINUOUS, BEFORE, per_unit("0.62")),
    Rate("north", CONTINUOUS, (1, 16), per_unit("0.58")),
    Rate("north", PLATES, BEFORE, per_unit("4.00")),
    Rate("north", FACES, BEFORE, per_unit("5.50")),
    Rate("north", STORAGE, BEFORE, per_unit("0.004")),
    Rate("north", HOURS, BEFORE, per_unit("0.0009")),
    Rate("south", MOTION, BEFORE, per_unit("0.55")),
    # From here on Yard 7 costs more than it is sold for.
    Rate("south", MOTION, (1, 1), per_unit("0.85")),
    Rate("south", CONTINUOUS, BEFORE, per_unit("0.64")),
    Rate("south", PLATES, BEFORE, per_unit("4.50")),
    Rate("south", FACES, BEFORE, per_unit("6.00")),
    Rate("south", STORAGE, BEFORE, graduated(
        ("5000", "0.008", "0"), ("12000", "0.006", "10"), (None, "0.0045", "0"))),
    Rate("south", HOURS, BEFORE, per_unit("0.001")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Item:
    """So much of a service is included; what goes beyond costs `overage`, or nothing."""

    service: str
    quantity: str
    overage: Pricing | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """A tariff's terms from a day on; prices in the cloud's currency for one camera."""

    since: When
    monthly_price: str
    items: tuple[Item, ...]
    setup_fee: str = "0"
    trial_days: int = 0
    bill_when_disabled: bool = True


@dataclass(frozen=True, slots=True)
class Tariff:
    """A cloud's retail plan."""

    cloud: str
    code: str
    name: str
    versions: tuple[Version, ...]

    def includes(self, service: str) -> int:
        """How much of a service its first version includes, in whole units; 0 without it."""
        return next(
            (int(item.quantity) for item in self.versions[0].items if item.service == service), 0
        )


_BUSINESS: Final = (Item(CONTINUOUS, "30"), Item(FACES, "1"))

TARIFFS: Final = (
    Tariff("north", "home-3", "Home 3", (
        Version(BEFORE, "4.90", (Item(MOTION, "3"),), bill_when_disabled=False),)),
    Tariff("north", "home-7", "Home 7", (
        Version(BEFORE, "9.90", (Item(MOTION, "7"), Item(PLATES, "1"))),)),
    Tariff("north", "shop-14", "Shop 14", (
        Version(BEFORE, "17.90", (Item(CONTINUOUS, "14"),), setup_fee="19.00", trial_days=14),)),
    Tariff("north", "archive-60", "Archive 60", (
        Version(BEFORE, "5.90", (
            Item(CONTINUOUS, "7"), Item(STORAGE, "60", per_unit("0.07")))),)),
    Tariff("north", "business-30", "Business 30", (
        Version(BEFORE, "36.90", _BUSINESS),
        Version((2, 1), "39.90", _BUSINESS))),
    Tariff("south", "yard-7", "Yard 7", (
        Version(BEFORE, "9.50", (Item(MOTION, "7"), Item(PLATES, "1")),
                bill_when_disabled=False),)),
    Tariff("south", "store-14", "Store 14", (
        Version(BEFORE, "21.00", (Item(CONTINUOUS, "14"),), setup_fee="35.00", trial_days=7),)),
    Tariff("south", "archive-100", "Archive 100", (
        Version(BEFORE, "8.50", (
            Item(CONTINUOUS, "10"),
            Item(STORAGE, "100", graduated(("100", "0.09", "0"), (None, "0.06", "0"))))),)),
    Tariff("south", "campus-30", "Campus 30", (
        Version(BEFORE, "42.00", _BUSINESS),
        Version((1, 1), "45.00", _BUSINESS))),
)  # fmt: skip
