"""From which month on there is anything to show: months before it have no page."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from portal.access import Actor, Permission, can
from portal.billing.period import MonthAt, Period, month_at
from portal.db import Transaction, snapshot
from portal.errors import NotFound
from portal.kit.queries.tenancy import CloudFacts
from portal.words import _

# What the actor does not see is not there: a subscriber's months begin with its own subscriptions.
_OPERATED: Final = """
select date_trunc('month', least(
  (select min(s.starts_on) from subscription s where s.cloud = {cloud}),
  (select min(i.month) from invoice i where i.cloud = {cloud}),
  (select min(e.month) from commission_sum e where e.cloud = {cloud}),
  (select min(p.starts_on) from period p where p.cloud = {cloud} and p.state <> 'open')
)::timestamp)::date
"""
_OF_CLOUD: Final = _OPERATED.format(cloud="$1")
# Cloud by cloud, so that each is answered by the first row of an index.
_OF_ALL: Final = """
select min(f.first) from cloud c cross join lateral ({first} as first) f
""".format(first=_OPERATED.format(cloud="c.id").strip())
_OF_SUBSCRIBER: Final = """
select date_trunc('month', least(
  (select min(s.starts_on) from subscription s where s.cloud = $1 and s.subscriber = $2),
  (select min(i.month) from invoice i where i.cloud = $1 and i.subscriber = $2)
)::timestamp)::date
"""
# Customer by customer: of the cloud's subscriptions few are the referral's to see.
_OF_REFERRAL: Final = """
select date_trunc('month', least(
  (select min(f.first) from subscriber u
   cross join lateral (
     select min(s.starts_on) as first from subscription s
     where s.cloud = u.cloud and s.subscriber = u.id) f
   where u.cloud = $1 and u.referral = $2),
  (select min(e.month) from commission_sum e where e.cloud = $1 and e.referral = $2)
)::timestamp)::date
"""
_USED: Final = """
select exists (select from usage where month < $2 and ($1::bigint is null or cloud = $1))
"""


async def first(actor: Actor, cloud: CloudFacts | None = None) -> date | None:
    """The first day of the first month with a subscription, a document or a close; None: nothing.

    Of a cloud; without one of the actor's own, or of all that the actor sees.
    """
    async with snapshot(actor) as tx:
        return await _first(tx, actor, _id_of(actor, cloud))


async def check_of(actor: Actor, month: MonthAt, cloud: CloudFacts | None = None) -> None:
    """As `check`."""
    async with snapshot(actor) as tx:
        await check(tx, actor, cloud, month)


async def of_cloud(actor: Actor, cloud: CloudFacts, period: Period, *, now: datetime) -> None:
    """As `check`, of a cloud, whose zone says which months have begun."""
    await check_of(actor, month_at(period, now, cloud.timezone), cloud)


async def check(tx: Transaction, actor: Actor, cloud: CloudFacts | None, month: MonthAt) -> None:
    """Raise `NotFound` for a month that has not begun, and one before there was any data.

    Of a cloud; without one of the actor's own, or of all that the actor sees. Usage alone is data
    too; the running month needs none.
    """
    period = month.period
    if not month.has_begun:
        raise NotFound(_("%(key)s has not begun yet.") % {"key": period.key})
    if month.running:
        return
    of = _id_of(actor, cloud)
    since = await _first(tx, actor, of)
    if since is not None and since <= period.start:
        return
    # Only whoever sees all of a cloud asks its usage: for others that would read all of it.
    if can(actor, Permission.MARGINS_READ) and await tx.fetchval(_USED, of, period.end):
        return
    raise NotFound(_("There is nothing yet in %(key)s or before.") % {"key": period.key})


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


async def closed_at(actor: Actor, cloud: CloudFacts, period: Period) -> datetime | None:
    """When a cloud's month was closed; None while it is not, or is not theirs to know.

    A subscriber knows it by its own document of that close.
    """
    async with snapshot(actor) as tx:
        found: datetime | None = await tx.fetchval(
            "select coalesce("
            " (select g.closed_at from period_progress g where g.cloud = p.cloud and g.id = p.id),"
            " (select min(i.issued_at) from invoice i where i.cloud = p.cloud and i.period = p.id"
            "  and ($3::bigint is null or i.subscriber = $3)))"
            " from period p where p.cloud = $1 and p.starts_on = $2 and p.state = 'closed'",
            cloud.id,
            period.start,
            actor.subscriber,
        )
    return found


def _id_of(actor: Actor, cloud: CloudFacts | None) -> int | None:
    return actor.cloud if cloud is None else cloud.id


async def _first(tx: Transaction, actor: Actor, cloud: int | None) -> date | None:
    found: date | None
    if actor.subscriber is not None:
        found = await tx.fetchval(_OF_SUBSCRIBER, cloud, actor.subscriber)
    elif actor.referral is not None:
        found = await tx.fetchval(_OF_REFERRAL, cloud, actor.referral)
    elif cloud is None:
        found = await tx.fetchval(_OF_ALL)
    else:
        found = await tx.fetchval(_OF_CLOUD, cloud)
    return found
