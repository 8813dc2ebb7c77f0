"""The laws of what referrals earn and are paid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

COMMISSIONS: Final[Mapping[str, str]] = {
    "a commission is earned on what is left or paid": """
select c.slug as cloud,
       'commission of ' || r.code || ' on ' || i.number || ', level ' || m.level as subject,
       e.amount as expected, m.amount as found, i.currency
from (
  select cloud, referral, invoice, level, basis, max(percent) as percent, sum(amount) as amount
  from (
    select cloud, referral, invoice, level, basis, percent, amount from commission
    union all
    select cloud, referral, invoice, level, 'collected', percent, 0 from commission_term
  ) one
  group by cloud, referral, invoice, level, basis
) m
join cloud c on c.id = m.cloud
join referral r on r.cloud = m.cloud and r.id = m.referral
join invoice i on i.cloud = m.cloud and i.id = m.invoice
join document_balance b on b.cloud = i.cloud and b.invoice = i.id
left join lateral (
  select coalesce(sum(n.taxable), 0) as taxable from invoice n
  where n.cloud = i.cloud and n.credits = i.id
) n on true
cross join lateral (
  select case when m.basis = 'invoiced' or i.total <= 0
              then round((i.taxable + n.taxable) * m.percent * 0.01)
              else round(i.taxable * m.percent * least(b.paid, i.total - b.credited)
                         / (100 * i.total)) end as amount
) e
where e.amount <> m.amount
""",
    "a statement is the sum of its commissions": """
select c.slug as cloud, 'statement ' || coalesce(t.number, t.id::text) as subject,
       e.amount as expected, t.amount as found, t.currency
from statement t join cloud c on c.id = t.cloud
cross join lateral (
  select count(*) as entries, coalesce(sum(m.amount), 0) as amount,
         coalesce(sum(m.amount) filter (where m.month < t.month), 0) as carried
  from statement_entry x join commission m on m.cloud = x.cloud and m.id = x.commission
  where x.cloud = t.cloud and x.statement = t.id
) e
where (e.entries, e.amount, e.carried) <> (t.entries, t.amount, t.carried)
""",
    "a commission is on one statement of its referral": """
select c.slug as cloud, 'commission of ' || r.code || ' on ' || m.document as subject,
       'one statement of ' || r.code as expected,
       string_agg(coalesce(t.number, t.id::text) || ' (' || t.state
                  || case when x.freed then ', freed)' else ')' end, ', ' order by t.id) as found
from statement_entry x
join statement t on t.cloud = x.cloud and t.id = x.statement
join commission m on m.cloud = x.cloud and m.id = x.commission
join referral r on r.cloud = m.cloud and r.id = m.referral
join cloud c on c.id = x.cloud
group by c.slug, r.code, m.document, m.id, m.referral
having count(*) filter (where t.state not in ('dropped', 'void')) > 1
  or bool_or(t.referral <> m.referral) or bool_or(x.freed <> (t.state in ('dropped', 'void')))
""",
    "what referrals are owed is not paid yet": """
with due as (
  select cloud, referral, currency, sum(amount) as amount from (
    select m.cloud, m.referral, i.currency, m.amount
    from commission m join invoice i on i.cloud = m.cloud and i.id = m.invoice
    union all
    select t.cloud, t.referral, t.currency, -t.amount from statement t where t.state = 'paid'
  ) one group by cloud, referral, currency
), kept as (
  select book, party, currency, -sum(amount) as amount
  from entry where account = 'commission_payable' group by book, party, currency
)
select c.slug as cloud, 'commissions of ' || coalesce(r.code, k.party) as subject,
       coalesce(d.amount, 0) as expected, coalesce(k.amount, 0) as found,
       coalesce(d.currency, k.currency) as currency
from due d join referral r on r.cloud = d.cloud and r.id = d.referral
full join kept k on k.book = d.cloud and k.party = r.code and k.currency = d.currency
left join cloud c on c.id = coalesce(d.cloud, k.book)
where coalesce(d.amount, 0) <> coalesce(k.amount, 0)
""",
    "numbers of statements of a year are 1 to n": """
select c.slug as cloud, 'statements of ' || coalesce(s.year, n.year) as subject,
       coalesce('1 to ' || s.last_number, 'a series') as expected,
       coalesce(n.least || ' to ' || n.most || ', ' || n.count || ' of them', 'none') as found
from statement_series s
full join (
  select cloud, extract(year from approved_on)::int as year, count(*) as count,
         min(sequence) as least, max(sequence) as most
  from statement where number is not null group by 1, 2
) n on n.cloud = s.cloud and n.year = s.year
join cloud c on c.id = coalesce(s.cloud, n.cloud)
where (n.count, n.least, n.most) is distinct from (s.last_number::bigint, 1, s.last_number)
""",
    "a statement's number is its year and sequence": """
select c.slug as cloud, 'statement ' || t.number as subject, '…-' || e.told as expected,
       t.number as found
from statement t join cloud c on c.id = t.cloud
cross join lateral (
  select 'C-' || extract(year from t.approved_on) || '-'
         || lpad(t.sequence::text, greatest(6, length(t.sequence::text)), '0') as told
) e
where t.number not like '%-' || e.told
""",
}
