"""Tariffs that presets of a Watcher would make: what each keeps, and a price that leaves enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from asyncpg import Record

from portal.access import Actor
from portal.billing.measure import Measure
from portal.billing.money import digits
from portal.billing.provisioning import CONTINUOUS, FACES, MOTION, PLATES
from portal.billing.rating import Service
from portal.books.queries import composer
from portal.catalog.forms.tariff import NewItem, NewVersion
from portal.catalog.queries import pricelist
from portal.db import Transaction, snapshot
from portal.kit.queries.tenancy import CloudFacts
from portal.watcher.queries import watchers
from portal.watcher.queries.mappings import Mapping

_KEPT: Final = """
select continuous_depth_days, motion_depth_days, faces, plates from watcher_preset
where cloud = $1 and watcher = $2 and preset = $3
"""
_METERS: Final = {
    CONTINUOUS: "continuous_depth_days",
    MOTION: "motion_depth_days",
    FACES: "faces",
    PLATES: "plates",
}


@dataclass(frozen=True, slots=True)
class Offer:
    """A preset as a tariff: services and quantities, and its price; None where none leaves enough.

    `cost` is what the included costs, in minor units of the cloud's currency.
    """

    preset: Mapping
    items: Sequence[tuple[str, Decimal]]
    cost: int
    price: Decimal | None


async def items_of(
    tx: Transaction, cloud: CloudFacts, connection: int | None, preset: int
) -> list[tuple[str, Decimal]]:
    """The services that say what a preset keeps, priced ones only, and how much of each.

    Of several services of one meter it is the first by code that is measured by the month.
    """
    meant = await watchers.meant(tx, cloud.id, "preset", preset, connection)
    row = await tx.fetchrow(_KEPT, cloud.id, meant.id, preset)
    services = await pricelist.services(tx)
    priced = await pricelist.rates(tx, cloud.id, services)
    offered = [one for one in services.values() if priced.get(one.id)]
    return [] if row is None else list(_items(row, offered))


def _items(row: Record, offered: Sequence[Service]) -> list[tuple[str, Decimal]]:
    found = []
    for meter, column in _METERS.items():
        fitting = [
            one for one in offered if one.meter == meter and one.measure is Measure.UNIT_MONTH
        ]
        if row[column] and fitting:
            service = min(fitting, key=lambda one: one.code)
            quantity = round(Decimal(int(row[column])) / service.unit_size, 6)
            found.append((service.code, quantity))
    return found


async def offers(
    actor: Actor, cloud: CloudFacts, presets: Sequence[Mapping], *, first: date, now: datetime
) -> list[Offer]:
    """What each of some presets would be as a tariff, at cost and the cloud's target margin."""
    found = []
    async with snapshot(actor) as tx:
        for preset in presets:
            items = await items_of(tx, cloud, preset.connection or None, preset.id)
            version = NewVersion(
                valid_from=first,
                monthly_price=Decimal(0),
                items=tuple(NewItem(service=one, quantity=many) for one, many in items),
            )
            composed = await composer.compose_version(actor, cloud, version, code=None, now=now)
            target = composed.target_price
            price = None if target is None else Decimal(target).scaleb(-digits(cloud.currency))
            found.append(Offer(preset, items, composed.figures.included_cost, price))
    return found
