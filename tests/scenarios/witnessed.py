"""Worlds in which much happens, and their books as an eye-witness and a second reading of the rules have them."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

from portal.demo.simulator.seed import Scripted, Seed, SeedCamera
from tests.cast import NORTH
from tests.scenarios import oracle
from tests.scenarios.watched import (
    BOBS,
    LIVE,
    MOTION,
    NEW_YORK,
    NOBODYS,
    NORTHS,
    ODD,
    ROME,
    SEED,
    SUBSCRIBERS,
    SUES,
    TARIFFS,
    TIMS,
    WEEK,
    Office,
)


def lively(seed: int, begins: Any, days: int, cameras: int) -> Seed:
    """Cameras of all organizations with a script of what happens to them, away from readings."""
    dice = random.Random(seed)
    script = []
    names = [f"cam{number:02d}" for number in range(cameras)]
    for name in names:
        for _ in range(dice.randrange(1, 2 + days // 20)):
            at = begins + timedelta(minutes=dice.randrange(60, days * 24 * 60))
            what = dice.choice(["enabled", "alive", "organization_id", "preset_id", "preset_id"])
            value: Any = {
                "enabled": dice.random() < 0.5,
                "alive": dice.random() < 0.5,
                "organization_id": dice.choice([SUES, BOBS, NOBODYS]),
                "preset_id": dice.choice([LIVE, MOTION, WEEK, ODD]),
            }[what]
            script.append(Scripted(at, "change", name, fields={what: value}))
        if dice.random() < 0.3:
            at = begins + timedelta(minutes=dice.randrange(60, days * 24 * 60))
            script.append(Scripted(at, "delete", name))
            if dice.random() < 0.7:
                fields = {"organization_id": SUES, "preset_id": dice.choice([MOTION, WEEK])}
                after = timedelta(minutes=dice.randrange(10, 3000))
                script.append(Scripted(at + after, "create", name, fields=fields))
    return Seed(
        system_key=SEED.system_key,
        organizations=SEED.organizations,
        presets=SEED.presets,
        users=SEED.users,
        cameras=[
            SeedCamera(name, dice.choice([SUES, BOBS]), dice.choice([LIVE, MOTION, WEEK]))
            for name in names
        ]
        + [SeedCamera("dock", TIMS, MOTION)],
        script=sorted(script, key=lambda one: one.at),
    )


def terms(cloud: int) -> oracle.World:
    """North's or South's prices in the words of the second reading of the rules."""
    flat = {"model": "per_unit"}
    services = {
        "motion-day": ("recording.motion.depth", 1, "unit_month", "0.50"),
        "plates": ("analytics.plates", 1, "unit_month", "4.00"),
        "day": ("recording.continuous.depth", 1, "unit_month", "0.30"),
        "hour": ("recording.time", 3600, "total", "0.0125"),
        "enabled": ("camera.enabled", 1, "unit_month", "1.10"),
    }
    since = {"motion-day": "2026-01-01", "plates": "2026-01-01"}
    plain = {"trial_days": 0, "bill_when_disabled": True}
    home = {
        "valid_from": "2026-01-01",
        "monthly_price": "9.90",
        "setup_fee": "0",
        **plain,
        "items": [
            {"service": "motion-day", "quantity": "7", "overage": None},
            {"service": "plates", "quantity": "1", "overage": None},
        ],
    }
    record = {
        "valid_from": "2025-01-01",
        "monthly_price": "12.50",
        "setup_fee": "3",
        **plain,
        "items": [
            {"service": "day", "quantity": "7", "overage": None},
            {"service": "hour", "quantity": "600", "overage": {**flat, "unit_price": "0.02"}},
        ],
    }
    person = {"tax_exempt": False}
    is_north = cloud == NORTH
    return oracle.World(
        currency="EUR" if is_north else "USD",
        timezone=ROME if is_north else NEW_YORK,
        percents={
            "tax": "22" if is_north else "8.875",
            "wholesale_discount": "5" if is_north else "0",
            "wholesale_tax": "22" if is_north else "0",
        },
        services={
            code: {"meter": meter, "unit_size": size, "measure": measure}
            for code, (meter, size, measure, _) in services.items()
        },
        rates=[
            {
                "service": code,
                "valid_from": since.get(code, "2025-01-01"),
                "pricing": {**flat, "unit_price": price},
            }
            for code, (_, _, _, price) in services.items()
        ],
        tariffs={"home-7": [home], "record-7": [record]} if is_north else {"south-7": [home]},
        referrals={
            "rex" if is_north else "liz": {"percent": "15" if is_north else "10", "sponsor": None}
        },
        subscribers={
            1: {"discount_percent": "10", "referral": "rex", **person},
            2: {"discount_percent": "0", "referral": None, **person},
        }
        if is_north
        else {1: {"discount_percent": "0", "referral": "liz", **person}},
    )


def witnessed(found: Office, cloud: int) -> oracle.World:
    """A cloud as the eye-witness knows it, with nothing from the product's tables."""
    world = terms(cloud)
    zone, organizations = (ROME, NORTHS) if cloud == NORTH else (NEW_YORK, {TIMS})
    subscribers = SUBSCRIBERS if cloud == NORTH else {TIMS: 1}
    tariffs = TARIFFS if cloud == NORTH else {MOTION: "south-7"}
    diary = found.diary
    world.usage = diary.usage(zone, api=found.api, organizations=organizations)
    world.cameras = dict.fromkeys(sorted(diary.names(organizations)))
    world.subscriptions = [
        {
            "camera": camera,
            "subscriber": subscriber,
            "tariff": tariff,
            "starts_on": starts_on.isoformat(),
            "ends_on": None if ends_on is None else ends_on.isoformat(),
        }
        for camera, subscriber, tariff, starts_on, ends_on in diary.subscriptions(
            zone, subscribers, tariffs, api=found.api, organizations=organizations
        )
    ]
    return world


async def books_agree(found: Office, cloud: int, months: list[str]) -> None:
    """Every month is closed, and comes to what the second reading of the rules makes of it."""
    world = witnessed(found, cloud)
    closed: dict[str, Any] = {}
    for month in months:
        expected = oracle.close(world, month, closed)
        closed[month] = expected.charges
        row = await found.rows(
            "select state, jsonb_array_length(accepted_gaps), retail, wholesale, commission from period"
            " where cloud = $1 and to_char(starts_on, 'YYYY-MM') = $2",
            cloud,
            month,
        )
        retail = sum(one.subtotal for one in expected.retail.values())
        earned = sum(one[-1] for one in expected.commissions)
        assert row == [("closed", 0, retail, expected.wholesale.subtotal, earned)], month
        charges = await found.rows(
            "select h.side, h.kind, c.external_id, h.amount from charge h"
            " join camera c on c.id = h.camera join period p on p.id = h.period"
            " where h.cloud = $1 and to_char(p.starts_on, 'YYYY-MM') = $2 order by 1, 2, 3, 4",
            cloud,
            month,
        )
        made = sorted(
            (key[1], key[0], key[2], amount) for (key, _), amount in expected.charges.items()
        )
        assert charges == made, month
