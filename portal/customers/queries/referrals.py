"""Referrals of a cloud."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from portal import tables
from portal.access import Actor
from portal.customers.forms.referral import NewReferral
from portal.db import Transaction, snapshot
from portal.errors import no_such
from portal.kit.queries.rows import row_of, select_list
from portal.kit.queries.tenancy import CloudFacts
from portal.words import _


@dataclass(frozen=True, slots=True, kw_only=True)
class Referral(NewReferral):
    """An agent; `sponsor` is the code of the one who brought it."""

    id: int


_LISTED: Final = select_list(Referral, tables.Referral, "r", sponsor="s.code")
_SELECT: Final = f"""
select {_LISTED}
from referral r left join referral s on s.id = r.sponsor
where r.cloud = $1
"""  # noqa: S608 - columns of ours


async def list_page(
    actor: Actor, cloud: CloudFacts, *, after: str | None = None, limit: int = 100
) -> list[Referral]:
    """A cloud's referrals by code, those after `after`."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(
            _SELECT + " and r.code > $2 order by r.code limit $3", cloud.id, after or "", limit
        )
    return [row_of(Referral, row) for row in rows]


async def get(actor: Actor, cloud: CloudFacts, code: str) -> Referral:
    """One referral by its code. Raises `NotFound`."""
    async with snapshot(actor) as tx:
        return await get_in(tx, cloud.id, code)


async def get_in(tx: Transaction, cloud: int, code: str, *, lock: bool = False) -> Referral:
    """As `get`, within a transaction; with `lock` nobody else changes it until that ends."""
    query = _SELECT + " and r.code = $2" + (" for no key update of r" if lock else "")
    row = await tx.fetchrow(query, cloud, code)
    if row is None:
        raise no_such(_("referral"), code)
    return row_of(Referral, row)
