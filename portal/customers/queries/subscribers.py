"""Subscribers of a cloud."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from portal import tables
from portal.access import Actor
from portal.customers.forms.subscriber import NewSubscriber
from portal.db import Transaction, snapshot
from portal.errors import no_such
from portal.kit.queries.rows import row_of, select_list
from portal.kit.queries.tenancy import CloudFacts
from portal.values.numbers import NUMBER
from portal.words import _


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber(NewSubscriber):
    """A customer, as it was taken on or changed since.

    `referral` is a code, `account_manager` an e-mail. `suspended` goes for all its cameras.
    """

    id: int
    number: Annotated[int, NUMBER]
    suspended: bool


_LISTED: Final = select_list(
    Subscriber,
    tables.Subscriber,
    "s",
    terms="t",
    referral="r.code",
    account_manager="u.email",
)
_SELECT: Final = f"""
select {_LISTED}
from subscriber s
join subscriber_terms t on t.id = s.id
left join referral_name r on r.id = s.referral
left join colleague u on u.id = t.account_manager
where s.cloud = $1
"""  # noqa: S608 - columns of ours


async def list_page(
    actor: Actor, cloud: CloudFacts, *, after: int | None = None, limit: int = 100
) -> list[Subscriber]:
    """A cloud's subscribers by number, those after `after`."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(
            _SELECT + " and s.number > $2 order by s.number limit $3", cloud.id, after or 0, limit
        )
    return [row_of(Subscriber, row) for row in rows]


async def get(actor: Actor, cloud: CloudFacts, number: int) -> Subscriber:
    """One subscriber by its number. Raises `NotFound`."""
    async with snapshot(actor) as tx:
        return await get_in(tx, cloud.id, number)


async def get_in(tx: Transaction, cloud: int, number: int, *, lock: bool = False) -> Subscriber:
    """As `get`, within a transaction; with `lock` nobody else changes it until that ends."""
    query = _SELECT + " and s.number = $2" + (" for no key update of s" if lock else "")
    row = await tx.fetchrow(query, cloud, number)
    if row is None:
        raise no_such(_("subscriber"), number)
    return row_of(Subscriber, row)
