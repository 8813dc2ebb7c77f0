"""Whom the daily digest is due for, and what it says of what needs them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from portal.access import CLOUD_ROLES, PLATFORM_ROLES, SYSTEM
from portal.accounts.queries.users import Person, person_of
from portal.billing.period import is_zone, local_date, zone_of
from portal.db import bound_by_policies, snapshot
from portal.kit.queries import tenancy
from portal.overview.queries import attention
from portal.overview.queries.attention import Need

MORNING: Final = 7
"""The hour from which on a day's digest is written, in the zone of whoever gets it."""
PEOPLE_AT_ONCE: Final = 50
"""Of one look; the next one goes on with the others."""


@dataclass(frozen=True, slots=True)
class Due:
    """Somebody whose morning has come, and the day that it is there."""

    person: Person
    day: date


_ZONES: Final = """
select distinct coalesce(u.zone, c.timezone, p.timezone) as zone
from portal_user u left join cloud c on c.id = u.cloud cross join platform p
where u.active and u.digest and u.has_password
"""
# Nobody of a suspended cloud can sign in, and so nothing can be done.
_DUE: Final = """
select u.id, u.email, u.name, u.role, u.theme, u.language, u.locale as own_locale,
       u.zone as own_zone, u.shortcuts, u.cloud, u.subscriber, u.referral,
       coalesce(c.name, p.name) as tenant, coalesce(c.locale, 'en') as locale,
       coalesce(c.timezone, p.timezone) as zone, coalesce(c.currency, '') as currency,
       d.day
from portal_user u left join cloud c on c.id = u.cloud cross join platform p
join unnest($1::text[], $2::date[]) as d(zone, day)
  on d.zone = coalesce(u.zone, c.timezone, p.timezone)
where u.active and u.digest and u.has_password and c.suspended is not true
  and u.role = any($3) and u.digested_on <> d.day
order by u.id limit $4
"""


async def due(now: datetime) -> list[Due]:
    """People in whose zone it is after MORNING, and for whom that day was not looked at yet."""
    async with snapshot(SYSTEM) as tx:
        stored = [row["zone"] for row in await tx.fetch(_ZONES)]
        awake = [
            zone
            for zone in stored
            if is_zone(zone) and now.astimezone(zone_of(zone)).hour >= MORNING
        ]
        rows = await tx.fetch(
            _DUE,
            awake,
            [local_date(now, zone) for zone in awake],
            sorted(map(str, PLATFORM_ROLES | CLOUD_ROLES)),
            PEOPLE_AT_ONCE,
        )
    return [Due(person_of(row), row["day"]) for row in rows]


async def needs_of(person: Person, *, now: datetime) -> Sequence[Need]:
    """What their overview says: of the clouds and subscribers that they see, and no others."""
    actor = person.actor
    with bound_by_policies():
        if actor.cloud is None:
            return await attention.of_platform(actor, now=now)
        return await attention.of_cloud(actor, await tenancy.own_cloud(actor), now=now)
