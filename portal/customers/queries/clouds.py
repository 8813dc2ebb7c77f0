"""Clouds, as those who may see them see them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Final

from portal import tables
from portal.access import Actor
from portal.customers.forms.cloud import CLOSE_MODE, NewCloud
from portal.db import Transaction, snapshot
from portal.kit.queries.keyed import Keyed
from portal.kit.queries.rows import addressed, select_list
from portal.kit.queries.tenancy import CloudFacts
from portal.values.kinds import PREFIX, Flag
from portal.words import _


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud(NewCloud):
    """One operator. `manager` is an e-mail of the platform's; percents are 0 to 100.

    While `suspended` no month of it is closed and its people do not sign in.
    """

    id: int
    invoice_prefix: Annotated[str, PREFIX]
    close_automatically: Annotated[bool, Flag()]
    close_mode: Annotated[str, CLOSE_MODE]
    second_factor: bool
    suspended: bool


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
    agents_invite="coalesce(t.agents_invite, false)",
    agent_percent="coalesce(t.agent_percent, 0)",
)
_SELECT: Final = f"""
select {_LISTED}
from cloud c left join colleague u on u.id = c.manager left join cloud_terms t on t.id = c.id
"""  # noqa: S608 - columns of ours
_CLOUDS: Final = Keyed(_SELECT, "c.slug", _("cloud"), partial(addressed, Cloud))
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


_BEGUN: Final = """
select exists (select from rate where cloud = $1) or exists (select from tariff where cloud = $1)
  or exists (select from usage where cloud = $1) or exists (select from charge where cloud = $1)
  or exists (select from period where cloud = $1 and state <> 'open')
"""
_SLUG_TAKEN: Final = "select exists (select from cloud where slug = $1)"
_PREFIX_TAKEN: Final = """
select exists (select from cloud where invoice_prefix = $1)
  or exists (select from platform where invoice_prefix = $1)
"""
PREFIX_MAX: Final = 16
PREFIXES_MAX: Final = 10_000
RESERVED: Final = frozenset({"new"})
"""No cloud has such a name in addresses: a page of the platform is there."""


async def has_begun(tx: Transaction, cloud: int) -> bool:
    """Whether a cloud has prices or usage, so that its currency and time zone stay."""
    return bool(await tx.fetchval(_BEGUN, cloud))


async def keeps_currency(actor: Actor, cloud: CloudFacts) -> bool:
    """As `has_begun`, for a page."""
    async with snapshot(actor) as tx:
        return await has_begun(tx, cloud.id)


async def slug_complaint(tx: Transaction, slug: str) -> str:
    """Why no new cloud can have this name in addresses; "" for one that is free."""
    taken = slug in RESERVED or await tx.fetchval(_SLUG_TAKEN, slug)
    return _("is taken") if taken else ""


async def free_prefix(tx: Transaction, slug: str) -> str:
    """A prefix made of the slug that no series has yet: NORTH, then NORTH-2; "" without one."""
    wish = slug.upper().replace("_", "-")
    for number in range(1, PREFIXES_MAX):
        end = "" if number == 1 else f"-{number}"
        prefix = wish[: PREFIX_MAX - len(end)].rstrip("-") + end
        if not await tx.fetchval(_PREFIX_TAKEN, prefix):
            return prefix
    return ""


@dataclass(frozen=True, slots=True)
class Names:
    """What a new cloud may be called: the complaint about its slug, and the prefix proposed."""

    slug_complaint: str
    prefix: str


async def names_for(actor: Actor, slug: str) -> Names:
    """Whether a slug is free, and the invoice prefix that is made of it."""
    async with snapshot(actor) as tx:
        return Names(await slug_complaint(tx, slug), await free_prefix(tx, slug))
