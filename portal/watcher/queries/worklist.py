"""What is to be done with Watchers: readings, what follows from mappings, what is to be written.

Everything here is found again if a job gets lost. Times are the books' own, in UTC. Every read
takes part in a transaction of the same actor, if one runs.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from portal.access import SYSTEM, Actor
from portal.billing.period import day_starts, local_date
from portal.db import snapshot
from portal.kit.queries import zones
from portal.watcher.queries import provisioning

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

_DIFFERENCES: Final = """
select c.id from cloud c
join unnest($1::text[], $2::date[]) as z(timezone, tomorrow) on z.timezone = c.timezone
where exists (select from difference_mark m where m.cloud = c.id)
   or exists (select from difference_month k where k.cloud = c.id and k.until <> z.tomorrow)
order by c.id
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


async def readings(
    now: datetime, actor: Actor = SYSTEM, connection: int | None = None
) -> list[tuple[int, int]]:
    """Cloud and connection (row ids) of every reading that is due, or of one connection's."""
    async with snapshot(actor) as tx:
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
    async with snapshot(actor) as tx:
        rows = await tx.fetch("select id from reading where state = 'running' order by id")
        return [row["id"] for row in rows]


async def readings_waiting() -> list[tuple[int, list[int]]]:
    """Clouds with readings that run or wait for their turn, and these, all by row id.

    The cloud whose last reading ended longest ago comes first: none has to wait for all of another
    one's.
    """
    async with snapshot(SYSTEM) as tx:
        rows = await tx.fetch(_WAITING)
        return [(row["cloud"], row["readings"]) for row in rows]


async def mappings(actor: Actor = SYSTEM) -> list[int]:
    """Row ids of clouds with mappings that are not followed yet."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(
            "select cloud from watcher_organization where not is_followed"
            " union select cloud from watcher_preset where not is_followed"
        )
        return [row["cloud"] for row in rows]


async def differences(now: datetime, actor: Actor = SYSTEM) -> list[int]:
    """Row ids of clouds whose differences from Watcher are not kept as they are.

    They are kept from the first change on, and looked at anew on each day of the cloud's zone.
    """
    async with snapshot(actor) as tx:
        names = await zones.in_use(tx)
        tomorrows = [local_date(now, zone) + timedelta(days=1) for zone in names]
        return [row["id"] for row in await tx.fetch(_DIFFERENCES, names, tomorrows)]


async def provisionings(now: datetime, actor: Actor = SYSTEM) -> list[int]:
    """Row ids of clouds with a Watcher that something is to be written to."""
    return sorted({cloud for _, cloud in await provisioning.due(actor, now)})
