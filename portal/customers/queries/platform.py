"""The company behind an installation, as it stands on its documents."""

from __future__ import annotations

from typing import Final

from portal import tables
from portal.access import Actor
from portal.customers.forms.platform import Company
from portal.db import Transaction, snapshot
from portal.kit.queries.rows import addressed, select_list

_SELECT: Final = f"select {select_list(Company, tables.Platform, 'p')} from platform p"  # noqa: S608 - columns of ours


async def get(actor: Actor) -> Company:
    """All that is kept of it."""
    async with snapshot(actor) as tx:
        return await get_in(tx)


async def get_in(tx: Transaction, *, lock: bool = False) -> Company:
    """As `get`, within a transaction; with `lock` nobody else changes it until that ends."""
    row = await tx.fetchrow(_SELECT + (" for no key update" if lock else ""))
    assert row is not None, "an installation has its platform"
    return addressed(Company, row)
