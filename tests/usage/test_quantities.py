"""The quantity of a month is one: what screens sum in SQL is what billing measures day by day."""

from __future__ import annotations

from decimal import Decimal
from random import Random

from portal.access import SYSTEM
from portal.billing.measure import base_quantity
from portal.billing.period import MonthAt, Period
from portal.catalog.queries import pricelist
from portal.db import atomic
from portal.kit.queries import tenancy
from portal.usage.queries import camera_month, usage_sums
from tests.cast import NORA, NORTH, SUE
from tests.conftest import Database
from tests.factories import camera, days, subscribe, two_clouds, use

OCTOBER = Period.month("2026-10")
HOURS = 3600


async def test_screens_measure_a_month_as_billing_does(worker: Database) -> None:
    """Of months that run, too: each service by its measure, over the days that are over."""
    world = await two_clouds()
    chance = Random(31)
    told: dict[str, dict[str, list[int | None]]] = {}
    async with atomic(SYSTEM) as tx:
        for code, size, measure in (("hours", HOURS, "total"), ("most", 7, "peak")):
            await tx.execute(
                "insert into service (code, name, meter, unit, unit_size, measure)"
                " values ($1, 'Footage', $2, 'h', $3, $4)",
                *(code, world.meters["recording.time"], size, measure),
            )
        for name in ("gate", "yard", "shed"):
            one = await camera(tx, NORTH, name, 1)
            await subscribe(tx, NORTH, one, 1, world.tariffs["home-7"], "2026-10-01")
            told[name] = {}
            for meter in ("recording.time", "recording.motion.depth"):
                values = [chance.choice([None, 0, 1, 7, 3599]) for _ in OCTOBER]
                told[name][meter] = values
                for day, value in zip(days("2026-10-01", "2026-11-01"), values, strict=True):
                    if value is not None:
                        await use(tx, NORTH, one, world.meters[meter], [day], value)
        services = await pricelist.services(tx)
    cloud = await tenancy.own_cloud(NORA)
    for today in (OCTOBER.day(1), OCTOBER.day(17), OCTOBER.end):
        month = MonthAt(OCTOBER, today)
        table = await usage_sums.sum_by_camera(NORA, cloud, OCTOBER, until=month.until)
        for line in table.lines:
            expected = {}
            for service in services.values():
                values = told[line.key].get(service.meter, [])[: month.days_over]
                if any(value is not None for value in values):
                    base = base_quantity(service.measure, values)
                    expected[service.code] = Decimal(base) / service.divisor(OCTOBER.days)
            assert line.quantities == expected, (line.key, today)
            for actor in (NORA, SUE):
                shown = await camera_month.get(actor, cloud, month, line.key)
                assert shown.quantities == expected, (line.key, today, actor.role)
        for code, quantity in table.sum.quantities.items():
            parts = sum(line.quantities.get(code, Decimal(0)) for line in table.lines)
            assert abs(parts - quantity) < Decimal("1e-20")
