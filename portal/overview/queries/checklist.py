"""The first hour: which steps of setting up are done, by what is there.

Nothing is ticked off: a step is done when its fact is. Each list ends with the first close.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from portal.access import Actor
from portal.billing.period import Period, local_date
from portal.db import snapshot
from portal.kit.queries import tenancy
from portal.kit.queries.rows import row_of
from portal.kit.queries.tenancy import CloudFacts

COUNTED_MAX: Final = 10_000
"""Cameras are counted one by one until the first close; of more it is said that they are more."""
PLATFORM: Final = 0
"""What stands for the platform among the lists that a person has put away."""


@dataclass(frozen=True, slots=True)
class PlatformSteps:
    """The platform's facts. `cloud` is the first one's slug, `user` its first administrator's id.

    "" and None where there is none. `closed` ends the list; `hidden` is the reader's own choice.
    """

    company: bool
    mail: bool
    services: bool
    cloud: str
    user: int | None
    signed_in: bool
    usage: bool
    colleagues: bool
    closed: bool
    hidden: bool


@dataclass(frozen=True, slots=True)
class CloudSteps:
    """A cloud's facts; `cameras` is how many there are, `on_tariff` how many of them are paid for.

    `connected` once a Watcher has answered, `has_key` once there is an API key. `shown` says
    whether a Watcher has shown organizations or presets, `presets` and `organizations` how many of
    them wait for a mapping. `ended` is the first day of the month that ended last, None where no
    camera was subscribed in it.
    """

    company: bool
    connected: bool
    has_key: bool
    shown: bool
    presets: int
    organizations: int
    tariffs: bool
    subscribers: bool
    cameras: int
    on_tariff: int
    account_managers: bool
    ended: date | None
    closed: bool
    hidden: bool


_PLATFORM: Final = """
select p.name <> '' and p.address <> '{}' and p.bank <> '{}' as company,
  exists (select from delivery where kind = 'test' and cloud is null and state = 'sent') as mail,
  exists (select from service_prices where list_pricing is not null) as services,
  coalesce(f.slug, '') as cloud,
  (select u.id from portal_user u where u.cloud = f.id and u.role = 'cloud-administrator'
   order by u.signed_in_at desc nulls last, u.id limit 1) as user,
  exists (select from portal_user u where u.role = 'cloud-administrator'
          and u.signed_in_at is not null) as signed_in,
  exists (select from reading where state = 'complete') or exists (select from usage) as usage,
  exists (select from portal_user u where u.cloud is null and u.active offset 1) as colleagues,
  exists (select from period where state = 'closed') as closed,
  exists (select from portal_user u where u.id = $1 and 0 = any(u.checklists_hidden)) as hidden
from platform p left join lateral (select id, slug from cloud order by id limit 1) f on true
"""
_CLOUD: Final = f"""
select c.address <> '{{}}' and c.bank <> '{{}}' as company,
  exists (select from reading r where r.cloud = c.id and r.state = 'complete') as connected,
  exists (select from api_key k where k.cloud = c.id and k.revoked_at is null) as has_key,
  exists (select from watcher_organization o where o.cloud = c.id)
    or exists (select from watcher_preset p where p.cloud = c.id) as shown,
  (select count(*) from watcher_preset p where p.cloud = c.id and p.tariff is null)::int
    as presets,
  (select count(*) from watcher_organization o
   where o.cloud = c.id and o.subscriber is null)::int as organizations,
  exists (select from tariff t where t.cloud = c.id) as tariffs,
  exists (select from subscriber s where s.cloud = c.id) as subscribers,
  (select count(*) from (
    select from camera k where k.cloud = c.id limit {COUNTED_MAX + 1}) one)::int as cameras,
  (select count(*) from (
    select from camera k where k.cloud = c.id and exists (
      select from subscription s where s.cloud = k.cloud and s.camera = k.id
        and s.starts_on <= $2 and (s.ends_on is null or s.ends_on > $2))
    limit {COUNTED_MAX + 1}) one)::int as on_tariff,
  exists (select from portal_user u where u.cloud = c.id and u.role = 'account-manager'
          and u.active) as account_managers,
  case when exists (select from subscription s where s.cloud = c.id and s.starts_on < $4
                    and (s.ends_on is null or s.ends_on > $3)) then $3::date end as ended,
  false as closed,
  exists (select from portal_user u where u.id = $5 and c.id = any(u.checklists_hidden)) as hidden
from cloud c where c.id = $1
"""  # noqa: S608 - a number of ours
_CLOSED: Final = "select exists (select from period where cloud = $1 and state = 'closed')"


async def of_platform(actor: Actor) -> PlatformSteps | None:
    """The platform's facts; None once a month is closed."""
    async with snapshot(actor) as tx:
        row = await tx.fetchrow(_PLATFORM, actor.user)
    assert row is not None, "an installation has a platform"
    found = row_of(PlatformSteps, row)
    return None if found.closed else found


async def of_cloud(actor: Actor, cloud: CloudFacts, *, now: datetime) -> CloudSteps | None:
    """A cloud's facts; None once a month of it is closed."""
    today = local_date(now, cloud.timezone)
    ended = Period.of(today).previous()
    async with snapshot(actor) as tx:
        if await tx.fetchval(_CLOSED, cloud.id):
            return None
        row = await tx.fetchrow(_CLOUD, cloud.id, today, ended.start, ended.end, actor.user)
    assert row is not None, "whoever has a cloud's facts sees it"
    return row_of(CloudSteps, row)


def key_of(cloud: CloudFacts | None) -> int:
    """What stands for a list among those that a person has put away."""
    return tenancy.id_of(cloud) or PLATFORM
