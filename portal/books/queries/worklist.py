"""What the books have to do: months to close, documents to print, estimates to make anew.

Everything here is found again if a job gets lost. Times are the books' own, in UTC. Every read
takes part in a transaction of the same actor, if one runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from portal.access import SYSTEM, Actor
from portal.billing.period import Period, day_start, is_zone
from portal.db import snapshot
from portal.kit.queries import zones

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
where c.close_automatically and not c.suspended and coalesce(p.state, 'open') = 'open'
  and (c.close_mode <> 'look' or exists (
    select from draft d where d.cloud = c.id and d.month = m.month::date
      and d.until = (m.month + interval '1 month')::date
      and not exists (select from draft_mark k where k.cloud = c.id
                      and (k.month is null or k.month <= d.month))
      and not exists (
        select from draft_surprise u where u.cloud = c.id and u.month = d.month
          and not exists (select from seen s where s.cloud = c.id and s.month = u.month
                          and s.key = u.key and s.amount is not distinct from u.amount))))
  and (b.tried_at is null or b.tried_at < $1::timestamptz - interval '15 minutes')
  and m.month + t.pause <= t.now + interval '1 day'
  and m.month + t.pause > c.created_at at time zone 'UTC' - interval '1 day'
"""
# A close waits for the readings that are due with it, and for subscriptions that follow from
# mappings, so that it finds everything that is known by then; after one reading, whatever came of
# it, no longer. The months of a cloud close one after the other, the oldest first, and are numbered
# so.
_PERIODS: Final = """
select distinct on (c.slug) m.cloud, m.month
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
# A draft is made anew when something changed, and every hour as days go by; a cloud in which
# nothing is subscribed needs none for that.
_ESTIMATES: Final = """
select c.id from cloud c
where $2::jsonb ? c.timezone and (
  exists (select from draft_mark m where m.cloud = c.id)
  or exists (select from subscription s where s.cloud = c.id) and not exists (
    select from estimate_sum e where e.cloud = c.id and e.account_manager is null
      and e.month = date_trunc('month', ($2::jsonb->>c.timezone)::timestamp)::date
      and e.as_of > $1::timestamptz - interval '1 hour'))
order by c.id
"""


async def periods(now: datetime, actor: Actor = SYSTEM) -> list[tuple[int, Period]]:
    """Of each cloud with a close that should begin: its row id and the oldest such month.

    A month is due `close_after_days` after its end in the cloud's zone; where its cloud wants to
    look first, once its draft has all that is known and everything in it is fine. Months that were
    due before the cloud was set up here are history being filled in: only a person closes them.
    """
    async with snapshot(actor) as tx:
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
        return [(row["cloud"], Period.of(row["month"])) for row in rows]


# Months that a cloud wants to look at, with how much nobody has found fine; nobody was told yet.
_LOOKS: Final = """
select c.id, c.timezone, c.close_after_days, c.created_at, d.month, u.count
from cloud c join draft d on d.cloud = c.id
  and d.until = (d.month + interval '1 month')::date
cross join lateral (
  select count(*)::int as count from draft_surprise s where s.cloud = d.cloud and s.month = d.month
    and not exists (select from seen f where f.cloud = s.cloud and f.month = s.month
                    and f.key = s.key and f.amount is not distinct from s.amount)
) u
where c.close_mode = 'look' and not c.suspended and u.count > 0
  and not exists (select from period p where p.cloud = c.id and p.starts_on = d.month
                  and p.state <> 'open')
  and not exists (select from draft_mark k where k.cloud = c.id
                  and (k.month is null or k.month <= d.month))
  and not exists (select from delivery m where m.cloud = c.id and m.kind = 'look'
                  and m.key like 'look ' || d.month || ' %')
order by c.id, d.month
"""


@dataclass(frozen=True, slots=True)
class Look:
    """A month that is due and waits for a look, and how much of its draft surprises."""

    cloud: int
    month: date
    surprises: int


async def looks(now: datetime, actor: Actor = SYSTEM) -> list[Look]:
    """Months that are due and do not close before somebody has looked, of which nobody was told."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(_LOOKS)
    found = []
    for row in rows:
        if not is_zone(row["timezone"]):
            continue
        day = Period.of(row["month"]).end + timedelta(days=row["close_after_days"])
        if row["created_at"] < day_start(day, row["timezone"]) <= now:
            found.append(Look(cloud=row["id"], month=row["month"], surprises=row["count"]))
    return found


async def closings(actor: Actor = SYSTEM, *, also_parked: bool = True) -> list[int]:
    """Row ids of the periods that are closing; `also_parked`, those that wait for a person, too."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(
            "select id from period_books where state = 'closing'"
            " and ($1 or trouble = '') order by id",
            also_parked,
        )
        return [row["id"] for row in rows]


async def documents_waiting(actor: Actor = SYSTEM, *, also_for_fonts: bool = True) -> bool:
    """Whether some document or statement has no PDF; `also_for_fonts`, also of those that wait."""
    async with snapshot(actor) as tx:
        return bool(
            await tx.fetchval(
                "select exists (select from invoice i where not exists"
                " (select from invoice_file f where f.cloud = i.cloud and f.invoice = i.id)"
                " and ($1 or not exists (select from invoice_wait w"
                " where w.cloud = i.cloud and w.invoice = i.id)))"
                " or exists (select from statement t where t.number is not null and not exists"
                " (select from statement_file f where f.cloud = t.cloud and f.statement = t.id))",
                also_for_fonts,
            )
        )


async def estimates(now: datetime, actor: Actor = SYSTEM) -> list[int]:
    """Row ids of the clouds of which something changed, or without an estimate of the last hour."""
    async with snapshot(actor) as tx:
        todays = await zones.todays(tx, now)
        return [row["id"] for row in await tx.fetch(_ESTIMATES, now, todays)]
