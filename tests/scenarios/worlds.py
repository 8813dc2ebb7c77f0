"""Worlds made at random: every model, measure and rule meets every other one sooner or later."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

from tests.scenarios.oracle import DIGITS, World, month_days

ZONES = (
    "Europe/Rome",
    "America/New_York",
    "Pacific/Pago_Pago",
    "Pacific/Kiritimati",
    "Asia/Kathmandu",
    "America/St_Johns",
    "Australia/Lord_Howe",
)
MONTHS = (("2024-01", "2024-02", "2024-03"), ("2026-02", "2026-03"), ("2025-10", "2025-11"))
METERS = {
    "camera.enabled": lambda r: r.choice((0, 1, 1, 1)),
    "recording.continuous.depth": lambda r: r.choice((0, 1, 3, 7, 7, 14, 30)),
    "recording.motion.depth": lambda r: r.choice((0, 2, 7)),
    "analytics.faces": lambda r: r.choice((0, 1)),
    "analytics.plates": lambda r: r.choice((0, 1)),
    "archive.stored": lambda r: r.randrange(0, 200_000_000_000),
    "recording.time": lambda r: r.randrange(0, 82_801),
}


def _price(r: random.Random, top: int = 20) -> str:
    return f"{r.randrange(0, top * 10_000) / 10_000:.{r.choice((0, 2, 4))}f}"


def _pricing(r: random.Random) -> dict[str, Any]:
    model = r.choice(("per_unit", "per_unit", "graduated", "volume", "package"))
    if model == "per_unit":
        return {"model": model, "unit_price": _price(r, 2)}
    if model == "package":
        return {
            "model": model,
            "package_size": r.choice((1, 5, 10)),
            "package_price": _price(r),
            "free_units": r.choice((0, 2, "2.5")),
        }
    first, second = r.choice((1, 5, "2.5")), r.choice((10, 40))
    tiers = [
        {"up_to": bound, "unit_price": _price(r, 2), "flat_fee": r.choice(("0", _price(r, 3)))}
        for bound in (first, second, None)
    ]
    return {"model": model, "tiers": tiers}


def _some_day(r: random.Random, days: list[date]) -> str:
    return r.choice(days).isoformat()


def random_world(seed: int) -> tuple[World, tuple[str, ...]]:
    """A cloud with its prices, people, cameras and usage, and the months to close, in order."""
    r = random.Random(seed)
    months = r.choice(MONTHS)
    days = [day for month in months for day in month_days(month)]
    world = World(
        currency=r.choice(tuple(DIGITS)),
        timezone=r.choice(ZONES),
        percents={
            "tax": r.choice(("0", "22", "8.875", "19")),
            "wholesale_discount": r.choice(("0", "5", "12.5")),
            "wholesale_tax": r.choice(("0", "22")),
        },
        level_percents=r.choice(([], ["2"], ["2", "1"])),
    )
    for number, (meter, unit_size, measure) in enumerate(
        (
            ("recording.continuous.depth", 1, "unit_month"),
            ("recording.motion.depth", 1, "unit_month"),
            ("analytics.faces", 1, "unit_month"),
            ("archive.stored", 10**9, r.choice(("unit_month", "peak"))),
            ("recording.time", 3600, "total"),
        )
    ):
        world.services[f"s{number}"] = {"meter": meter, "unit_size": unit_size, "measure": measure}
    _rates(r, world, days)
    _tariffs(r, world, days)
    _people(r, world)
    _cameras(r, world, days)
    _usage(r, world, days)
    return world, months


def _rates(r: random.Random, world: World, days: list[date]) -> None:
    for code in world.services:
        starts = {r.choice(("2023-01-01", _some_day(r, days)))}
        starts |= {_some_day(r, days) for _ in range(r.choice((0, 0, 1, 2)))}
        for start in sorted(starts):
            world.rates.append({"service": code, "valid_from": start, "pricing": _pricing(r)})


def _version(r: random.Random, world: World, valid_from: str) -> dict[str, Any]:
    chosen = r.sample(sorted(world.services), r.randrange(0, 4))
    return {
        "valid_from": valid_from,
        "monthly_price": _price(r, 30),
        "setup_fee": r.choice(("0", _price(r, 40))),
        "trial_days": r.choice((0, 0, 3, 14, 40)),
        "bill_when_disabled": r.choice((True, True, False)),
        "items": [
            {
                "service": code,
                "quantity": r.choice((0, 1, 7, "2.5", 100)),
                "overage": r.choice((None, _pricing(r))),
            }
            for code in chosen
        ],
    }


def _tariffs(r: random.Random, world: World, days: list[date]) -> None:
    for name in ("basic", "full"):
        starts = ["2023-01-01", *({_some_day(r, days) for _ in range(r.choice((0, 1, 2)))})]
        world.tariffs[name] = [_version(r, world, start) for start in sorted(starts)]


def _people(r: random.Random, world: World) -> None:
    sponsor = None
    for code in ("una", "tom", "rex"):
        world.referrals[code] = {"percent": r.choice(("10", "15", "0")), "sponsor": sponsor}
        sponsor = code
    for number in range(1, r.randrange(2, 5)):
        world.subscribers[number] = {
            "discount_percent": r.choice(("0", "10", "33.333333", "100")),
            "tax_exempt": r.random() < 0.2,
            "referral": r.choice((None, "rex", "una")),
        }


def _cameras(r: random.Random, world: World, days: list[date]) -> None:
    for number in range(r.randrange(3, 8)):
        name = f"{r.choice('zbAé/')}-{number}"
        world.cameras[name] = subscriber = r.choice((None, *world.subscribers, *world.subscribers))
        if subscriber is None:
            continue
        start = r.choice(days) - timedelta(days=r.choice((0, 20)))
        for _ in range(r.choice((1, 1, 2))):
            end = start + timedelta(days=r.choice((1, 9, 30, 45)))
            last = r.random() < 0.5
            world.subscriptions.append(
                {
                    "camera": name,
                    "subscriber": subscriber,
                    "tariff": r.choice(("basic", "full")),
                    "starts_on": start.isoformat(),
                    "ends_on": None if last else end.isoformat(),
                }
            )
            if last:
                break
            start = end + timedelta(days=r.choice((0, 3)))


def _usage(r: random.Random, world: World, days: list[date]) -> None:
    for camera in world.cameras:
        for meter, value in METERS.items():
            if r.random() < 0.25:
                continue
            constant = value(r)
            for day in days:
                if r.random() < 0.9:
                    world.usage[camera, meter, day] = r.choice((constant, constant, value(r)))
