"""Subscribers of a cloud."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from asyncpg import Record

from portal.access import Actor
from portal.db import Transaction, snapshot
from portal.errors import no_such
from portal.kit.queries import tenancy


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A customer. `referral` is a code, `account_manager` an e-mail."""

    id: int
    number: int
    name: str
    email: str
    discount_percent: Decimal
    tax_exempt: bool
    referral: str | None
    account_manager: str | None
    address: tuple[str, ...]
    tax_number: str
    suspended: bool


_SELECT = """
select s.id, s.number, s.name, t.email, t.discount_percent, t.tax_exempt, r.code as referral,
       u.email as account_manager, t.address, t.tax_number, s.suspended
from subscriber s
join subscriber_terms t on t.id = s.id
left join referral_name r on r.id = s.referral
left join colleague u on u.id = t.account_manager
where s.cloud = $1
"""


def _subscriber(row: Record) -> Subscriber:
    return Subscriber(**{**row, "address": tuple(row["address"] or ())})


async def list_page(
    actor: Actor, cloud: str, *, after: int | None = None, limit: int = 100
) -> list[Subscriber]:
    """A cloud's subscribers by number, those after `after`."""
    async with snapshot(actor) as tx:
        facts = await tenancy.cloud_facts(tx, cloud)
        rows = await tx.fetch(
            _SELECT + " and s.number > $2 order by s.number limit $3", facts.id, after or 0, limit
        )
    return [_subscriber(row) for row in rows]


async def get(actor: Actor, cloud: str, number: int) -> Subscriber:
    """One subscriber by its number. Raises `NotFound`."""
    async with snapshot(actor) as tx:
        facts = await tenancy.cloud_facts(tx, cloud)
        return await get_in(tx, facts.id, number)


async def get_in(tx: Transaction, cloud: int, number: int, *, lock: bool = False) -> Subscriber:
    """As `one`, within a transaction; with `lock` nobody else changes it until that ends."""
    query = _SELECT + " and s.number = $2" + (" for no key update of s" if lock else "")
    row = await tx.fetchrow(query, cloud, number)
    if row is None:
        raise no_such("subscriber", number)
    return _subscriber(row)
