"""A cloud as the platform sees it: what it bought in each month, what it owes, who runs it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from portal.access import Actor
from portal.billing.period import Period, local_date
from portal.db import snapshot
from portal.kit.queries import zones
from portal.kit.queries.tenancy import CloudFacts
from portal.overview.queries import system_dashboard
from portal.overview.queries.system_dashboard import MONTHS, CloudLine

ADMINISTRATORS_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class Administrator:
    """Somebody who runs the cloud; `signed_in_at` is None before their first time."""

    id: int
    name: str
    email: str
    invited: bool
    signed_in_at: datetime | None


@dataclass(frozen=True, slots=True)
class Bought:
    """What a service came to by first day of the month, in minor units, before discount."""

    code: str
    name: str
    months: Mapping[date, int]

    @property
    def total(self) -> int:
        """Of all its months."""
        return sum(self.months.values())


@dataclass(frozen=True, slots=True)
class Bridge:
    """From the charges of a month to its wholesale, in minor units: charges less discount."""

    charges: int
    discount: int


@dataclass(frozen=True, slots=True)
class CloudOverview:
    """All of it. `line` has the wholesale of each month; `open` is what is left of its invoices.

    `late` is the part of `open` that is overdue. `last` leads to the wholesale of the month that
    ended last, None until it is closed. `administrators` are those whom the actor sees.
    """

    line: CloudLine
    created_at: datetime
    last: Bridge | None
    open: int
    late: int
    administrators: Sequence[Administrator]


_FACTS: Final = """
select c.created_at,
       (select coalesce(sum(i.subtotal), 0)::bigint from invoice i
        where i.issuer = 0 and i.cloud = c.id and i.month = $2) as charges,
       (select coalesce(sum(i.discount), 0)::bigint from invoice i
        where i.issuer = 0 and i.cloud = c.id and i.month = $2) as discount,
       (select coalesce(sum(b.left), 0)::bigint from document_balance b
        where b.issuer = 0 and b.cloud = c.id and b.left > 0) as open,
       (select coalesce(sum(b.left), 0)::bigint from document_balance b
        where b.issuer = 0 and b.cloud = c.id and b.left > 0 and b.overdue) as late
from cloud c where c.id = $1
"""
_ADMINISTRATORS: Final = """
select id, name, email, not has_password as invited, signed_in_at from portal_user
where cloud = $1 and role = 'cloud-administrator' and active order by lower(name), id limit $2
"""
# The platform's documents are those whose issuer is 0; a correction counts where it was invoiced.
_SERVICES: Final = """
select s.code, coalesce(nullif(s.short, ''), s.name) as name, i.month,
       sum(l.amount)::bigint as amount
from invoice i join invoice_line l on l.cloud = i.cloud and l.invoice = i.id
join service s on s.id = l.service
where i.cloud = $1 and i.issuer = 0 and i.month >= $2
group by s.code, s.short, s.name, i.month
"""
# Days of subscriptions: of the running month those until today.
_CAMERA_DAYS: Final = """
select m.starts_on, coalesce(sum(
         least(coalesce(s.ends_on, m.ends_on), m.ends_on) - greatest(s.starts_on, m.starts_on)
       ), 0)::bigint as days
from (
  select d::date as starts_on, least((d + interval '1 month')::date, $3::date) as ends_on
  from generate_series($2::date, $3::date - 1, interval '1 month') d
) m
left join subscription s on s.cloud = $1 and s.starts_on < m.ends_on
  and (s.ends_on is null or s.ends_on > m.starts_on)
group by m.starts_on
"""


async def get(actor: Actor, cloud: CloudFacts, *, now: datetime) -> CloudOverview:
    """The figures and facts of one cloud."""
    async with snapshot(actor) as tx:
        line = await system_dashboard.get(actor, cloud, now=now)
        await zones.tell_todays(tx, now)
        facts = await tx.fetchrow(_FACTS, cloud.id, line.ended)
        people = await tx.fetch(_ADMINISTRATORS, cloud.id, ADMINISTRATORS_MAX)
        assert facts is not None, "whoever has a cloud's facts sees its row"
        closed = line.state == "closed"
        return CloudOverview(
            line=line,
            created_at=facts["created_at"],
            last=Bridge(charges=facts["charges"], discount=facts["discount"]) if closed else None,
            open=facts["open"],
            late=facts["late"],
            administrators=[Administrator(**row) for row in people],
        )


async def bought(actor: Actor, cloud: CloudFacts, *, now: datetime) -> list[Bought]:
    """Charges of the last twelve ended months by service, the one of most charges first."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(_SERVICES, cloud.id, _first(cloud, now))
    names: dict[str, str] = {}
    months: dict[str, dict[date, int]] = defaultdict(dict)
    for row in rows:
        names[row["code"]] = row["name"]
        months[row["code"]][row["month"]] = row["amount"]
    found = [Bought(code, names[code], by_month) for code, by_month in months.items()]
    return sorted(found, key=lambda one: (-one.total, one.code))


async def camera_days(actor: Actor, cloud: CloudFacts, *, now: datetime) -> dict[date, int]:
    """Subscribed camera-days of the last twelve ended months and the running one."""
    today = local_date(now, cloud.timezone)
    async with snapshot(actor) as tx:
        rows = await tx.fetch(_CAMERA_DAYS, cloud.id, _first(cloud, now), today)
    return {row["starts_on"]: row["days"] for row in rows}


@dataclass(frozen=True, slots=True)
class Affected:
    """Whom and what a suspension stops; `months` have ended and are not closed."""

    people: int
    sessions: int
    months: int
    cameras: int


_AFFECTED: Final = """
select (select count(*) from portal_user u where u.cloud = $1 and u.active)::int as people,
       (select count(*) from user_session s join portal_user u on u.id = s.user_id
        where u.cloud = $1 and s.expires_at > $2)::int as sessions,
       (select count(*) from generate_series(
          (select date_trunc('month', min(p.starts_on)::timestamp) from subscription p
           where p.cloud = $1),
          $3::date - interval '1 month', interval '1 month') m
        where not exists (select from period p where p.cloud = $1 and p.starts_on = m::date
                          and p.state = 'closed'))::int as months
"""


async def affected(actor: Actor, cloud: CloudFacts, *, now: datetime) -> Affected:
    """What stops while a cloud is suspended, as far as the actor sees it."""
    running = Period.of(local_date(now, cloud.timezone)).start
    async with snapshot(actor) as tx:
        row = await tx.fetchrow(_AFFECTED, cloud.id, now, running)
        line = await system_dashboard.get(actor, cloud, now=now)
    assert row is not None, "counts are always there"
    return Affected(**row, cameras=line.cameras)


def _first(cloud: CloudFacts, now: datetime) -> date:
    return Period.of(local_date(now, cloud.timezone)).back(MONTHS).start
