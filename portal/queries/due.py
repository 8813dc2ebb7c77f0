"""What the clock and the books say is due. Everything here is found again if a job gets lost.

Times are the books' own, in UTC. Every read takes part in a transaction of the same actor, if one
runs: `is_settled` is one picture of everything.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from portal.access import SYSTEM, Actor, Role
from portal.billing.period import Period, day_start, day_starts, is_zone, local_date
from portal.db import reading
from portal.queries import provisioning, zones

if TYPE_CHECKING:
    from datetime import datetime

# Whoever may ask whether all is done is told yes or no about every cloud, and nothing else.
_OVERSEER: Final = Actor(Role.ADMINISTRATOR, "Camledger")

# Months that may be due: which of them are, the cloud's zone says, and no zone is more than a day
# away from UTC.
_UNCLOSED: Final = """
select c.id, c.timezone, c.close_after_days, c.created_at, m.month::date as month
from cloud c
cross join lateral (select date_trunc('month', min(starts_on)::timestamp) as first
                    from subscription s where s.cloud = c.id) f
cross join lateral (select $1::timestamptz at time zone 'UTC' as now,
                           make_interval(months => 1, days => c.close_after_days) as pause) t
cross join lateral generate_series(f.first, t.now, interval '1 month') as m(month)
left join period p on p.cloud = c.id and p.starts_on = m.month::date
left join period_books b on b.id = p.id
where c.close_automatically and coalesce(p.state, 'open') = 'open'
  and (b.tried_at is null or b.tried_at < $1::timestamptz - interval '15 minutes')
  and m.month + t.pause <= t.now + interval '1 day'
  and m.month + t.pause > c.created_at at time zone 'UTC' - interval '1 day'
"""
# A close waits for the readings that are due with it, and for subscriptions that follow from
# mappings, so that it finds everything that is known by then; after one reading, whatever came of
# it, no longer. The months of a cloud close one after the other, the oldest first, and are numbered
# so.
_PERIODS: Final = """
select distinct on (c.slug) c.slug, to_char(m.month, 'YYYY-MM') as month
from unnest($2::bigint[], $3::date[], $4::timestamptz[]) as m(cloud, month, due_at)
join cloud c on c.id = m.cloud
where not exists (
    select from connection n where n.cloud = m.cloud and n.ended_at is null
      and not exists (select from reading r where r.cloud = n.cloud and r.connection = n.id
                      and r.state <> 'running' and r.started_at >= m.due_at)
      and not exists (select from reading r where r.cloud = n.cloud and r.connection = n.id
                      and r.state <> 'running'
                      and r.started_at
                          > $1::timestamptz - make_interval(mins => n.read_every_minutes)))
  and not exists (select from watcher_organization o where o.cloud = m.cloud
                  and not o.is_followed)
  and not exists (select from watcher_preset w where w.cloud = m.cloud and not w.is_followed)
  and not exists (select from period_books q where q.cloud = m.cloud and q.state = 'closing'
                  and q.trouble = '')
order by c.slug, m.month
"""
# An estimate is made anew every hour; a cloud in which nothing is subscribed needs none.
_ESTIMATES: Final = """
select c.id from cloud c
where exists (select from subscription s where s.cloud = c.id) and $2::jsonb ? c.timezone
  and not exists (
    select from estimate e where e.cloud = c.id and e.subscriber is null
      and e.month = date_trunc('month', ($2::jsonb->>c.timezone)::timestamp)::date
      and e.as_of > $1::timestamptz - interval '1 hour')
order by c.id
"""

# A reading is due `read_every_minutes` after the last one. Where these are long, one that failed is
# tried again within the hour; and what is read daily is read on every day of its zone, also where
# days are shorter or readings have come to begin later and later: a day without one is a gap.
_READINGS: Final = """
select n.cloud, n.id from connection n
join cloud c on c.id = n.cloud
join unnest($3::text[], $4::timestamptz[], $5::timestamptz[]) as z(timezone, today, tomorrow)
  on z.timezone = c.timezone
left join lateral (
  select r.started_at, r.state from reading r
  where r.cloud = n.cloud and r.connection = n.id order by r.started_at desc, r.id desc limit 1
) last on true
cross join lateral (select make_interval(mins => n.read_every_minutes) as pause) t
where n.ended_at is null and ($2::bigint is null or n.id = $2)
  and not exists (select from reading r where r.cloud = n.cloud and r.connection = n.id
                  and r.state = 'running')
  and (last.started_at is null
       or last.started_at <= $1::timestamptz - t.pause
       or last.started_at <= $1::timestamptz - interval '1 hour'
          and (last.state = 'failed'
               or n.read_every_minutes <= 1440
                  and last.started_at < z.today and last.started_at + t.pause >= z.tomorrow))
order by n.id
"""


_WAITING: Final = """
select r.cloud, array_agg(r.id order by r.id) as readings from reading r
left join lateral (
  select max(last.finished_at) as at from connection n
  cross join lateral (
    select finished_at from reading b
    where b.cloud = n.cloud and b.connection = n.id and b.state <> 'running'
    order by b.started_at desc limit 1
  ) last
  where n.cloud = r.cloud
) served on true
where r.state = 'running'
group by r.cloud, served.at order by served.at nulls first, r.cloud
"""


async def periods(now: datetime, actor: Actor = SYSTEM) -> list[tuple[str, str]]:
    """Of each cloud with a close that should begin: its slug and the oldest such month.

    A month is due `close_after_days` after its end in the cloud's zone. Months that were due before
    the cloud was set up here are history being filled in: only a person closes them.
    """
    async with reading(actor) as tx:
        months = []
        for row in await tx.fetch(_UNCLOSED, now):
            if not is_zone(row["timezone"]):
                continue  # the doctor tells of it
            day = Period.of(row["month"]).end + timedelta(days=row["close_after_days"])
            due_at = day_start(day, row["timezone"])
            if row["created_at"] < due_at <= now:
                months.append((row["id"], row["month"], due_at))
        if not months:
            return []
        rows = await tx.fetch(_PERIODS, now, *map(list, zip(*months, strict=True)))
        return [(row["slug"], row["month"]) for row in rows]


async def closings(actor: Actor = SYSTEM, *, also_parked: bool = True) -> list[int]:
    """Row ids of the periods that are closing; `also_parked`, those that wait for a person, too."""
    async with reading(actor) as tx:
        rows = await tx.fetch(
            "select id from period_books where state = 'closing'"
            " and ($1 or trouble = '') order by id",
            also_parked,
        )
        return [row["id"] for row in rows]


async def documents_waiting(actor: Actor = SYSTEM, *, also_for_fonts: bool = True) -> bool:
    """Whether an issued document has no PDF yet; `also_for_fonts`, those that wait for one, too."""
    async with reading(actor) as tx:
        return bool(
            await tx.fetchval(
                "select exists (select from invoice i where not exists"
                " (select from invoice_file f where f.cloud = i.cloud and f.invoice = i.id)"
                " and ($1 or not exists (select from invoice_wait w"
                " where w.cloud = i.cloud and w.invoice = i.id)))",
                also_for_fonts,
            )
        )


async def estimates(now: datetime, actor: Actor = SYSTEM) -> list[int]:
    """Row ids of the clouds whose running month has no estimate of the last hour."""
    async with reading(actor) as tx:
        todays = await zones.todays(tx, now)
        return [row["id"] for row in await tx.fetch(_ESTIMATES, now, todays)]


async def readings(
    now: datetime, actor: Actor = SYSTEM, connection: int | None = None
) -> list[tuple[int, int]]:
    """Cloud and connection (row ids) of every reading that is due, or of one connection's."""
    async with reading(actor) as tx:
        names = await zones.in_use(tx)
        days = [local_date(now, zone) for zone in names]
        bounds = [
            day_starts(day, day + timedelta(days=1), zone)
            for day, zone in zip(days, names, strict=True)
        ]
        starts, ends = [today for today, _ in bounds], [tomorrow for _, tomorrow in bounds]
        rows = await tx.fetch(_READINGS, now, connection, names, starts, ends)
        return [(row["cloud"], row["id"]) for row in rows]


async def readings_running(actor: Actor = SYSTEM) -> list[int]:
    """Row ids of readings that run, or were running when their worker was killed."""
    async with reading(actor) as tx:
        rows = await tx.fetch("select id from reading where state = 'running' order by id")
        return [row["id"] for row in rows]


async def readings_waiting() -> list[tuple[int, list[int]]]:
    """Clouds with readings that run or wait for their turn, and these, all by row id.

    The cloud whose last reading ended longest ago comes first: none has to wait for all of another
    one's.
    """
    async with reading(SYSTEM) as tx:
        rows = await tx.fetch(_WAITING)
        return [(row["cloud"], row["readings"]) for row in rows]


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
            await documents_waiting(_OVERSEER, also_for_fonts=False),
            await estimates(now, _OVERSEER),
        )
    return not any(found)
