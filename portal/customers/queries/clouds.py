"""Clouds, as those who may see them see them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Final

from portal import tables
from portal.access import Actor
from portal.customers.forms.cloud import NewCloud
from portal.db import Transaction
from portal.kit.queries.keyed import Keyed
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
    margin_target="coalesce(t.margin_target, 0)",
)
_SELECT: Final = f"""
select {_LISTED}
from cloud c left join colleague u on u.id = c.manager left join cloud_terms t on t.id = c.id
"""  # noqa: S608 - columns of ours
_CLOUDS: Final = Keyed(_SELECT, "c.slug", _("cloud"), partial(row_of, Cloud))
_BY_ID: Final = replace(_CLOUDS, key="c.id")


async def list_page(actor: Actor, *, after: str | None = None, limit: int = 100) -> list[Cloud]:
    """The clouds an actor may see, by slug, those after `after`."""
    return await _CLOUDS.page(actor, after=after or "", limit=limit)


async def get(actor: Actor, cloud: CloudFacts) -> Cloud:
    """All that is kept of a cloud, as far as the actor sees it."""
    return await _BY_ID.get(actor, cloud.id)


async def get_in(tx: Transaction, cloud: int, *, lock: bool = False) -> Cloud:
    """As `get`, within a transaction; with `lock` nobody else changes it until that ends."""
    return await _BY_ID.get_in(tx, cloud, lock="no key update" if lock else "")
