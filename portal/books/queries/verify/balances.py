"""The laws of balances: credit, unidentified money, and the sums that the database keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

BOOK: Final = "case {book} when 0 then '' else (select slug from cloud where id = {book}) end"
"""Whose a book is: a cloud's slug, "" of the platform's."""
_CUSTOMER: Final = """
coalesce((select 'subscriber ' || s.number from subscriber s
            where s.id = coalesce(f.subscriber, k.subscriber)),
         (select slug from cloud where id = coalesce(f.cloud, k.cloud)), '?')"""
_RESTS: Final = """
select i.*, greatest(0, i.total - b.credited - b.paid - b.written_off) as rest
from invoice i join document_balance b on b.cloud = i.cloud and b.invoice = i.id
"""

BALANCES: Final[Mapping[str, str]] = {
    "credit is what sources have free": f"""
with kept as (
  select book, cloud, subscriber, currency, -sum(amount) as amount
  from entry where account = 'credit' group by 1, 2, 3, 4
), free as (
  select s.issuer, s.cloud, s.subscriber, coalesce(p.currency, i.currency) as currency,
         sum(s.free) as amount
  from credit_source s left join payment p on p.id = s.payment left join invoice i on i.id = s.note
  group by 1, 2, 3, 4
), kept_and_waiting as (
  -- A refund that a gateway has not made yet is taken out of its sources, and not posted.
  select book, cloud, subscriber, currency, sum(amount) as amount from (
    select * from kept union all
    select issuer, cloud, subscriber, currency, -amount from refund where state = 'pending'
  ) one group by 1, 2, 3, 4
)
select {BOOK.format(book="coalesce(f.issuer, k.book)")} as cloud, 'credit of ' ||
       {_CUSTOMER} as subject,
       coalesce(f.amount, 0) as expected, coalesce(k.amount, 0) as found,
       coalesce(f.currency, k.currency) as currency
from free f full join kept_and_waiting k on k.book = f.issuer and k.cloud = f.cloud
  and k.subscriber is not distinct from f.subscriber and k.currency = f.currency
where coalesce(f.amount, 0) <> coalesce(k.amount, 0)
""",  # noqa: S608 - names of ours
    "unidentified money is what nobody has claimed": f"""
with due as (
  select p.issuer, p.currency, sum(p.amount) as amount from payment p
  where (case p.issuer when 0 then p.cloud else p.subscriber end) is null
    and not exists (select from payment_return r where r.payment = p.id) group by 1, 2
), kept as (
  select book, currency, -sum(amount) as amount from entry where account = 'suspense' group by 1, 2
)
select {BOOK.format(book="coalesce(d.issuer, k.book)")} as cloud, 'suspense' as subject,
       coalesce(d.amount, 0) as expected, coalesce(k.amount, 0) as found,
       coalesce(d.currency, k.currency) as currency
from due d full join kept k on k.book = d.issuer and k.currency = d.currency
where coalesce(d.amount, 0) <> coalesce(k.amount, 0)
""",  # noqa: S608 - names of ours
    "sums that are kept are those of the documents": f"""
with rests as ({_RESTS}), made as (
  select i.cloud, issuer, side, month, due_on, currency, c.account_manager, count(*) as documents,
         count(*) filter (where rest > 0) as open,
         coalesce(sum(total) filter (where rest > 0), 0) as open_total,
         sum(rest) as open_left,
         count(*) filter (where total > 0 and rest = 0) as settled,
         coalesce(sum(total) filter (where total > 0 and rest = 0), 0) as settled_total,
         count(*) filter (where total < 0) as notes,
         coalesce(sum(total) filter (where total < 0), 0) as notes_total
  from rests i left join subscriber c on c.id = i.subscriber group by 1, 2, 3, 4, 5, 6, 7
)
select {BOOK.format(book="coalesce(m.issuer, s.issuer)")} as cloud,
       coalesce(m.side, s.side) || ' documents of '
         || to_char(coalesce(m.month, s.month), 'YYYY-MM') || ', ' || w.what as subject,
       w.expected, w.found,
       case when w.is_money then coalesce(m.currency, s.currency) end as currency
from made m full join invoice_sum s on s.cloud = m.cloud and s.issuer = m.issuer
  and s.side = m.side and s.month = m.month and s.due_on is not distinct from m.due_on
  and s.currency = m.currency and s.account_manager is not distinct from m.account_manager
cross join lateral (values
  ('all', m.documents, s.documents, false), ('open', m.open, s.open, false),
  ('open, total', m.open_total, s.open_total, true), ('left', m.open_left, s.open_left, true),
  ('settled', m.settled, s.settled, false),
  ('settled, total', m.settled_total, s.settled_total, true),
  ('credit notes', m.notes, s.notes, false),
  ('credit notes, total', m.notes_total, s.notes_total, true)
) as w(what, expected, found, is_money)
where coalesce(w.expected, 0) <> coalesce(w.found, 0)
""",  # noqa: S608 - names of ours
    "who owes from when is kept": f"""
with rests as ({_RESTS})
select c.slug as cloud, 'subscriber ' || s.number as subject,
       coalesce(min(i.due_on), 'infinity')::text as expected, s.owes_from::text as found
from subscriber s join cloud c on c.id = s.cloud
left join rests i on i.cloud = s.cloud and i.subscriber = s.id and i.side = 'retail'
  and i.total > 0 and i.rest > 0
group by c.slug, s.number, s.owes_from
having s.owes_from <> coalesce(min(i.due_on), 'infinity')
""",  # noqa: S608 - names of ours
}
