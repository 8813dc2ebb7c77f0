"""Closing the demo's months of a cloud whose people close by hand: all that ended, but the last.

That one is left to whoever looks at the demo.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from portal.access import SYSTEM, Actor, Role
from portal.billing.period import Period
from portal.books.actions import periods
from portal.books.actions.closing.work import work_on_close
from portal.db import snapshot
from portal.demo.months import ENDED_MONTHS, Months
from portal.demo.people import CLOSERS
from portal.gateways.queue import NullQueue
from portal.kit.queries import tenancy

_CLOSERS: Final = """
select l.id, l.slug, l.timezone, l.created_at, u.id as "user", u.email,
       array(select p.starts_on from period p where p.cloud = l.id and p.state = 'closed') as closed
from unnest($1::text[], $2::text[]) as c(slug, email)
join cloud l on l.slug = c.slug
join portal_user u on u.cloud = l.id and u.email = c.email
order by l.id
"""


@dataclass(frozen=True, slots=True)
class Due:
    """A month that somebody of its cloud has closed before anybody looks."""

    closer: Actor
    cloud: str
    period: Period


async def due() -> list[Due]:
    """What is left to be closed, cloud by cloud, the oldest month first."""
    async with snapshot(SYSTEM) as tx:
        rows = await tx.fetch(_CLOSERS, [*CLOSERS], [*CLOSERS.values()])
    found = []
    for row in rows:
        months = Months.since(row["created_at"], row["timezone"])
        closer = Actor(Role.CLOUD_ADMINISTRATOR, row["email"], user=row["user"], cloud=row["id"])
        for number in range(ENDED_MONTHS - 1):
            period = Period.of(months.day((number, 1)))
            if period.start not in row["closed"]:
                found.append(Due(closer, row["slug"], period))
    return found


async def close(months: Sequence[Due], *, now: datetime) -> None:
    """Close them, one after the other. Raises `Conflict` where days are missing."""
    for one in months:
        cloud = await tenancy.get(one.closer, one.cloud)
        begun = await periods.start_close(
            one.closer, cloud, one.period, accept_gaps=False, now=now, queue=NullQueue()
        )
        await work_on_close(begun.id, clock=lambda: now, queue=NullQueue())
