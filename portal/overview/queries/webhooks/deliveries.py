"""What an endpoint was told, and how each try went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from asyncpg import Record

from portal.access import Actor
from portal.db import Transaction, snapshot
from portal.errors import no_such
from portal.kit.queries.tenancy import CloudFacts
from portal.overview.queries.webhooks import endpoints
from portal.words import _


@dataclass(frozen=True, slots=True)
class Try:
    """One try: a status, or an `error` where nothing was answered; `ms` is how long it took."""

    at: datetime
    status: int | None
    ms: int
    error: str
    answer: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event on its way to an endpoint; `event` is the id that it has at every try.

    `body` is None until it was tried first, and in a list.
    """

    id: int
    event: str
    type: str
    state: str
    happened_at: datetime
    created_at: datetime
    due_at: datetime | None
    delivered_at: datetime | None
    tries: Sequence[Try]
    body: str | None = None


# The tries of a page are read at once, the latest first; of each delivery at most as many as here.
TRIES_MAX: Final = 50
_SELECT: Final = """
select d.id, v.event, v.type, d.state, v.happened_at, d.created_at,
       case when d.state in ('waiting', 'sending') then d.due_at end as due_at, d.delivered_at
       {more}
from webhook_delivery d join webhook_event v on v.cloud = d.cloud and v.id = d.event
where d.cloud = $1 and d.endpoint = $2
"""
_LISTED: Final = (
    _SELECT.format(more="")
    + """
and ($3::text is null or d.state = $3) and ($4::bigint is null or d.id < $4)
order by d.id desc limit $5
"""
)
_WHOLE: Final = _SELECT.format(more=", v.body") + " and d.id = $3"
_TRIES: Final = """
select t.delivery, t.at, t.status, t.ms, t.error, t.answer
from unnest($2::bigint[]) as d (id)
cross join lateral (
  select t.* from webhook_try t where t.cloud = $1 and t.delivery = d.id
  order by t.id desc limit $3
) t order by t.delivery, t.id
"""


async def list_page(
    actor: Actor,
    cloud: CloudFacts,
    endpoint: int,
    *,
    state: str | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[Delivery]:
    """Deliveries to an endpoint, the latest first, those before an id. Raises `NotFound`."""
    async with snapshot(actor) as tx:
        await endpoints.get_in(tx, cloud, endpoint)
        rows = await tx.fetch(_LISTED, cloud.id, endpoint, state, before, limit)
        return await _with_tries(tx, cloud, rows)


async def get(actor: Actor, cloud: CloudFacts, endpoint: int, delivery: int) -> Delivery:
    """One of them with its body. Raises `NotFound`."""
    async with snapshot(actor) as tx:
        await endpoints.get_in(tx, cloud, endpoint)
        row = await tx.fetchrow(_WHOLE, cloud.id, endpoint, delivery)
        if row is None:
            raise no_such(_("delivery"), delivery)
        return (await _with_tries(tx, cloud, [row]))[0]


async def _with_tries(tx: Transaction, cloud: CloudFacts, rows: Sequence[Record]) -> list[Delivery]:
    tried: dict[int, list[Try]] = {row["id"]: [] for row in rows}
    for row in await tx.fetch(_TRIES, cloud.id, list(tried), TRIES_MAX):
        delivery, *values = row.values()
        tried[delivery].append(Try(*values))
    return [Delivery(**row, tries=tried[row["id"]]) for row in rows]
