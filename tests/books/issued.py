"""Invoices as a close would have issued them, of any amount, and the laws that books keep with them."""

from __future__ import annotations

from datetime import date
from itertools import count
from typing import Any

import asyncpg

_place = count(1)
# Each is of a month of its own, far away, as a close issues one document a month to a customer.
_INVOICE = """
with m as (
  insert into period (cloud, starts_on) values ($1, (date '2199-12-01' - make_interval(months => $8))::date)
  returning id, starts_on
)
insert into invoice (cloud, subscriber, period, month, side, type, issuer, number, sequence, issued_at,
  issued_on, due_on, currency, locale, seller, buyer, discount_percent, tax_percent, subtotal,
  discount, taxable, tax, total)
select c.id, $2, m.id, m.starts_on, case when $2::bigint is null then 'wholesale' else 'retail' end,
  case when $3::bigint + $4 > 0 then 'invoice' else 'credit_note' end,
  case when $2::bigint is null then 0 else c.id end, $5, $8, $6::date + time '02:00', $6, $7, c.currency, 'en', '{}',
  jsonb_build_object('name', 'Somebody'), 0, 0, $3, 0, $3, $4, $3::bigint + $4
from cloud c, m where c.id = $1 returning id
"""
_LINE = """
insert into invoice_line (cloud, subscriber, invoice, position, kind, original_period, name, quantity, amount)
select $1, $2, $3, u.position - 1, 'service', '2026-10-01', 'Service', 1, u.amount
from unnest($4::bigint[]) with ordinality as u (amount, position)
"""


async def issue(
    connection: Any,
    cloud: int,
    subscriber: int | None,
    taxable: int,
    *,
    tax: int = 0,
    due: str = "2026-11-17",
    issued: str = "2026-11-03",
    lines: tuple[int, ...] = (),
) -> str:
    """An invoice, or below 0 the note of a negative month; to the cloud itself without a subscriber."""
    place = next(_place)
    number = f"{'PLAT' if subscriber is None else 'NORTH'}-2025-{place:06d}"
    made = await connection.fetchval(
        _INVOICE,
        *(cloud, subscriber, taxable, tax, number, date.fromisoformat(issued)),
        date.fromisoformat(due) if taxable > 0 else None,
        place,
    )
    await connection.execute(_LINE, cloud, subscriber, made, list(lines or (taxable,)))
    return number


# Each finds what breaks a law of the books; nothing does.
LAWS = {
    "a posting sums to nothing": """
select posting from entry group by posting, currency having sum(amount) <> 0""",
    "less than nothing is left": """
select i.id from invoice i join document_rests(array(select id from invoice where total > 0)) r
  on r.invoice = i.id where r.rest < 0""",
    "what is left is the receivable": """
select i.issuer, i.cloud, i.subscriber from (
  select i.issuer, i.cloud, i.subscriber, sum(r.rest) as rest from invoice i
  join document_rests(array(select id from invoice where total > 0)) r on r.invoice = i.id group by 1, 2, 3
) i left join (
  select book, cloud, subscriber, sum(amount) as owed from entry where account = 'receivable' group by 1, 2, 3
) e on e.book = i.issuer and e.cloud = i.cloud and e.subscriber is not distinct from i.subscriber
where i.rest <> coalesce(e.owed, 0)""",
    "credit is what sources have free": """
select * from (
  select book, cloud, subscriber, -sum(amount) as credit from entry where account = 'credit' group by 1, 2, 3
) e left join (
  select issuer, cloud, subscriber, sum(free) as free from credit_source group by 1, 2, 3
) s on s.issuer = e.book and s.cloud = e.cloud and s.subscriber is not distinct from e.subscriber
where e.credit <> coalesce(s.free, 0)""",
    "suspense is what nobody has claimed": """
select * from (
  select p.issuer, sum(p.amount) as amount from payment p
  where (case p.issuer when 0 then p.cloud else p.subscriber end) is null
    and not exists (select from payment_return r where r.payment = p.id) group by 1
) p full join (
  select book, -sum(amount) as amount from entry where account = 'suspense' group by 1 having sum(amount) <> 0
) e on e.book = p.issuer where coalesce(p.amount, 0) <> coalesce(e.amount, 0)""",
    "sums that are kept are those of the documents": """
with rests as (
  select i.*, greatest(0, r.rest) as rest from invoice i
  join document_rests(array(select id from invoice)) r on r.invoice = i.id
), made as (
  select cloud, issuer, side, month, due_on, currency, count(*) as documents,
    count(*) filter (where rest > 0) as open, coalesce(sum(total) filter (where rest > 0), 0) as open_total,
    sum(rest) as open_left, count(*) filter (where total > 0 and rest = 0) as settled,
    coalesce(sum(total) filter (where total > 0 and rest = 0), 0) as settled_total,
    count(*) filter (where total < 0) as notes, coalesce(sum(total) filter (where total < 0), 0) as notes_total
  from rests group by 1, 2, 3, 4, 5, 6
)
select * from made m full join invoice_sum s on s.cloud = m.cloud and s.issuer = m.issuer and s.side = m.side
  and s.month = m.month and s.due_on is not distinct from m.due_on and s.currency = m.currency
where (m.documents, m.open, m.open_total, m.open_left, m.settled, m.settled_total, m.notes, m.notes_total)
  is distinct from
  (s.documents, s.open, s.open_total, s.open_left, s.settled, s.settled_total, s.notes, s.notes_total)""",
    "who owes from when is kept": """
select s.id from subscriber s where s.owes_from <> coalesce((
  select min(i.due_on) from invoice i join document_rests(array(select id from invoice)) r on r.invoice = i.id
  where i.subscriber = s.id and i.total > 0 and r.rest > 0), 'infinity')""",
}


async def broken_laws(url: str) -> list[str]:
    """The laws that the books of a database break, read as its owner."""
    connection = await asyncpg.connect(url)
    try:
        return [law for law, query in LAWS.items() if await connection.fetch(query)]
    finally:
        await connection.close()
