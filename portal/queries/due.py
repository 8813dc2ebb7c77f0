"""What the clock and the books say is due. Everything here is found again if a ring gets lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from portal.access import SYSTEM
from portal.db import reading

if TYPE_CHECKING:
    from datetime import datetime

# A month is due `close_after_days` after its end in the cloud's zone. Months that were due before
# the cloud was set up here are history being filled in: only a person closes them.
_PERIODS: Final = """
with months as (
  select c.id, c.slug, m.month::date as month,
         (m.month + interval '1 month' + make_interval(days => c.close_after_days))
           at time zone c.timezone as due_at, c.created_at
  from cloud c,
       lateral (select date_trunc('month', min(starts_on)) as first
                from subscription s where s.cloud = c.id) f,
       generate_series(
         f.first, date_trunc('month', $1 at time zone c.timezone) - interval '1 month',
         interval '1 month') as m(month)
  where c.close_automatically
)
select slug, to_char(month, 'YYYY-MM') as month from months
left join period p on p.cloud = months.id and p.starts_on = months.month
where due_at <= $1 and due_at > created_at and coalesce(p.state, 'open') = 'open'
  and (p.tried_at is null or p.tried_at < $1 - interval '15 minutes')
order by months.month, slug
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

_READINGS: Final = """
select c.cloud, c.id from connection c
where c.ended_at is null
  and not exists (select from reading r where r.connection = c.id
                  and (r.state = 'running'
                       or r.started_at > $1 - make_interval(mins => c.read_every_minutes)))
order by c.id
"""


async def periods(now: datetime) -> list[tuple[str, str]]:
    """The cloud's slug and the month of every close that should begin, oldest month first."""
    async with reading(SYSTEM) as tx:
        return [(row["slug"], row["month"]) for row in await tx.fetch(_PERIODS, now)]


async def closings() -> list[int]:
    """Row ids of the periods that are closing."""
    async with reading(SYSTEM) as tx:
        rows = await tx.fetch("select id from period where state = 'closing' order by id")
        return [row["id"] for row in rows]


async def documents_waiting() -> bool:
    """Whether an issued document has no PDF yet."""
    async with reading(SYSTEM) as tx:
        return bool(
            await tx.fetchval(
                "select exists (select from invoice i where not exists"
                " (select from invoice_file f where f.cloud = i.cloud and f.invoice = i.id))"
            )
        )


async def estimates(now: datetime) -> list[int]:
    """Row ids of the clouds whose running month has no estimate of the last hour."""
    async with reading(SYSTEM) as tx:
        return [row["id"] for row in await tx.fetch(_ESTIMATES, now)]


async def readings(now: datetime) -> list[tuple[int, int]]:
    """Cloud and connection (row ids) of every reading that is due."""
    async with reading(SYSTEM) as tx:
        rows = await tx.fetch(_READINGS, now)
        return [(row["cloud"], row["id"]) for row in rows]


async def readings_running() -> list[int]:
    """Row ids of readings that run, or were running when their worker was killed."""
    async with reading(SYSTEM) as tx:
        rows = await tx.fetch("select id from reading where state = 'running' order by id")
        return [row["id"] for row in rows]


async def mappings() -> list[int]:
    """Row ids of clouds with mappings that are not followed yet."""
    async with reading(SYSTEM) as tx:
        rows = await tx.fetch(
            "select cloud from watcher_organization where not is_followed"
            " union select cloud from watcher_preset where not is_followed"
        )
        return [row["cloud"] for row in rows]


async def is_settled(now: datetime) -> bool:
    """Whether all work that is due by now is done."""
    found = (
        await periods(now),
        await closings(),
        await documents_waiting(),
        await estimates(now),
        await readings(now),
        await readings_running(),
        await mappings(),
    )
    return not any(found)
