"""Nord: a cloud of its own, like North, made, used and closed by the API alone."""

from __future__ import annotations

from typing import Any

from portal.books.actions.closing.work import work_on_close
from portal.gateways.queue import NullQueue
from tests.conftest import NOW
from tests.routes.api.conftest import House

MOTION, PLATES = "recording.motion.depth", "analytics.plates"


async def nord_with_october(house: House) -> None:
    """The cloud with Sue's two cameras; October closed by a worker."""
    cloud = {
        "slug": "nord", "name": "Nord", "currency": "EUR", "timezone": "Europe/Rome",
        "tax_percent": "22", "wholesale_discount_percent": "5", "wholesale_tax_percent": "22",
    }  # fmt: skip
    await house.post("ada", "/clouds", cloud)
    for service, price in (("motion-day", "0.50"), ("plates", "4.00")):
        pricing = {"model": "per_unit", "unit_price": price}
        rate = {"service": service, "valid_from": "2026-10-01", "pricing": pricing}
        await house.post("ada", "/clouds/nord/rates", rate)
    items = [{"service": "motion-day", "quantity": 7}, {"service": "plates", "quantity": "1"}]
    tariff = {
        "code": "home-7", "name": "Home, 7 days", "valid_from": "2026-01-01",
        "monthly_price": "9.90", "items": items,
    }  # fmt: skip
    await house.post("ada", "/clouds/nord/tariffs", tariff)
    await house.post(
        "ada", "/clouds/nord/referrals", {"code": "rex", "name": "Rex", "percent": "15"}
    )
    sue = {"name": "Sue", "discount_percent": "10", "referral": "rex"}
    number = (await house.post("ada", "/clouds/nord/subscribers", sue))["number"]
    usage: list[dict[str, Any]] = []
    for name, first in (("site/gate", 1), ("site/yard", 16)):
        camera = {"external_id": name, "subscriber": number}
        await house.post("ada", "/clouds/nord/cameras", camera)
        plan = {"tariff": "home-7", "starts_on": f"2026-10-{first:02d}"}
        path = f"/clouds/nord/cameras/{name.replace('/', '%2F')}/subscriptions"
        await house.post("ada", path, plan)
        usage += [
            {"camera": name, "day": f"2026-10-{day:02d}", "meter": meter, "quantity": quantity}
            for day in range(first, 32)
            for meter, quantity in ((MOTION, 7), (PLATES, 1))
        ]
    gap = await house.ask("paul", "POST", "/clouds/nord/periods/2026-10/close", {})
    assert gap.status_code == 409
    assert [error["field"] for error in gap.json()["errors"]] == [
        f"2026-10-{day:02d}" for day in range(1, 32)
    ]
    await house.post("ada", "/clouds/nord/usage", usage, 200)
    begun = await house.ask("paul", "POST", "/clouds/nord/periods/2026-10/close")
    assert (begun.status_code, begun.json()["state"]) == (202, "closing")
    period = await house.sql(
        "select p.id from period p join cloud c on c.id = p.cloud where c.slug = 'nord'"
    )
    async with house.database.as_worker():
        await work_on_close(period, clock=lambda: NOW, queue=NullQueue())
