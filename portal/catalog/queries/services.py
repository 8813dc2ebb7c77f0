"""Services: what the platform sells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

from portal import tables
from portal.access import Actor
from portal.catalog.forms.service import NewService
from portal.db import Transaction, snapshot
from portal.errors import no_such
from portal.kit.queries.rows import row_of, select_list
from portal.values.pricing import PricingOf
from portal.words import _

RESERVED: Final = frozenset({"new", "usual", "meters"})
"""No service has such a code: a page of the platform is there."""
_USED: Final = """
select exists (select from rate r join service s on s.id = r.service where s.code = $1)
  or exists (select from tariff_item i join service s on s.id = i.service where s.code = $1)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service(NewService):
    """A service; `list_pricing` in its JSON shape, None also for who may not know prices."""

    list_pricing: Annotated[dict[str, Any] | None, PricingOf()] = None  # type: ignore[assignment]


_LISTED: Final = select_list(Service, tables.Service, "s", terms="p", meter="m.key")
_SELECT: Final = f"""
select {_LISTED}
from service s join meter m on m.id = s.meter left join service_prices p on p.id = s.id
"""  # noqa: S608 - columns of ours


async def list_page(actor: Actor, *, after: str | None = None, limit: int = 100) -> list[Service]:
    """Services by code, those after `after`."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(
            f"{_SELECT} where s.code > $1 order by s.code limit $2", after or "", limit
        )
    return [row_of(Service, row) for row in rows]


async def get(actor: Actor, code: str) -> Service:
    """One service by its code. Raises `NotFound`."""
    async with snapshot(actor) as tx:
        return await get_in(tx, code)


async def get_in(tx: Transaction, code: str, *, lock: bool = False) -> Service:
    """As `get`, within a transaction; with `lock` nobody else changes it until that ends."""
    query = f"{_SELECT} where s.code = $1" + (" for no key update of s" if lock else "")
    row = await tx.fetchrow(query, code)
    if row is None:
        raise no_such(_("service"), code)
    return row_of(Service, row)


async def is_used(tx: Transaction, code: str) -> bool:
    """Whether a cloud has a price for a service or a tariff includes it.

    Then what it measures stays: quantities that were sold would mean something else.
    """
    return bool(await tx.fetchval(_USED, code))


async def keeps_measure(actor: Actor, code: str) -> bool:
    """As `is_used`, for a page."""
    async with snapshot(actor) as tx:
        return await is_used(tx, code)


async def names(actor: Actor, codes: Sequence[str]) -> dict[str, str]:
    """What services are called where there is little room, by code."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(
            "select code, coalesce(nullif(short, ''), name) as name from service"
            " where code = any($1)",
            codes,
        )
    return {row["code"]: row["name"] for row in rows}
