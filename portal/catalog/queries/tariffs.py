"""Tariffs with their versions and items."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from portal import tables
from portal.access import Actor
from portal.db import Transaction, snapshot
from portal.errors import no_such
from portal.kit.queries.rows import row_of, select_list
from portal.kit.queries.tenancy import CloudFacts
from portal.words import _


@dataclass(frozen=True, slots=True)
class Item:
    """A service that is included; `overage` is a pricing in its JSON shape."""

    service: str
    quantity: Decimal
    overage: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Version:
    """A tariff from `valid_from` on. Prices are in the cloud's currency."""

    valid_from: date
    monthly_price: Decimal
    setup_fee: Decimal
    trial_days: int
    bill_when_disabled: bool
    items: tuple[Item, ...]


_ITEMS: Final = f"""
select i.version, {select_list(Item, tables.TariffItem, "i", service="s.code")}
from tariff_item i join tariff_version v on v.id = i.version join service s on s.id = i.service
where i.cloud = $1 and v.cloud = $1 and v.tariff = any($2::bigint[])
order by i.version, i.position
"""  # noqa: S608 - columns of ours
_VERSIONS: Final = f"""
select v.id, v.tariff, {select_list(Version, tables.TariffVersion, "v", items="null")}
from tariff_version v where v.cloud = $1 and v.tariff = any($2::bigint[])
order by v.tariff, v.valid_from
"""  # noqa: S608 - columns of ours


@dataclass(frozen=True, slots=True)
class Tariff:
    """A retail plan; versions oldest first."""

    code: str
    name: str
    versions: tuple[Version, ...]


@dataclass(frozen=True, slots=True)
class Tariffs:
    """Tariffs with the currency that their prices are in."""

    currency: str
    rows: list[Tariff]


async def list_page(
    actor: Actor, cloud: CloudFacts, *, after: str | None = None, limit: int = 100
) -> Tariffs:
    """A cloud's tariffs by code, those after `after`."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(
            "select id, code, name from tariff where cloud = $1 and code > $2"
            " order by code limit $3",
            cloud.id,
            after or "",
            limit,
        )
        found = await versions(tx, cloud.id, [row["id"] for row in rows])
    return Tariffs(
        cloud.currency, [Tariff(row["code"], row["name"], found[row["id"]]) for row in rows]
    )


async def get(actor: Actor, cloud: CloudFacts, code: str) -> Tariffs:
    """One tariff by its code. Raises `NotFound`."""
    async with snapshot(actor) as tx:
        row = await tx.fetchrow(
            "select id, code, name from tariff where cloud = $1 and code = $2", cloud.id, code
        )
        if row is None:
            raise no_such(_("tariff"), code)
        found = await versions(tx, cloud.id, [row["id"]])
    return Tariffs(cloud.currency, [Tariff(row["code"], row["name"], found[row["id"]])])


async def versions(
    tx: Transaction, cloud: int, tariffs: Sequence[int]
) -> dict[int, tuple[Version, ...]]:
    """The versions of some tariffs, by tariff id, oldest first; a tariff without any has ()."""
    items: dict[int, list[Item]] = defaultdict(list)
    for row in await tx.fetch(_ITEMS, cloud, tariffs):
        items[row["version"]].append(row_of(Item, row))
    found: dict[int, list[Version]] = defaultdict(list)
    for row in await tx.fetch(_VERSIONS, cloud, tariffs):
        found[row["tariff"]].append(row_of(Version, {**row, "items": items[row["id"]]}))
    return {tariff: tuple(found[tariff]) for tariff in tariffs}
