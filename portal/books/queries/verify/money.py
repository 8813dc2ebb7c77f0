"""The laws of money that came, went, and was put on documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from portal.books.queries.verify.balances import BOOK

_BOOK: Final = BOOK.format(book="{one}.issuer")

MONEY: Final[Mapping[str, str]] = {
    "what of a source is free is kept": f"""
with made as (
  select p.issuer, p.currency, p.id as payment, null::bigint as note,
         'payment ' || p.reference as name, exists (
           select from payment_return r where r.payment = p.id) as returned, p.amount
  from payment p where case p.issuer when 0 then p.cloud else p.subscriber end is not null
  union all
  select i.issuer, i.currency, null, i.id, 'credit note ' || i.number, false, -i.total
  from invoice i where i.total < 0 and i.credits is null
), used as (
  select payment, note, sum(amount) as amount from (
    select payment, note, amount from allocation
    union all select f.payment, f.note, f.amount from refund_part f
    join refund r on r.cloud = f.cloud and r.id = f.refund and r.state <> 'failed'
  ) u group by payment, note
), free as (
  select m.*, case when m.returned then 0 else m.amount end - coalesce(u.amount, 0) as free
  from made m left join used u
    on coalesce(u.payment, 0) = coalesce(m.payment, 0) and coalesce(u.note, 0) = coalesce(m.note, 0)
)
select {_BOOK.format(one="f")} as cloud, f.name as subject,
       case when f.free < 0 and not f.returned then 0 else f.free end as expected,
       coalesce(case when f.free < 0 and not f.returned then f.free else s.free end, 0) as found,
       f.currency
from free f left join credit_source s on coalesce(s.payment, 0) = coalesce(f.payment, 0)
  and coalesce(s.note, 0) = coalesce(f.note, 0)
where f.free <> coalesce(s.free, 0) or f.free < 0 and not f.returned
""",  # noqa: S608 - names of ours
    "what is put on an invoice is its customer's": f"""
with put as (
  select a.issuer, i.number, i.currency, coalesce(p.amount, -n.total) as source,
         sum(a.amount) as amount,
         (a.issuer, a.cloud) is distinct from (i.issuer, i.cloud)
           or (a.issuer, a.cloud)
             is distinct from (coalesce(p.issuer, n.issuer), coalesce(p.cloud, n.cloud))
           or a.subscriber is distinct from coalesce(p.subscriber, n.subscriber)
           or a.subscriber is distinct from case a.issuer when 0 then null else i.subscriber end
           as is_foreign
  from allocation a
  join invoice i on i.cloud = a.cloud and i.id = a.invoice
  left join payment p on p.id = a.payment
  left join invoice n on n.cloud = a.cloud and n.id = a.note
  group by a.issuer, a.cloud, a.subscriber, i.id, p.id, n.id
)
select {_BOOK.format(one="u")} as cloud,
       'allocation on ' || u.number
         || case when u.is_foreign then ' of another customer' else '' end as subject,
       case when u.is_foreign or u.amount < 0 then 0 else u.source end as expected,
       u.amount as found, u.currency
from put u where u.is_foreign or u.amount not between 0 and u.source
""",  # noqa: S608 - names of ours
    "a refund is the sum of its parts": f"""
select {_BOOK.format(one="r")} as cloud, 'refund ' || r.reference as subject, r.amount as expected,
       coalesce(sum(f.amount), 0) as found, r.currency
from refund r left join refund_part f on f.cloud = r.cloud and f.refund = r.id
group by r.id having coalesce(sum(f.amount), 0) <> r.amount
""",  # noqa: S608 - names of ours
    "a line of the bank is money once": f"""
select {_BOOK.format(one="l")} as cloud,
       'bank line ' || l.line || ' of ' || l.booked_on || ' ' || l.bank_reference as subject,
       l.amount as expected, coalesce(sum(p.amount), 0) as found, l.currency
from bank_line l
left join bank_payment b on b.bank_line = l.id
left join payment p on p.id = b.payment
where l.amount > 0
group by l.id
having count(p.id) > 0 and sum(p.amount) <> l.amount or count(p.id) = 0 and l.state = 'matched'
""",  # noqa: S608 - names of ours
    "an outage gives back no day twice, and no more than was charged": """
with outage as (
  select o.cloud, o.issuer, o.invoice, o.camera, sum(o.amount) as amount,
         bit_count(bit_or(o.days)::bit(64)) as days,
         coalesce(sum(bit_count((o.days & e.days)::bit(64))), 0) as again
  from outage_credit o
  left join lateral (
    select bit_or(e.days) as days from outage_credit e
    where e.cloud = o.cloud and e.invoice = o.invoice and e.camera = o.camera and e.id < o.id
      and e.share >= o.share
  ) e on true
  group by 1, 2, 3, 4
)
select case o.issuer when 0 then '' else c.slug end as cloud,
       'outage of camera ' || k.external_id || ' on ' || i.number || w.what as subject,
       w.expected, w.found, case when w.what = '' then i.currency end as currency
from outage o
join cloud c on c.id = o.cloud
join invoice i on i.cloud = o.cloud and i.id = o.invoice
join camera k on k.cloud = o.cloud and k.id = o.camera
cross join lateral (
  select coalesce(sum(h.amount), 0) as amount from charge h
  where h.cloud = i.cloud and h.period = i.period and h.side = i.side and h.camera = o.camera
    and (i.side = 'wholesale' or h.subscriber = i.subscriber)
    and h.kind <> 'setup' and h.original_period = i.month
) h
cross join lateral (values
  ('', least(h.amount, o.amount), o.amount), (', days', o.days, o.days + o.again)
) as w(what, expected, found)
where w.expected <> w.found
""",
    "notes of outages are their cameras' part of the invoice": """
with back as (
  select o.cloud, o.issuer, o.invoice, sum(o.amount) as amount,
         array_agg(distinct o.note) as notes
  from outage_credit o group by 1, 2, 3
)
select case b.issuer when 0 then '' else c.slug end as cloud,
       'notes of outages on ' || i.number as subject, e.gross as expected, n.gross as found,
       i.currency
from back b
join cloud c on c.id = b.cloud
join invoice i on i.cloud = b.cloud and i.id = b.invoice
cross join lateral (
  select coalesce(-sum(n.total), 0) as gross, count(*) filter (where n.credits <> i.id) as foreign
  from invoice n where n.cloud = b.cloud and n.id = any(b.notes)
) n
cross join lateral (
  select coalesce(-sum(n.total), 0) as credited from invoice n
  where n.cloud = i.cloud and n.credits = i.id
) a
cross join lateral (
  select round(i.total * b.amount / nullif(i.subtotal, 0)) as gross
) e
where n.gross > e.gross or n.foreign > 0 or n.gross < e.gross and a.credited < i.total
""",
    # A refund that failed days later had been made: what was charged anew until then was owed.
    "cards are charged no more than the invoice": f"""
with kept as (
  select c.cloud, c.invoice, case
    when exists (select from payment_return r where r.payment = c.payment)
      and not exists (select from card_dispute d
                      where d.cloud = c.cloud and d.card_charge = c.id and d.state = 'won') then 0
    else c.amount - coalesce((
      select sum(f.amount) from refund_part f
      join refund r on r.cloud = f.cloud and r.id = f.refund
        and (r.state <> 'failed' or r.failed_on is not null)
      where f.cloud = c.cloud and f.payment = c.payment), 0) end as amount
  from card_charge c where c.state = 'succeeded'
)
select {_BOOK.format(one="i")} as cloud, 'charges of cards for ' || i.number as subject,
       i.total as expected, sum(k.amount)::bigint as found, i.currency
from kept k join invoice i on i.cloud = k.cloud and i.id = k.invoice
group by i.id having sum(k.amount) > i.total
""",  # noqa: S608 - names of ours
    # Whether it was long enough before is of the policy of that day, which may be another by now.
    "nobody is switched off without a warning before": """
select c.slug as cloud, 'reminders of subscriber ' || b.number as subject,
       'a warning before ' || s.action as expected, 'none' as found, null as currency
from dunning_step s
join cloud c on c.id = s.cloud
join subscriber b on b.cloud = s.cloud and b.id = s.subscriber
where s.action in ('suspend_analytics', 'suspend_recording') and s.outcome in ('done', 'task')
  and not exists (select from dunning_step w
    where w.cloud = s.cloud and w.episode = s.episode and w.action = 'warn'
      and w.outcome in ('sent', 'done') and w.at <= s.at)
""",
}
