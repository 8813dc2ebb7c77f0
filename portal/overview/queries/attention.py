"""What waits for somebody: each kind with how many, how much, since when, and of which cloud.

One query a kind, each of them over what is kept or indexed; whose rows count, the database decides.
Kinds come in their order: what stops money, what costs money, what only waits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from portal.access import Actor, Permission, can
from portal.db import snapshot
from portal.kit.queries import zones
from portal.kit.queries.tenancy import CloudFacts

COUNTED_MAX: Final = 10_000
"""Of rows that have to be counted one by one; of more it is said that they are more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Something that waits. `subject` is a month's first day, an address or a code, "" for none.

    `amount` is in minor units of `currency`, None where it is not about money.
    """

    kind: str
    cloud: str
    cloud_name: str
    count: int
    subject: str = ""
    amount: int | None = None
    currency: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A kind: who is told, and the rows, each of a cloud (`id`): count and what else there is.

    $1 is the cloud's id, null for all that the actor sees; $2 what day it is where, as JSON.
    """

    permission: Permission
    query: str
    platform_only: bool = False


_LATEST: Final = """
select n.cloud as id, n.url as subject, 1 as count, null::bigint as amount, r.started_at as since
from connection n
cross join lateral (
  select state from reading
  where cloud = n.cloud and connection = n.id and state <> 'running'
  order by started_at desc, id desc limit 1
) last
left join lateral (
  select min(started_at) as started_at from reading
  where cloud = n.cloud and connection = n.id and state = 'failed'
    and started_at > coalesce((select max(started_at) from reading c
      where c.cloud = n.cloud and c.connection = n.id and c.state = 'complete'), '-infinity')
) r on true
where n.ended_at is null and last.state = 'failed' and ($1::bigint is null or n.cloud = $1)
"""
_ENDED: Final = """
select c.id, m.ended::text as subject, 1 as count, null::bigint as amount,
       null::timestamptz as since
from cloud c
cross join lateral (
  select (date_trunc('month', ($2::jsonb->>c.timezone)::timestamp) - interval '1 month')::date
    as ended
) m
left join period p on p.cloud = c.id and p.starts_on = m.ended
where ($1::bigint is null or c.id = $1) and coalesce(p.state, 'open') = 'open'
  and c.created_at < m.ended + interval '1 month'
  and exists (select from subscription s where s.cloud = c.id
              and s.starts_on < m.ended + interval '1 month'
              and (s.ends_on is null or s.ends_on > m.ended))
"""
_STUCK: Final = """
select p.cloud as id, p.starts_on::text as subject, 1 as count, null::bigint as amount,
       b.tried_at as since
from period p join period_books b on b.id = p.id
where p.state = 'closing' and b.trouble <> '' and ($1::bigint is null or p.cloud = $1)
"""
_OVERDUE: Final = """
select b.cloud as id, '' as subject, sum(b.open)::int as count,
       sum(b.open_left)::bigint as amount, null::timestamptz as since
from invoice_sum b
where b.side = '{side}' and b.open > 0 and ($1::bigint is null or b.cloud = $1)
  and b.due_on < ($2::jsonb->>case b.issuer when 0 then (select p.timezone from platform p)
                  else (select c.timezone from cloud c where c.id = b.issuer) end)::date
group by b.cloud
"""
_UNMAPPED: Final = """
select id, '' as subject, sum(count)::int as count, null::bigint as amount,
       null::timestamptz as since
from (
  select cloud as id, count(*) as count from watcher_organization
  where subscriber is null and ($1::bigint is null or cloud = $1) group by cloud
  union all
  select cloud, count(*) from watcher_preset
  where tariff is null and ($1::bigint is null or cloud = $1) group by cloud
) waiting group by id
"""
_WITHOUT_TARIFF: Final = f"""
select c.id, '' as subject, n.count, null::bigint as amount, null::timestamptz as since
from cloud c
cross join lateral (
  select count(*)::int as count from (
    select from camera k
    where k.cloud = c.id and not k.suspended and k.subscriber is not null and k.id in (
      select x.id from camera x
      where x.cloud = c.id and x.served_until <= ($2::jsonb->>c.timezone)::date
      union all
      select f.camera from subscription f
      where f.cloud = c.id and f.starts_on > ($2::jsonb->>c.timezone)::date
    ) and not exists (
      select from subscription s where s.cloud = k.cloud and s.camera = k.id
        and s.starts_on <= ($2::jsonb->>c.timezone)::date
        and (s.ends_on is null or s.ends_on > ($2::jsonb->>c.timezone)::date))
    limit {COUNTED_MAX + 1}
  ) one
) n
where ($1::bigint is null or c.id = $1) and n.count > 0
"""  # noqa: S608 - a number of ours
_UNREACHABLE: Final = f"""
select c.id, '' as subject, n.count, null::bigint as amount, null::timestamptz as since
from cloud c
cross join lateral (
  select count(*)::int as count from (
    select from subscriber s join subscriber_terms t on t.id = s.id
    where s.cloud = c.id and t.email = '' and exists (
      select from subscription u where u.cloud = s.cloud and u.subscriber = s.id
        and (u.ends_on is null or u.ends_on > ($2::jsonb->>c.timezone)::date))
    limit {COUNTED_MAX + 1}
  ) one
) n
where ($1::bigint is null or c.id = $1) and n.count > 0
"""  # noqa: S608 - a number of ours
_DETAILS_ASKED: Final = """
select d.cloud as id, min(s.number)::text as subject, count(*)::int as count,
       null::bigint as amount, min(d.asked_at) as since
from details_request d join subscriber s on s.cloud = d.cloud and s.id = d.subscriber
where d.state = 'waiting' and ($1::bigint is null or d.cloud = $1)
group by d.cloud
"""
_AGENTS_INVITED: Final = """
select r.cloud as id, min(r.code) as subject, count(*)::int as count, null::bigint as amount,
       min(r.invited_at) as since
from referral r
where r.invited_at is not null and r.checked_at is null and ($1::bigint is null or r.cloud = $1)
group by r.cloud
"""
_NOT_PRINTED: Final = """
select i.cloud as id, '' as subject, count(*)::int as count, null::bigint as amount,
       min(i.issued_at) as since
from invoice_wait w join invoice i on i.cloud = w.cloud and i.id = w.invoice
where $1::bigint is null or w.cloud = $1
group by i.cloud
"""
_NO_ADMINISTRATOR: Final = """
select c.id, '' as subject, 1 as count, null::bigint as amount, c.created_at as since
from cloud c
where ($1::bigint is null or c.id = $1) and not exists (
  select from portal_user u
  where u.cloud = c.id and u.role = 'cloud-administrator' and u.active and u.has_password)
"""
_NOT_SENT: Final = """
select coalesce(d.cloud, 0) as id, '' as subject, count(*)::int as count,
       null::bigint as amount, min(d.created_at) as since
from delivery d
where d.state = 'failed' and ($1::bigint is null or d.cloud = $1)
group by d.cloud
"""
_NO_BANK: Final = """
select 0 as id, '' as subject, 1 as count, null::bigint as amount, null::timestamptz as since
from platform where bank = '{}' and $1::bigint is null
"""
SOURCES: Final[Mapping[str, Source]] = {
    "reading_fails": Source(Permission.CONNECTIONS_READ, _LATEST),
    "close_stuck": Source(Permission.PERIODS_CLOSE, _STUCK),
    "month_ended": Source(Permission.PERIODS_CLOSE, _ENDED),
    "wholesale_overdue": Source(
        Permission.PAYMENTS_WRITE, _OVERDUE.format(side="wholesale"), platform_only=True
    ),
    "overdue": Source(Permission.INVOICES_READ, _OVERDUE.format(side="retail")),
    "unmapped": Source(Permission.CONNECTIONS_READ, _UNMAPPED),
    "without_tariff": Source(Permission.SUBSCRIPTIONS_WRITE, _WITHOUT_TARIFF),
    "not_printed": Source(Permission.PERIODS_CLOSE, _NOT_PRINTED),
    "no_administrator": Source(Permission.STAFF_READ, _NO_ADMINISTRATOR, platform_only=True),
    "no_bank": Source(Permission.STAFF_READ, _NO_BANK, platform_only=True),
    "not_sent": Source(Permission.USERS_WRITE, _NOT_SENT),
    "details_asked": Source(Permission.SUBSCRIBERS_WRITE, _DETAILS_ASKED),
    "agents_invited": Source(Permission.REFERRALS_WRITE, _AGENTS_INVITED),
    "unreachable": Source(Permission.SUBSCRIBERS_WRITE, _UNREACHABLE),
}
"""The kinds, in their order."""
PLATFORM: Final = (
    *("reading_fails", "close_stuck", "month_ended", "wholesale_overdue"),
    *("no_administrator", "no_bank", "not_sent"),
)
"""What the platform's overview tells; the rest is for the cloud's own people."""
CLOUD: Final = tuple(kind for kind, source in SOURCES.items() if not source.platform_only)


async def of_cloud(actor: Actor, cloud: CloudFacts, *, now: datetime) -> list[Need]:
    """What waits in a cloud, as far as it concerns the actor."""
    return await _find(actor, CLOUD, cloud.id, now)


async def of_platform(actor: Actor, *, now: datetime) -> list[Need]:
    """What waits on the platform and in the clouds that the actor sees."""
    return await _find(actor, PLATFORM, None, now)


async def _find(actor: Actor, kinds: Sequence[str], cloud: int | None, now: datetime) -> list[Need]:
    async with snapshot(actor) as tx:
        todays = await zones.todays(tx, now)
        await zones.tell_todays(tx, now)
        clouds = {
            row["id"]: row
            for row in await tx.fetch(
                "select id, slug, name, currency from cloud where $1::bigint is null or id = $1",
                cloud,
            )
        }
        found = []
        for kind in kinds:
            source = SOURCES[kind]
            if not can(actor, source.permission):
                continue
            arguments = (cloud, todays) if "$2" in source.query else (cloud,)
            for row in await tx.fetch(source.query + " order by 1", *arguments):
                of = clouds.get(row["id"])
                found.append(
                    Need(
                        kind=kind,
                        cloud=of["slug"] if of else "",
                        cloud_name=of["name"] if of else "",
                        count=row["count"],
                        subject=row["subject"],
                        amount=row["amount"],
                        currency=of["currency"] if of and row["amount"] is not None else "",
                        since=row["since"],
                    )
                )
    return found
