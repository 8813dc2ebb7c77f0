"""What prices a cloud's usage: services, rates and tariff versions, as values of the pure core."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from portal.billing.pricing import pricing_from
from portal.billing.rating import Item, Measure, Rate, Service, Version
from portal.db import Transaction


async def services(tx: Transaction) -> dict[int, Service]:
    """Every service of the platform, by id."""
    rows = await tx.fetch(
        "select s.id, s.code, m.key as meter, s.unit_size, s.measure"
        " from service s join meter m on m.id = s.meter order by s.id"
    )
    return {
        row["id"]: Service(
            id=row["id"],
            code=row["code"],
            meter=row["meter"],
            unit_size=row["unit_size"],
            measure=Measure(row["measure"]),
        )
        for row in rows
    }


async def rates(
    tx: Transaction, cloud: int, known: Mapping[int, Service]
) -> dict[int, tuple[Rate, ...]]:
    """A cloud's rates by service id, oldest first."""
    rows = await tx.fetch(
        "select id, service, valid_from, pricing from rate where cloud = $1"
        " order by valid_from, id",
        cloud,
    )
    found: dict[int, list[Rate]] = defaultdict(list)
    for row in rows:
        service = known[row["service"]]
        pricing = pricing_from(row["pricing"])
        found[service.id].append(
            Rate(id=row["id"], service=service, valid_from=row["valid_from"], pricing=pricing)
        )
    return {service: tuple(dated) for service, dated in found.items()}


async def versions(
    tx: Transaction, cloud: int, known: Mapping[int, Service]
) -> dict[int, tuple[Version, ...]]:
    """A cloud's tariff versions by tariff id, oldest first."""
    items: dict[int, list[Item]] = defaultdict(list)
    for row in await tx.fetch(
        "select version, service, quantity, overage from tariff_item where cloud = $1"
        " order by version, position",
        cloud,
    ):
        overage = None if row["overage"] is None else pricing_from(row["overage"])
        items[row["version"]].append(
            Item(service=known[row["service"]], quantity=row["quantity"], overage=overage)
        )
    found: dict[int, list[Version]] = defaultdict(list)
    for row in await tx.fetch(
        "select id, tariff, valid_from, monthly_price, setup_fee, trial_days, bill_when_disabled"
        " from tariff_version where cloud = $1 order by valid_from, id",
        cloud,
    ):
        found[row["tariff"]].append(Version(**row, items=tuple(items[row["id"]])))
    return {tariff: tuple(dated) for tariff, dated in found.items()}
