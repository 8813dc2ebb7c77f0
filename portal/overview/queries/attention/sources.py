"""The kinds of what waits for somebody, as SQL: who is told of each, and its rows.

Each is a query over what is kept or indexed; whose rows count, the database decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from portal.access import Permission
from portal.overview.queries.attention import installation, money

COUNTED_MAX: Final = 10_000
"""Of rows that have to be counted one by one; of more it is said that they are more."""
CHANGED_PERCENT: Final = 50
"""A bill that is by more than this higher or lower than the one before is looked at."""
BILLS_MAX: Final = 3
"""So many of them are named, those that change by most."""
TO_CHECK_MAX: Final = 50
"""Of referred subscribers, each of which is told."""
_ROWS: Final = """
select id, coalesce(n->>'subject', '') as subject, coalesce(n->>'place', '') as place,
       coalesce(n->>'about', '') as about, (n->>'count')::int as count,
       (n->>'amount')::bigint as amount, (n->>'since')::timestamptz as since
from (select r.id, to_jsonb(r) as n from ({rows}) r) one
order by id, since nulls last, subject
"""


@dataclass(frozen=True, slots=True)
class Source:
    """A kind: who is told, and the rows, each of a cloud (`id`): count and what else there is.

    $1 is the cloud's id, null for all that the actor sees; $2 what day it is where, as JSON, and $3
    the time of the books.
    """

    permission: Permission
    rows: str
    platform_only: bool = False

    @property
    def arguments(self) -> int:
        """How many of the three it asks for."""
        return next(number for number in (3, 2, 1) if f"${number}" in self.rows)

    @property
    def query(self) -> str:
        """Its rows, cloud by cloud, the longest waiting first."""
        return _ROWS.format(rows=self.rows)


_LATEST: Final = """
select n.cloud as id, n.url as subject, n.id::text as place, 1 as count, r.started_at as since
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
_LATE: Final = """
select n.cloud as id, n.url as subject, n.id::text as place, 1 as count, r.at as since
from connection n
cross join lateral (
  select coalesce(max(c.started_at), n.created_at) as at from reading c
  where c.cloud = n.cloud and c.connection = n.id and c.state = 'complete'
) r
where n.ended_at is null and ($1::bigint is null or n.cloud = $1) and $2::jsonb is not null
  and r.at < $3::timestamptz - greatest(3 * n.read_every_minutes, 180) * interval '1 minute'
  and coalesce((select last.state from reading last
      where last.cloud = n.cloud and last.connection = n.id and last.state <> 'running'
      order by last.started_at desc, last.id desc limit 1), '') <> 'failed'
"""
# The month that has ended, and how much of its draft nobody has found fine.
_WAITING: Final = """
select c.id, m.ended::text as subject, greatest(u.count, 1) as count,
       (m.ended + interval '1 month')::timestamptz as since
from cloud c
cross join lateral (
  select (date_trunc('month', ($2::jsonb->>c.timezone)::timestamp) - interval '1 month')::date
    as ended
) m
cross join lateral (
  select count(*)::int as count from draft_surprise d
  where d.cloud = c.id and d.month = m.ended and not exists (
    select from seen s where s.cloud = d.cloud and s.month = d.month and s.key = d.key
      and s.amount is not distinct from d.amount)
) u
left join period p on p.cloud = c.id and p.starts_on = m.ended
where ($1::bigint is null or c.id = $1) and coalesce(p.state, 'open') = 'open'
  and c.created_at < m.ended + interval '1 month' and u.count {surprises}
  and exists (select from subscription s where s.cloud = c.id
              and s.starts_on < m.ended + interval '1 month'
              and (s.ends_on is null or s.ends_on > m.ended))
"""
_LOOK: Final = _WAITING.format(surprises="> 0")
_ENDED: Final = _WAITING.format(surprises="= 0")
# Bills of the month that is to be closed, as it is estimated, beside the last that were issued.
_BILLS: Final = f"""
select c.id, b.name as subject, b.number::text as place, b.percent as count, b.change as amount,
       (m.ended + interval '1 month')::timestamptz as since
from cloud c
cross join lateral (
  select (date_trunc('month', ($2::jsonb->>c.timezone)::timestamp) - interval '1 month')::date
    as ended
) m
left join period p on p.cloud = c.id and p.starts_on = m.ended
cross join lateral (
  select s.number, s.name, (e.retail - e.discount - i.taxable)::bigint as change,
         round(100 * (e.retail - e.discount - i.taxable) / i.taxable)::int as percent
  from estimate e
  join lateral (
    select sum(taxable) as taxable from invoice
    where cloud = e.cloud and subscriber = e.subscriber and side = 'retail'
      and month = (m.ended - interval '1 month')::date
  ) i on i.taxable > 0
  join subscriber s on s.cloud = e.cloud and s.id = e.subscriber
  where e.cloud = c.id and e.month = m.ended
    and abs(e.retail - e.discount - i.taxable) * 100 > i.taxable * {CHANGED_PERCENT}
  order by abs(e.retail - e.discount - i.taxable) desc, s.number limit {BILLS_MAX}
) b
where ($1::bigint is null or c.id = $1) and coalesce(p.state, 'open') = 'open'
"""  # noqa: S608 - numbers of ours
# A referral who is its own subscriber, as it seems; one by one, since each is looked at.
_HELD: Final = f"""
select h.cloud as id, r.name as subject, r.code as place, count(*)::int as count,
       min(h.held_at) as since
from commission_hold h join referral r on r.cloud = h.cloud and r.id = h.referral
where h.released_at is null and ($1::bigint is null or h.cloud = $1)
group by h.cloud, r.name, r.code order by min(h.held_at) limit {TO_CHECK_MAX}
"""  # noqa: S608 - a number of ours
_STUCK: Final = """
select p.cloud as id, p.starts_on::text as subject, 1 as count, b.tried_at as since
from period p join period_books b on b.id = p.id
where p.state = 'closing' and b.trouble <> '' and ($1::bigint is null or p.cloud = $1)
"""
_OVERDUE: Final = """
select b.cloud as id, sum(b.open)::int as count, sum(b.open_left)::bigint as amount,
       min(b.due_on)::timestamptz as since
from invoice_sum b
where b.side = '{side}' and b.open > 0 and ($1::bigint is null or b.cloud = $1)
  and b.due_on < ($2::jsonb->>case b.issuer when 0 then (select p.timezone from platform p)
                  else (select c.timezone from cloud c where c.id = b.issuer) end)::date
group by b.cloud
"""
# Since when: the oldest stay of a camera in one of them, where one is in any.
_UNMAPPED: Final = """
with waiting as materialized (
  select cloud, watcher, organization, null::bigint as preset from watcher_organization
  where subscriber is null and ($1::bigint is null or cloud = $1)
  union all
  select cloud, watcher, null, preset from watcher_preset
  where tariff is null and not is_deleted and ($1::bigint is null or cloud = $1)
)
select w.cloud as id, count(*)::int as count,
  (select min(i.since) from camera_interval i join connection n on n.id = i.connection
   where i.cloud = w.cloud and i.until is null
     and ((coalesce(n.same_as, n.id), i.organization) in (
            select watcher, organization from waiting where organization is not null)
       or (coalesce(n.same_as, n.id), i.preset) in (
            select watcher, preset from waiting where preset is not null))) as since
from waiting w group by w.cloud
"""
# One whose last subscription is over has none today; one whose next begins later is looked at.
_WITHOUT_TARIFF: Final = f"""
select c.id, n.count, n.since,
       (select f.amount from month_finding f
        where f.cloud = c.id and f.kind = 'without_tariff') as amount
from cloud c
cross join lateral (select ($2::jsonb->>c.timezone)::date as today) d
cross join lateral (
  select count(*)::int as count, min(one.since) as since from (
    select case when k.served_until > '-infinity' then k.served_until::timestamptz
                else k.created_at end as since
    from (
      select x.suspended, x.subscriber, x.served_until, x.created_at from camera x
      where x.cloud = c.id and x.served_until <= d.today
      union all
      select x.suspended, x.subscriber, coalesce(s.ended, '-infinity'), x.created_at
      from (select distinct f.camera from subscription f
            where f.cloud = c.id and f.starts_on > d.today) f
      join camera x on x.id = f.camera
      cross join lateral (
        select max(s.ends_on) filter (where s.ends_on <= d.today) as ended,
               count(*) filter (where s.starts_on <= d.today
                 and (s.ends_on is null or s.ends_on > d.today)) as running
        from subscription s where s.cloud = c.id and s.camera = f.camera
      ) s
      where s.running = 0 and x.served_until > d.today
    ) k
    where not k.suspended and k.subscriber is not null
      and k.subscriber <> all(array(select o.id from subscriber o where o.suspended))
    limit {COUNTED_MAX + 1}
  ) one
) n
where ($1::bigint is null or c.id = $1) and n.count > 0
"""  # noqa: S608 - a number of ours
# Who is not reached is few, by an index; whether one has cameras is then looked up.
_UNREACHABLE: Final = f"""
select c.id, n.count, n.since, case when n.count = 1 then n.number end as place
from cloud c
cross join lateral (
  select count(*)::int as count, min(one.created_at) as since, min(one.number) as number from (
    select s.created_at, s.number
    from (select t.id from subscriber_terms t where t.cloud = c.id and t.unreachable offset 0) t
    cross join lateral (
      select s.created_at, s.number from subscriber s where s.cloud = c.id and s.id = t.id limit 1
    ) s
    cross join lateral (
      select from subscription u where u.cloud = c.id and u.subscriber = t.id
        and u.starts_on <= ($2::jsonb->>c.timezone)::date
        and (u.ends_on is null or u.ends_on > ($2::jsonb->>c.timezone)::date) limit 1
    ) u
    limit {COUNTED_MAX + 1}
  ) one
) n
where ($1::bigint is null or c.id = $1) and n.count > 0
"""  # noqa: S608 - a number of ours
# As the last estimate found it; what was closed, or priced, since then waits for nobody.
_DAYS_MISSING: Final = """
select f.cloud as id, f.month::text as subject, f.total as count, f.since::timestamptz as since
from month_finding f
where f.kind = 'days_missing' and ($1::bigint is null or f.cloud = $1)
  and not exists (select from period p where p.cloud = f.cloud and p.starts_on = f.month
                  and p.state <> 'open')
"""
_UNPRICED: Final = """
select f.cloud as id, s.code as place, coalesce(nullif(s.short, ''), s.name) as subject,
       f.total as count, f.since::timestamptz as since
from month_finding f join service s on s.id = f.service join cloud c on c.id = f.cloud
where f.kind = 'unpriced' and ($1::bigint is null or f.cloud = $1)
  and not exists (select from rate r where r.cloud = f.cloud and r.service = f.service
                  and r.valid_from <= ($2::jsonb->>c.timezone)::date)
"""
# A tariff that earned less than it cost in the last closed month, all its subscribers together.
_BELOW_COST: Final = """
select p.cloud as id, count(*)::int as count, -sum(b.left)::bigint as amount,
       case when count(*) = 1 then min(t.code) end as place,
       (max(p.starts_on) + interval '1 month')::timestamptz as since
from period p
join tariff_month_books m on m.cloud = p.cloud and m.period = p.id and m.subscriber is null
join tariff t on t.id = m.tariff
cross join lateral (select m.revenue - m.cost - m.commission as left) b
where ($1::bigint is null or p.cloud = $1) and b.left < 0 and t.offered
  and p.starts_on = (select max(l.starts_on) from period l
                     where l.cloud = p.cloud and l.state = 'closed')
group by p.cloud
"""
_TO_CHECK: Final = f"""
select s.cloud as id, s.name as subject, s.number::text as place, coalesce(t.wanted, 0) as count,
       s.brought_at as since, coalesce(r.name, g.code, '') as about
from (
  select s.id, s.cloud, s.name, s.number, s.brought_at, s.referral from subscriber s
  where s.brought_at is not null and s.checked_at is null and ($1::bigint is null or s.cloud = $1)
  order by s.brought_at, s.id offset 0
) s
cross join lateral (
  select t.wanted, t.brought_doubts from subscriber_terms t where t.id = s.id limit 1
) t
left join referral r on r.id = s.referral
left join lateral (
  select g.code from referral_name g where g.id = s.referral limit 1
) g on true
where (cardinality(t.brought_doubts) = 0) = {{fine}}
order by s.brought_at, s.id limit {TO_CHECK_MAX}
"""  # noqa: S608 - a number of ours
_EXPIRED: Final = """
select u.cloud as id, count(*)::int as count, min(l.expires_at) as since,
       case when count(*) = 1 then min(u.id) end as place
from portal_user u
cross join lateral (
  select max(i.expires_at) as expires_at from sign_in_link i
  where i.user_id = u.id and i.kind = 'invitation'
) l
where {whose} and u.active and not u.has_password and l.expires_at < now()
group by u.cloud
"""
_DETAILS_ASKED: Final = """
select d.cloud as id, min(s.number)::text as place, count(*)::int as count, min(d.asked_at) as since
from details_request d join subscriber s on s.cloud = d.cloud and s.id = d.subscriber
where d.state = 'waiting' and ($1::bigint is null or d.cloud = $1)
group by d.cloud
"""
_AGENTS_INVITED: Final = """
select r.cloud as id, min(r.code) as place, count(*)::int as count, min(r.invited_at) as since
from referral r
where r.invited_at is not null and r.checked_at is null and ($1::bigint is null or r.cloud = $1)
group by r.cloud
"""
_NOT_PRINTED: Final = """
select i.cloud as id, count(*)::int as count, min(i.issued_at) as since
from invoice_wait w join invoice i on i.cloud = w.cloud and i.id = w.invoice
where $1::bigint is null or w.cloud = $1
group by i.cloud
"""
# Of the month that was closed last; what was handed over as a file goes another way.
_UNSENT: Final = """
select p.cloud as id, p.starts_on::text as subject, p.closed_at as since,
       (d.documents - coalesce(s.waiting + s.sent + s.failed, 0))::int as count
from (
  select distinct on (b.cloud) b.cloud, b.starts_on, g.closed_at
  from period b join period_progress g on g.id = b.id
  where b.state = 'closed' and ($1::bigint is null or b.cloud = $1)
  order by b.cloud, b.starts_on desc
) p
cross join lateral (
  select coalesce(sum(i.documents), 0) as documents from invoice_sum i
  where i.cloud = p.cloud and i.month = p.starts_on and i.side = 'retail'
) d
left join sending_sum s on s.cloud = p.cloud and s.month = p.starts_on
where d.documents > coalesce(s.waiting + s.sent + s.failed, 0) and not exists (
  select from hand_over h where h.cloud = p.cloud and h.month = p.starts_on)
"""
_UNDELIVERED: Final = """
select s.cloud as id, s.month::text as subject, s.failed as count
from sending_sum s where s.failed > 0 and ($1::bigint is null or s.cloud = $1)
"""
_NOT_SENT: Final = """
select coalesce(d.cloud, 0) as id, count(*)::int as count, min(d.created_at) as since
from delivery d
where d.state = 'failed' and d.document is null and d.dunning_step is null
  and ($1::bigint is null or d.cloud = $1)
group by d.cloud
"""
SOURCES: Final[Mapping[str, Source]] = {
    # What stops money.
    "reading_fails": Source(Permission.CONNECTIONS_READ, _LATEST),
    "reading_late": Source(Permission.CONNECTIONS_READ, _LATE),
    "close_stuck": Source(Permission.PERIODS_CLOSE, _STUCK),
    "month_look": Source(Permission.PERIODS_CLOSE, _LOOK),
    "month_ended": Source(Permission.PERIODS_CLOSE, _ENDED),
    "days_missing": Source(Permission.PERIODS_CLOSE, _DAYS_MISSING),
    "bill_changes": Source(Permission.PERIODS_CLOSE, _BILLS),
    "wholesale_overdue": Source(
        Permission.PAYMENTS_WRITE, _OVERDUE.format(side="wholesale"), platform_only=True
    ),
    "overdue": Source(Permission.INVOICES_READ, _OVERDUE.format(side="retail")),
    "not_printed": Source(Permission.PERIODS_CLOSE, _NOT_PRINTED),
    "undelivered": Source(Permission.CREDITS_WRITE, _UNDELIVERED),
    "not_sent": Source(Permission.USERS_WRITE, _NOT_SENT),
    "books_differ": Source(Permission.STAFF_READ, installation.BOOKS_DIFFER, platform_only=True),
    "backup_failed": Source(Permission.STAFF_READ, installation.BACKUP_FAILED, platform_only=True),
    "backup_old": Source(Permission.STAFF_READ, installation.BACKUP_OLD, platform_only=True),
    "dunning": Source(Permission.PAYMENTS_WRITE, money.DUNNING),
    # What costs money.
    "unmapped": Source(Permission.CONNECTIONS_READ, _UNMAPPED),
    "without_tariff": Source(Permission.SUBSCRIPTIONS_WRITE, _WITHOUT_TARIFF),
    "below_cost": Source(Permission.MARGINS_READ, _BELOW_COST),
    "unpriced": Source(Permission.RATES_READ, _UNPRICED),
    "doubtful": Source(Permission.SUBSCRIBERS_WRITE, _TO_CHECK.format(fine="false")),
    # What only waits.
    "questions": Source(Permission.QUESTIONS_ANSWER, money.QUESTIONS),
    "late_usage": Source(Permission.CREDITS_WRITE, money.LATE_USAGE),
    "overdrawn": Source(Permission.PAYMENTS_WRITE, money.OVERDRAWN),
    "unmatched": Source(Permission.PAYMENTS_WRITE, money.UNMATCHED),
    "own_unmatched": Source(
        Permission.PAYMENTS_WRITE, money.UNMATCHED_OF_PLATFORM, platform_only=True
    ),
    "unsent": Source(Permission.CREDITS_WRITE, _UNSENT),
    "held": Source(Permission.PAYMENTS_WRITE, _HELD),
    "to_approve": Source(Permission.PAYMENTS_WRITE, money.TO_APPROVE),
    "referred": Source(Permission.SUBSCRIBERS_WRITE, _TO_CHECK.format(fine="true")),
    "details_asked": Source(Permission.SUBSCRIBERS_WRITE, _DETAILS_ASKED),
    "agents_invited": Source(Permission.REFERRALS_WRITE, _AGENTS_INVITED),
    "unreachable": Source(Permission.SUBSCRIBERS_WRITE, _UNREACHABLE),
    "no_administrator": Source(
        Permission.STAFF_READ, installation.NO_ADMINISTRATOR, platform_only=True
    ),
    "no_bank": Source(Permission.STAFF_READ, installation.NO_BANK, platform_only=True),
    "expired": Source(
        Permission.USERS_WRITE, _EXPIRED.format(whose="u.cloud is not null and u.cloud = $1")
    ),
    "staff_expired": Source(
        Permission.STAFF_WRITE,
        _EXPIRED.replace("u.cloud as id", "0 as id").format(
            whose="u.cloud is null and $1::bigint is null"
        ),
        platform_only=True,
    ),
}
"""The kinds, in their order."""
PLATFORM: Final = (
    *("reading_fails", "reading_late", "close_stuck", "month_look", "month_ended"),
    *("wholesale_overdue", "not_sent", "unpriced", "no_administrator", "no_bank", "staff_expired"),
    *("own_unmatched", "books_differ", "backup_failed", "backup_old"),
)
"""What the platform's overview tells; the rest is for the cloud's own people."""
CLOUD: Final = tuple(kind for kind, source in SOURCES.items() if not source.platform_only)
