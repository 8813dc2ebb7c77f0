"""The months of every cloud side by side: how far the books of each are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from portal.access import Actor
from portal.billing.period import Period, is_zone, local_date
from portal.db import snapshot
from portal.kit.queries import zones
from portal.words import told

MONTHS: Final = 6
STATES: Final = ("running", "open", "waits_usage", "needs_look", "closing", "closed")
"""How a month stands. One that is open closes by itself, once it is due."""


@dataclass(frozen=True, slots=True)
class MonthCell:
    """A month of a cloud. `percent` is how much of a close is done, `due_on` when it is to begin.

    `trouble` says why a close has stopped, "" while nothing is wrong.
    """

    month: date
    state: str
    percent: int
    closed_at: datetime | None
    due_on: date | None
    trouble: str


@dataclass(frozen=True, slots=True)
class CloudMonths:
    """A cloud with those of its months that it has books of, by first day."""

    slug: str
    name: str
    zone: str
    manager: str | None
    is_mine: bool
    months: Mapping[date, MonthCell]


@dataclass(frozen=True, slots=True)
class Matrix:
    """The clouds by name, and the first days of the months, the latest first."""

    clouds: Sequence[CloudMonths]
    axis: Sequence[date]


# A cloud's months begin with the first camera that was subscribed, or the first that was closed.
_MONTHS: Final = """
select c.slug, c.name, c.timezone as zone, u.email as manager,
       coalesce(c.manager = $3, false) as is_mine, c.created_at, c.suspended,
       c.close_automatically, c.close_after_days, c.close_mode = 'look' and exists (
         select from draft_surprise u where u.cloud = c.id and u.month = m.month::date
           and not exists (select from seen s where s.cloud = u.cloud and s.month = u.month
                           and s.key = u.key and s.amount is not distinct from u.amount)
       ) as surprises, r.running, m.month::date as month,
       coalesce(p.state, 'open') as state, coalesce(t.trouble, '') as trouble,
       t.tried_at is not null as was_tried, g.closed_at, coalesce(g.cameras_total, 0) as total,
       case p.state when 'closing' then
         (select coalesce(sum(b.cameras), 0)::int from period_batch b
          where b.cloud = p.cloud and b.period = p.id and b.done_at is not null)
       else 0 end as done
from cloud c
left join colleague u on u.id = c.manager
cross join lateral (
  select date_trunc('month', ($1::jsonb->>c.timezone)::timestamp)::date as running
) r
cross join lateral (
  select date_trunc('month', least(
    (select min(s.starts_on) from subscription s where s.cloud = c.id),
    (select min(q.starts_on) from period q where q.cloud = c.id and q.state <> 'open')
  )::timestamp) as month
) f
left join lateral generate_series(
  greatest(f.month, $2::timestamp), r.running::timestamp, interval '1 month'
) m(month) on true
left join period p on p.cloud = c.id and p.starts_on = m.month::date
left join period_books t on t.id = p.id
left join period_progress g on g.id = p.id
order by lower(c.name), c.slug, m.month
"""


async def get(actor: Actor, *, now: datetime) -> Matrix:
    """The running month and those before it, of every cloud that the actor sees."""
    async with snapshot(actor) as tx:
        todays = await zones.todays(tx, now)
        latest = max(map(date.fromisoformat, todays.values()), default=now.date())
        running = Period.of(latest)
        axis = [running.back(count).start for count in range(MONTHS)]
        rows = await tx.fetch(_MONTHS, todays, axis[-1], actor.user)
    clouds: dict[str, CloudMonths] = {}
    months: dict[str, dict[date, MonthCell]] = {}
    for row in rows:
        of = months.setdefault(row["slug"], {})
        clouds[row["slug"]] = CloudMonths(
            slug=row["slug"],
            name=row["name"],
            zone=row["zone"],
            manager=row["manager"],
            is_mine=row["is_mine"],
            months=of,
        )
        if row["month"] is not None:
            of[row["month"]] = _cell(row)
    return Matrix(list(clouds.values()), axis)


def _cell(row: Any) -> MonthCell:
    due_on = Period.of(row["month"]).end + timedelta(days=row["close_after_days"])
    by_itself = row["close_automatically"] and not row["suspended"] and _is_ahead(row, due_on)
    return MonthCell(
        month=row["month"],
        state=_state(row, by_itself=by_itself),
        percent=row["done"] * 100 // row["total"] if row["total"] else 0,
        closed_at=row["closed_at"],
        due_on=due_on if by_itself else None,
        trouble=told(row["trouble"]),
    )


def _is_ahead(row: Any, due_on: date) -> bool:
    """Whether the month was due after the cloud was set up: what is older a person closes."""
    zone = row["zone"]
    return is_zone(zone) and local_date(row["created_at"], zone) < due_on


def _state(row: Any, *, by_itself: bool) -> str:
    state: str = row["state"]
    if state == "closed":
        return state
    if row["trouble"]:
        return "needs_look"
    if state == "closing":
        return state
    if row["month"] >= row["running"]:
        return "running"
    if not by_itself or row["surprises"]:
        return "needs_look"
    return "waits_usage" if row["was_tried"] else "open"
