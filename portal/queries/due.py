"""What the clock and the books say is due. Everything here is found again if a ring gets lost.

Times are the books' own, in UTC. Every read takes part in a transaction of the same actor, if one
runs: `is_settled` is one picture of everything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from portal.access import SYSTEM, Actor, Role
from portal.db import reading
from portal.queries import provisioning

if TYPE_CHECKING:
    from datetime import datetime

# Whoever may ask whether all is done is told yes or no about every cloud, and nothing else.
_OVERSEER: Final = Actor(Role.ADMINISTRATOR, "Camledger")

# A month is due `close_after_days` after its end in the cloud's zone. Months that were due before
# the cloud was set up here are history being filled in: only a person closes them. A close waits
# for the readings that are due with it, and for subscriptions that follow from mappings, so that
# it finds everything that is known by then; after one reading, whatever came of it, no longer.
# The months of a cloud close one after the other, the oldest first, and are numbered so.
_PERIODS: Final = """
with months as (
  select c.id, c.slug, m.month::date as month,
         (m.month + interval '1 month' + make_interval(days => c.close_after_days))
           at time zone c.timezone as due_at, c.created_at
  from cloud c,
       lateral (select date_trunc('month', min(starts_on)::timestamp) as first
                from subscription s where s.cloud = c.id) f,
       generate_series(
         f.first, date_trunc('month', $1 at time zone c.timezone) - interval '1 month',
         interval '1 month') as m(month)
  where c.close_automatically
)
select distinct on (slug) slug, to_char(month, 'YYYY-MM') as month from months
left join period p on p.cloud = months.id and p.starts_on = months.month
where due_at <= $1 and due_at > created_at and coalesce(p.state, 'open') = 'open'
  and (p.tried_at is null or p.tried_at < $1 - interval '15 minutes')
  and not exists (
    select from connection n where n.cloud = months.id and n.ended_at is null
      and not exists (select from reading r where r.cloud = n.cloud and r.connection = n.id
                      and r.state <> 'running' and r.started_at >= months.due_at)
      and not exists (select from reading r where r.cloud = n.cloud and r.connection = n.id
                      and r.state <> 'running'
                      and r.started_at > $1 - make_interval(mins => n.read_every_minutes)))
  and not exists (select from watcher_organization o where o.cloud = months.id
                  and not o.is_followed)
  and not exists (select from watcher_preset w where w.cloud = months.id and not w.is_followed)
  and not exists (select from period q where q.cloud = months.id and q.state = 'closing'
                  and q.trouble = '')
order by slug, months.month
"""
# An estimate is made anew every hour; a cloud in which nothing is subscribed needs none.
_ESTIMATES: Final = """
select c.id from cloud c
where exists (select from subscription s where s.cloud = c.id)
  and not exists (
    select from estimate e where e.cloud = c.id and e.subscriber is null
      and e.month = date_trunc('month', $1 at time zone c.timezone)::date
      and e.as_of > $1 - interval '1 hour')
order by c.id
"""

# A reading is due `read_every_minutes` after the last one. Where these are long, one that failed is
# tried again within the hour; and what is read daily is read on every day of its zone, also where
# days are shorter or readings have come to begin later and later: a day without one is a gap.
_READINGS: Final = """
select n.cloud, n.id from connection n
join cloud c on c.id = n.cloud
left join lateral (
  select r.started_at, r.state from reading r
  where r.cloud = n.cloud and r.connection = n.id order by r.started_at desc, r.id desc limit 1
) last on true
cross join lateral (
  select make_interval(mins => n.read_every_minutes) as pause,
         date_trunc('day', $1::timestamptz at time zone c.timezone) at time zone c.timezone
           as today,
         (date_trunc('day', $1::timestamptz at time zone c.timezone) + interval '1 day')
           at time zone c.timezone as tomorrow
) t
where n.ended_at is null and ($2::bigint is null or n.id = $2)
  and not exists (select from reading r where r.cloud = n.cloud and r.connection = n.id
                  and r.state = 'running')
  and (last.started_at is null
       or last.started_at <= $1 - t.pause
       or last.started_at <= $1 - interval '1 hour'
          and (last.state = 'failed'
               or n.read_every_minutes <= 1440
                  and last.started_at < t.today and last.started_at + t.pause >= t.tomorrow))
order by n.id
"""


async def periods(now: datetime, actor: Actor = SYSTEM) -> list[tuple[str, str]]:
    """Of each cloud with a close that should begin: its slug and the oldest such month."""
    async with reading(actor) as tx:
        return [(row["slug"], row["month"]) for row in await tx.fetch(_PERIODS, now)]


async def closings(actor: Actor = SYSTEM, *, also_parked: bool = True) -> list[int]:
    """Row ids of the periods that are closing; `also_parked`, those that wait for a person, too."""
    async with reading(actor) as tx:
        rows = await tx.fetch(
            "select id from period where state = 'closing' and ($1 or trouble = '') order by id",
            also_parked,
        )
        return [row["id"] for row in rows]


async def documents_waiting(actor: Actor = SYSTEM) -> bool:
    """Whether an issued document has no PDF yet."""
    async with reading(actor) as tx:
        return bool(
            await tx.fetchval(
                "select exists (select from invoice i where not exists"
                " (select from invoice_file f where f.cloud = i.cloud and f.invoice = i.id))"
            )
        )


async def estimates(now: datetime, actor: Actor = SYSTEM) -> list[int]:
    """Row ids of the clouds whose running month has no estimate of the last hour."""
    async with reading(actor) as tx:
        return [row["id"] for row in await tx.fetch(_ESTIMATES, now)]


async def readings(
    now: datetime, actor: Actor = SYSTEM, connection: int | None = None
) -> list[tuple[int, int]]:
    """Cloud and connection (row ids) of every reading that is due, or of one connection's."""
    async with reading(actor) as tx:
        rows = await tx.fetch(_READINGS, now, connection)
        return [(row["cloud"], row["id"]) for row in rows]


async def readings_running(actor: Actor = SYSTEM) -> list[int]:
    """Row ids of readings that run, or were running when their worker was killed."""
    async with reading(actor) as tx:
        rows = await tx.fetch("select id from reading where state = 'running' order by id")
        return [row["id"] for row in rows]


async def mappings(actor: Actor = SYSTEM) -> list[int]:
    """Row ids of clouds with mappings that are not followed yet."""
    async with reading(actor) as tx:
        rows = await tx.fetch(
            "select cloud from watcher_organization where not is_followed"
            " union select cloud from watcher_preset where not is_followed"
        )
        return [row["cloud"] for row in rows]


async def provisionings(now: datetime, actor: Actor = SYSTEM) -> list[int]:
    """Row ids of clouds with a Watcher that something is to be written to."""
    return sorted({cloud for _, cloud in await provisioning.due(actor, now)})


async def is_settled(now: datetime) -> bool:
    """Whether all work that is due by now is done. For web and workers alike."""
    async with reading(_OVERSEER):
        found = (
            await readings(now, _OVERSEER),
            await readings_running(_OVERSEER),
            await mappings(_OVERSEER),
            await provisionings(now, _OVERSEER),
            await periods(now, _OVERSEER),
            await closings(_OVERSEER, also_parked=False),
            await documents_waiting(_OVERSEER),
            await estimates(now, _OVERSEER),
        )
    return not any(found)
