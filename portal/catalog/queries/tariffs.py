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
    """A tariff from `valid_from` on. Prices are in the cloud's currency.

    `below_cost_reason` is None for who may not know what a cloud pays; whether it is sold
    `below_cost`, `books.queries.composer` finds.
    """

    valid_from: date
    monthly_price: Decimal
    setup_fee: Decimal
    trial_days: int
    bill_when_disabled: bool
    items: tuple[Item, ...]
    below_cost_reason: str | None = ""
    below_cost: bool = False


_ITEMS: Final = f"""
select i.version, {select_list(Item, tables.TariffItem, "i", service="s.code")}
from tariff_item i join tariff_version v on v.id = i.version join service s on s.id = i.service
where i.cloud = $1 and v.cloud = $1 and v.tariff = any($2::bigint[])
order by i.version, i.position
"""  # noqa: S608 - columns of ours
_OF_VERSION: Final = select_list(
    Version, tables.TariffVersion, "v", terms="c", items="null", below_cost="false"
)
_VERSIONS: Final = f"""
select v.id, v.tariff, {_OF_VERSION}
from tariff_version v left join tariff_version_cost c on c.cloud = v.cloud and c.id = v.id
where v.cloud = $1 and v.tariff = any($2::bigint[])
order by v.tariff, v.valid_from
"""  # noqa: S608 - columns of ours


@dataclass(frozen=True, slots=True)
class Tariff:
    """A retail plan; versions oldest first."""

    code: str
    name: str
    versions: tuple[Version, ...]
    note: str = ""
    offered: bool = True
    is_default: bool = False


_TARIFFS: Final = f"""
select t.id, {select_list(Tariff, tables.Tariff, "t", versions="null")} from tariff t
where t.cloud = $1"""  # noqa: S608 - columns of ours


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
            f"{_TARIFFS} and t.code > $2 order by t.code limit $3", cloud.id, after or "", limit
        )
        found = await versions(tx, cloud.id, [row["id"] for row in rows])
    return Tariffs(
        cloud.currency, [row_of(Tariff, {**row, "versions": found[row["id"]]}) for row in rows]
    )


async def get(actor: Actor, cloud: CloudFacts, code: str) -> Tariffs:
    """One tariff by its code. Raises `NotFound`."""
    async with snapshot(actor) as tx:
        return Tariffs(cloud.currency, [await get_in(tx, cloud.id, code)])


async def get_in(tx: Transaction, cloud: int, code: str, *, lock: bool = False) -> Tariff:
    """As `get`, within a transaction; with `lock` nobody else changes it until that ends."""
    query = f"{_TARIFFS} and t.code = $2" + (" for no key update of t" if lock else "")
    row = await tx.fetchrow(query, cloud, code)
    if row is None:
        raise no_such(_("tariff"), code)
    found = await versions(tx, cloud, [row["id"]])
    return row_of(Tariff, {**row, "versions": found[row["id"]]})


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


async def default(actor: Actor, cloud: CloudFacts) -> str | None:
    """The name of the tariff that is preselected for new cameras; None without one."""
    async with snapshot(actor) as tx:
        name: str | None = await tx.fetchval(
            "select name from tariff where cloud = $1 and is_default", cloud.id
        )
    return name
