"""From which month on there is anything to show: months before it have no page."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from portal.access import Actor, Permission, can
from portal.billing.period import MonthAt, Period, month_at
from portal.db import Transaction, snapshot
from portal.errors import NotFound
from portal.kit.queries import tenancy
from portal.kit.queries.tenancy import CloudFacts

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
    async with snapshot(actor) as tx:
        cloud = actor.cloud if slug is None else (await tenancy.cloud_facts(tx, slug)).id
        return await _first(tx, actor, cloud)


async def check_of(actor: Actor, month: MonthAt, slug: str | None = None) -> None:
    """As `check`, of the cloud called `slug`, of the actor's own, or of all that the actor sees."""
    async with snapshot(actor) as tx:
        cloud = None
        if slug is not None or actor.cloud is not None:
            cloud = await tenancy.of_actor(tx, actor, slug)
        await check(tx, actor, cloud, month)


async def of_cloud(actor: Actor, slug: str, period: Period, *, now: datetime) -> None:
    """As `check`, of the cloud called `slug`, whose zone says which months have begun."""
    async with snapshot(actor) as tx:
        cloud = await tenancy.cloud_facts(tx, slug)
        await check(tx, actor, cloud, month_at(period, now, cloud.timezone))


async def check(tx: Transaction, actor: Actor, cloud: CloudFacts | None, month: MonthAt) -> None:
    """Raise `NotFound` for a month that has not begun, and one before there was any data.

    Usage alone is data too; the running month needs none.
    """
    period = month.period
    if not month.has_begun:
        raise NotFound(f"{period.key} has not begun yet.")
    if month.running:
        return
    since = await _first(tx, actor, None if cloud is None else cloud.id)
    if since is not None and since <= period.start:
        return
    # Only whoever sees all of a cloud asks its usage: for others that would read all of it.
    if can(actor, Permission.MARGINS_READ) and await tx.fetchval(
        _USED, None if cloud is None else cloud.id, period.end
    ):
        return
    raise NotFound(f"There is nothing yet in {period.key} or before.")


async def is_closed(actor: Actor, period: Period) -> bool:
    """Whether a month of the actor's own cloud is closed."""
    async with snapshot(actor) as tx:
        return bool(
            await tx.fetchval(
                "select exists (select from period where cloud = $1 and starts_on = $2"
                " and state = 'closed')",
                actor.cloud,
                period.start,
            )
        )


async def _first(tx: Transaction, actor: Actor, cloud: int | None) -> date | None:
    operates = actor.subscriber is None and actor.referral is None
    found: date | None = await tx.fetchval(_FIRST, cloud, operates)
    return found
