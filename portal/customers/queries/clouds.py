"""Clouds, as those who may see them see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from portal import tables
from portal.access import Actor
from portal.customers.forms.cloud import NewCloud
from portal.db import Transaction, snapshot
from portal.errors import no_such
from portal.kit.queries.rows import row_of, select_list
from portal.kit.queries.tenancy import CloudFacts
from portal.values.kinds import PREFIX
from portal.words import _


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud(NewCloud):
    """One operator. `manager` is an e-mail of the platform's; percents are 0 to 100."""

    id: int
    invoice_prefix: Annotated[str, PREFIX]
    second_factor: bool


# Who may not know what a cloud pays reads nothing, and is shown nothing (`portal.access.FIELDS`).
_LISTED: Final = select_list(
    Cloud,
    tables.Cloud,
    "c",
    terms="t",
    manager="u.email",
    wholesale_discount_percent="coalesce(t.wholesale_discount_percent, 0)",
    wholesale_tax_percent="coalesce(t.wholesale_tax_percent, 0)",
)
_SELECT: Final = f"""
select {_LISTED}
from cloud c left join colleague u on u.id = c.manager left join cloud_terms t on t.id = c.id
"""  # noqa: S608 - columns of ours


async def list_page(actor: Actor, *, after: str | None = None, limit: int = 100) -> list[Cloud]:
    """The clouds an actor may see, by slug, those after `after`."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(
            _SELECT + " where c.slug > $1 order by c.slug limit $2", after or "", limit
        )
    return [row_of(Cloud, row) for row in rows]


async def get(actor: Actor, cloud: CloudFacts) -> Cloud:
    """All that is kept of a cloud, as far as the actor sees it."""
    async with snapshot(actor) as tx:
        return await get_in(tx, cloud.id)


async def get_in(tx: Transaction, cloud: int, *, lock: bool = False) -> Cloud:
    """As `get`, within a transaction; with `lock` nobody else changes it until that ends."""
    query = _SELECT + " where c.id = $1" + (" for no key update of c" if lock else "")
    row = await tx.fetchrow(query, cloud)
    if row is None:
        raise no_such(_("cloud"), cloud)
    return row_of(Cloud, row)
