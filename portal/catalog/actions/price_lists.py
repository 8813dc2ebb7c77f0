"""What a new cloud's prices begin with: the list prices, or those of another cloud."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from asyncpg import Record

from portal.access import Actor
from portal.billing.pricing import Pricing, pricing_from
from portal.catalog.actions import rates, services
from portal.catalog.forms.rate import NewRate
from portal.catalog.forms.service import NewService
from portal.catalog.queries.services import Service
from portal.db import atomic, snapshot
from portal.kit.queries.tenancy import CloudFacts

_LIST: Final = """
select s.code, p.list_pricing as pricing
from service s join service_prices p on p.id = s.id where p.list_pricing is not null order by s.code
"""
_OF_CLOUD: Final = """
select distinct on (s.code) s.code, r.pricing from rate r join service s on s.id = r.service
where r.cloud = $1 and r.valid_from <= $2 order by s.code, r.valid_from desc
"""


async def list_prices(actor: Actor) -> dict[str, Pricing]:
    """The platform's list prices, by code of the service."""
    async with snapshot(actor) as tx:
        return _by_code(await tx.fetch(_LIST))


async def prices_of(actor: Actor, cloud: CloudFacts, day: date) -> dict[str, Pricing]:
    """What a cloud pays on a day, by code of the service."""
    async with snapshot(actor) as tx:
        return _by_code(await tx.fetch(_OF_CLOUD, cloud.id, day))


async def set_prices(
    actor: Actor, cloud: CloudFacts, prices: Mapping[str, Pricing], *, valid_from: date
) -> None:
    """A rate for each service from a day on, all of them or none. Raises as `rates.create`."""
    async with atomic(actor):
        for code, pricing in sorted(prices.items()):
            new = NewRate(service=code, valid_from=valid_from, pricing=pricing)
            await rates.create(actor, cloud, new)


async def add_services(actor: Actor, new: Sequence[NewService]) -> list[Service]:
    """Offer several services, such as the six usual ones: all of them or none."""
    async with atomic(actor):
        return [await services.create(actor, one) for one in new]


def _by_code(rows: Sequence[Record]) -> dict[str, Pricing]:
    return {row["code"]: pricing_from(row["pricing"]) for row in rows}
