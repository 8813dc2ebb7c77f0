"""From which month on there is anything to show: months before it have no page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from portal.access import Permission, can
from portal.db import reading
from portal.queries import tenancy

if TYPE_CHECKING:
    from datetime import date

    from portal.access import Actor
    from portal.billing.period import Period
    from portal.db import Connection

# What the actor does not see is not there: a subscriber's months begin with its own subscriptions.
_FIRST: Final = """
select date_trunc('month', least(
  (select min(starts_on) from subscription where $1::bigint is null or cloud = $1),
  (select min(month) from invoice where $1::bigint is null or cloud = $1),
  (select min(month) from commission where $1::bigint is null or cloud = $1),
  case when $2 then (select min(starts_on) from period
                     where state <> 'open' and ($1::bigint is null or cloud = $1)) end
)::timestamp)::date
"""
_USED: Final = """
select exists (select from usage where day < $2 and ($1::bigint is null or cloud = $1))
"""


async def first(actor: Actor, slug: str | None = None) -> date | None:
    """The first day of the first month with a subscription, a document or a close; None: nothing.

    Of the cloud called `slug`, of the actor's own, or of all that the actor sees.
    """
    async with reading(actor) as tx:
        return await _first(tx, actor, await _cloud(tx, actor, slug))


async def has_data(actor: Actor, period: Period, slug: str | None = None) -> bool:
    """Whether anything, also usage alone, is known of a month or of an earlier one."""
    async with reading(actor) as tx:
        cloud = await _cloud(tx, actor, slug)
        since = await _first(tx, actor, cloud)
        if since is not None and since <= period.start:
            return True
        # Only whoever sees all of a cloud asks its usage: for others that would read all of it.
        return can(actor, Permission.MARGINS_READ) and bool(
            await tx.fetchval(_USED, cloud, period.end)
        )


async def is_closed(actor: Actor, period: Period) -> bool:
    """Whether a month of the actor's own cloud is closed."""
    async with reading(actor) as tx:
        return bool(
            await tx.fetchval(
                "select exists (select from period where cloud = $1 and starts_on = $2"
                " and state = 'closed')",
                actor.cloud,
                period.start,
            )
        )


async def _cloud(tx: Connection, actor: Actor, slug: str | None) -> int | None:
    if slug is None:
        return actor.cloud
    return (await tenancy.cloud_facts(tx, slug)).id


async def _first(tx: Connection, actor: Actor, cloud: int | None) -> date | None:
    operates = actor.subscriber is None and actor.referral is None
    found: date | None = await tx.fetchval(_FIRST, cloud, operates)
    return found
