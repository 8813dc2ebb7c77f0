"""Clouds, as those who may see them see them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from asyncpg import Record

from portal.access import Actor
from portal.db import Transaction, snapshot
from portal.errors import no_such


@dataclass(frozen=True, slots=True)
class Cloud:
    """One operator. `manager` is an e-mail of the platform's; percents are 0 to 100."""

    id: int
    slug: str
    name: str
    currency: str
    timezone: str
    tax_percent: Decimal
    wholesale_discount_percent: Decimal
    wholesale_tax_percent: Decimal
    invoice_prefix: str
    manager: str | None
    level_percents: tuple[Decimal, ...]
    address: tuple[str, ...]
    tax_number: str
    email: str
    bank: tuple[str, ...]
    locale: str
    payment_days: int
    close_after_days: int
    close_automatically: bool
    second_factor: bool


_SELECT = """
select c.id, c.slug, c.name, c.currency, c.timezone, c.tax_percent, c.invoice_prefix,
       coalesce(t.wholesale_discount_percent, 0) as wholesale_discount_percent,
       coalesce(t.wholesale_tax_percent, 0) as wholesale_tax_percent,
       u.email as manager, t.level_percents, c.address,
       c.tax_number, c.email, c.bank, c.locale, c.payment_days, c.close_after_days,
       c.close_automatically, c.second_factor
from cloud c left join colleague u on u.id = c.manager left join cloud_terms t on t.id = c.id
"""


def _cloud(row: Record) -> Cloud:
    lists = {name: tuple(row[name] or ()) for name in ("level_percents", "address", "bank")}
    return Cloud(**{**row, **lists})


async def list_page(actor: Actor, *, after: str | None = None, limit: int = 100) -> list[Cloud]:
    """The clouds an actor may see, by slug, those after `after`."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(
            _SELECT + " where c.slug > $1 order by c.slug limit $2", after or "", limit
        )
    return [_cloud(row) for row in rows]


async def get(actor: Actor, slug: str) -> Cloud:
    """The cloud called `slug`; `NotFound` when it is not there or not this actor's to see."""
    async with snapshot(actor) as tx:
        return await get_in(tx, slug)


async def get_in(tx: Transaction, slug: str, *, lock: bool = False) -> Cloud:
    """As `one`, within a transaction; with `lock` nobody else changes it until that ends."""
    query = _SELECT + " where c.slug = $1" + (" for no key update of c" if lock else "")
    row = await tx.fetchrow(query, slug)
    if row is None:
        raise no_such("cloud", slug)
    return _cloud(row)
