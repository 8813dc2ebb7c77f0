"""Sums that the database keeps, so that pages read a row: each is what its rows come to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SUMS: Final[Mapping[str, str]] = {
    "sums of commissions are those of their rows": """
with made as (
  select m.cloud, m.referral, m.month, coalesce(m.level, 0) as level, count(*)::int as entries,
         count(distinct m.subscriber)::int as subscribers,
         count(distinct m.invoice)::int as documents, sum(m.amount)::bigint as amount
  from commission m group by m.cloud, m.referral, m.month, rollup(m.level)
)
select c.slug as cloud,
       'commissions of ' || r.code || ' in ' || to_char(coalesce(m.month, s.month), 'YYYY-MM')
         || coalesce(', level ' || nullif(coalesce(m.level, s.level), 0), '') || w.what
         as subject,
       w.expected, w.found, case when w.is_money then c.currency end as currency
from made m full join commission_sum s on s.cloud = m.cloud and s.referral = m.referral
  and s.month = m.month and s.level = m.level
join cloud c on c.id = coalesce(m.cloud, s.cloud)
join referral r on r.cloud = c.id and r.id = coalesce(m.referral, s.referral)
cross join lateral (values
  ('', m.amount, s.amount, true), (', entries', m.entries, s.entries, false),
  (', subscribers', m.subscribers, s.subscribers, false),
  (', documents', m.documents, s.documents, false)
) as w(what, expected, found, is_money)
where w.expected is distinct from w.found
""",
    "what is earned on a day and not stated is kept": """
with made as (
  select m.cloud, m.referral, m.day, sum(m.amount) as amount from commission m
  where m.amount > 0 and not exists (
    select from statement_entry e where e.cloud = m.cloud and e.commission = m.id and not e.freed)
  group by m.cloud, m.referral, m.day
)
select c.slug as cloud,
       'commissions of ' || r.code || ' of ' || coalesce(m.day, d.earned_on) as subject,
       coalesce(m.amount, 0) as expected, coalesce(d.open, 0) as found, c.currency
from made m full join commission_day d on d.cloud = m.cloud and d.referral = m.referral
  and d.earned_on = m.day
join cloud c on c.id = coalesce(m.cloud, d.cloud)
join referral r on r.cloud = c.id and r.id = coalesce(m.referral, d.referral)
where coalesce(m.amount, 0) <> coalesce(d.open, 0)
""",
    "margins of subscribers are those of their cameras": """
with made as (
  select cloud, period, subscriber, sum(revenue) as revenue, sum(cost) as cost,
         sum(commission) as commission
  from margin where subscriber is not null group by 1, 2, 3
)
select c.slug as cloud,
       'margin of subscriber ' || b.number || ' in ' || to_char(p.starts_on, 'YYYY-MM') as subject,
       coalesce(m.revenue - m.cost - m.commission, 0) as expected,
       coalesce(s.revenue - s.cost - s.commission, 0) as found, c.currency
from made m full join subscriber_month s on s.cloud = m.cloud and s.period = m.period
  and s.subscriber = m.subscriber
join cloud c on c.id = coalesce(m.cloud, s.cloud)
join period p on p.id = coalesce(m.period, s.period)
join subscriber b on b.cloud = c.id and b.id = coalesce(m.subscriber, s.subscriber)
where (m.revenue, m.cost, m.commission) is distinct from (s.revenue, s.cost, s.commission)
""",
    "a tariff's month is that of its subscribers": """
select c.slug as cloud,
       'tariff ' || t.code || ' in ' || to_char(p.starts_on, 'YYYY-MM') as subject,
       coalesce(sum(o.revenue - o.cost - o.commission) filter (where o.subscriber is not null), 0)
         as expected,
       coalesce(sum(o.revenue - o.cost - o.commission) filter (where o.subscriber is null), 0)
         as found, c.currency
from tariff_month o
join cloud c on c.id = o.cloud
join period p on p.cloud = o.cloud and p.id = o.period
join tariff t on t.id = o.tariff
where p.state = 'closed'
group by c.slug, c.currency, t.code, p.starts_on
having (sum(o.cameras) filter (where o.subscriber is null),
        sum(o.revenue) filter (where o.subscriber is null),
        sum(o.cost) filter (where o.subscriber is null),
        sum(o.commission) filter (where o.subscriber is null))
  is distinct from
       (sum(o.cameras) filter (where o.subscriber is not null),
        sum(o.revenue) filter (where o.subscriber is not null),
        sum(o.cost) filter (where o.subscriber is not null),
        sum(o.commission) filter (where o.subscriber is not null))
""",
    "what came in is kept by day": """
with made as (
  select p.issuer as cloud, p.currency, p.paid_on, c.account_manager, count(*) as payments,
         sum(p.amount) as amount
  from payment p left join subscriber c on c.id = p.subscriber
  where p.issuer <> 0 and not exists (select from payment_return r where r.payment = p.id)
  group by 1, 2, 3, 4
)
select c.slug as cloud, 'payments of ' || coalesce(m.paid_on, s.paid_on) || w.what as subject,
       w.expected, w.found,
       case when w.is_money then coalesce(m.currency, s.currency) end as currency
from made m full join payment_sum s on s.cloud = m.cloud and s.currency = m.currency
  and s.paid_on = m.paid_on and s.account_manager is not distinct from m.account_manager
join cloud c on c.id = coalesce(m.cloud, s.cloud)
cross join lateral (values
  ('', coalesce(m.amount, 0), coalesce(s.amount, 0), true),
  (', how many', coalesce(m.payments, 0), coalesce(s.payments, 0), false)
) as w(what, expected, found, is_money)
where w.expected <> w.found
""",
    "accounts are kept by day": """
with placed as (
  select *, row_number() over (partition by book, account, currency, party order by day) as place
  from entry where book <> 0
), made as (
  select book as cloud, account, currency, day, sum(amount) as amount,
         count(*) filter (where party <> '' and place = 1) as parties
  from placed group by 1, 2, 3, 4
)
select c.slug as cloud,
       coalesce(m.account, s.account) || ' of ' || coalesce(m.day, s.day) || w.what as subject,
       w.expected, w.found,
       case when w.is_money then coalesce(m.currency, s.currency) end as currency
from made m full join entry_sum s on s.cloud = m.cloud and s.account = m.account
  and s.currency = m.currency and s.day = m.day
join cloud c on c.id = coalesce(m.cloud, s.cloud)
cross join lateral (values
  ('', m.amount, s.amount, true), (', parties', m.parties, s.parties, false)
) as w(what, expected, found, is_money)
where w.expected is distinct from w.found
""",
}
