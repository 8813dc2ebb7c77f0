"""Referrals of a cloud."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from portal.access import Actor
from portal.db import Transaction, snapshot
from portal.errors import no_such
from portal.kit.queries import tenancy


@dataclass(frozen=True, slots=True)
class Referral:
    """An agent; `sponsor` is the code of the one who brought it."""

    id: int
    code: str
    name: str
    email: str
    percent: Decimal
    sponsor: str | None
    basis: str


_SELECT = """
select r.id, r.code, r.name, r.email, r.percent, s.code as sponsor, r.basis
from referral r left join referral s on s.id = r.sponsor
where r.cloud = $1
"""


async def list_page(
    actor: Actor, cloud: str, *, after: str | None = None, limit: int = 100
) -> list[Referral]:
    """A cloud's referrals by code, those after `after`."""
    async with snapshot(actor) as tx:
        facts = await tenancy.cloud_facts(tx, cloud)
        rows = await tx.fetch(
            _SELECT + " and r.code > $2 order by r.code limit $3", facts.id, after or "", limit
        )
    return [Referral(**row) for row in rows]


async def get(actor: Actor, cloud: str, code: str) -> Referral:
    """One referral by its code. Raises `NotFound`."""
    async with snapshot(actor) as tx:
        facts = await tenancy.cloud_facts(tx, cloud)
        return await get_in(tx, facts.id, code)


async def get_in(tx: Transaction, cloud: int, code: str, *, lock: bool = False) -> Referral:
    """As `one`, within a transaction; with `lock` nobody else changes it until that ends."""
    query = _SELECT + " and r.code = $2" + (" for no key update of r" if lock else "")
    row = await tx.fetchrow(query, cloud, code)
    if row is None:
        raise no_such("referral", code)
    return Referral(**row)
