"""What waits for whoever keeps the books: the texts of `sources` that are about money."""

from __future__ import annotations

from typing import Final

TO_APPROVE: Final = """
select t.cloud as id, count(*)::int as count, sum(t.amount)::bigint as amount,
       min(t.made_at) as since
from statement t where t.state = 'draft' and ($1::bigint is null or t.cloud = $1)
group by t.cloud
"""
# Whose an open line is may be said of its payment, too: then it waits for nobody any more.
_OPEN: Final = """
select l.issuer as id, count(*)::int as count, min(l.booked_on)::timestamptz as since
from bank_line l
where l.state = 'open' and {book} and not exists (
  select from bank_payment b join payment p on p.id = b.payment
  where b.bank_line = l.id
    and case p.issuer when 0 then p.cloud is not null else p.subscriber is not null end)
group by l.issuer
"""
# The subscriber waits for an answer since it wrote last.
QUESTIONS: Final = """
select q.cloud as id, case when count(*) = 1 then min(q.id)::text else '' end as place,
       count(*)::int as count, min(q.changed_at) as since
from question q where q.state = 'open' and ($1::bigint is null or q.cloud = $1)
group by q.cloud
"""
# Steps of reminders that a person does, and what a person switches on again.
DUNNING: Final = """
select w.cloud as id, count(*)::int as count, min(w.since) as since,
       case when count(*) = 1 then min(w.number)::text else '' end as place
from (
  select t.cloud, t.at as since, s.number
  from dunning_step t
  join dunning_episode e on e.cloud = t.cloud and e.id = t.episode and e.ended_at is null
  join subscriber s on s.cloud = t.cloud and s.id = t.subscriber
  where t.outcome in ('task', 'failed') and ($1::bigint is null or t.cloud = $1)
  union all
  select e.cloud, e.ended_at, s.number
  from dunning_episode e join subscriber s on s.cloud = e.cloud and s.id = e.subscriber
  where e.lift_by_hand and ($1::bigint is null or e.cloud = $1)
) w
group by w.cloud
"""
# Late usage of months that the close of the month after the last one does not correct.
LATE_USAGE: Final = """
select u.cloud as id, count(*)::int as count, min(u.changed_at) as since
from usage_change u
join (select cloud, max(starts_on) as last from period where state = 'closed' group by cloud) l
  on l.cloud = u.cloud and u.month < l.last - interval '2 months'
join period p on p.cloud = u.cloud and p.starts_on = u.month and p.state = 'closed'
where u.settled is null and ($1::bigint is null or u.cloud = $1)
group by u.cloud
"""
# Money that was refunded and then taken back by the bank: what is owed beside invoices.
OVERDRAWN: Final = """
select o.cloud as id, case when count(*) = 1 then min(s.number)::text else '' end as place,
       count(*)::int as count, -sum(t.free)::bigint as amount, min(o.day)::timestamptz as since
from (
  select cloud, subscriber, min(day) as day from credit_source
  where free < 0 and issuer = cloud and ($1::bigint is null or cloud = $1)
  group by cloud, subscriber
) o
cross join lateral (
  select sum(c.free) as free from credit_source c
  where c.cloud = o.cloud and c.issuer = o.cloud and c.subscriber = o.subscriber
) t
join subscriber s on s.cloud = o.cloud and s.id = o.subscriber
where t.free < 0
group by o.cloud
"""
UNMATCHED: Final = _OPEN.format(book="l.issuer <> 0 and ($1::bigint is null or l.issuer = $1)")
UNMATCHED_OF_PLATFORM: Final = _OPEN.format(book="l.issuer = 0 and $1::bigint is null")
