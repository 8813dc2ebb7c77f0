"""The laws of documents, numbers and files, each a query of what breaks it.

Every query answers cloud, subject, expected, found and, where these are money in minor units,
currency. The arithmetic stands in `portal.billing`; here it is said once more, in SQL and on
purpose: what checks the books does not run the code that made them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

MISSING_MAX: Final = 5
"""So many numbers that are missing in a series are named."""
_ISSUER: Final = "case i.issuer when 0 then '' else c.slug end"
_DOCUMENT: Final = "case i.type when 'invoice' then 'invoice ' else 'credit note ' end || i.number"

LAWS: Final[Mapping[str, str]] = {
    "lines sum to the subtotal": f"""
select {_ISSUER} as cloud, {_DOCUMENT} as subject, i.subtotal as expected,
       coalesce(sum(l.amount), 0) as found, i.currency
from invoice i join cloud c on c.id = i.cloud
left join invoice_line l on l.cloud = i.cloud and l.invoice = i.id
group by i.id, c.slug having coalesce(sum(l.amount), 0) <> i.subtotal
""",  # noqa: S608 - names of ours
    "charges sum to the subtotal": f"""
select {_ISSUER} as cloud, {_DOCUMENT} as subject, i.subtotal as expected, h.amount as found,
       i.currency
from invoice i join cloud c on c.id = i.cloud
cross join lateral (
  select coalesce(sum(h.amount), 0) as amount from charge h
  where h.cloud = i.cloud and h.period = i.period and h.side = i.side
    and (i.side = 'wholesale' or h.subscriber = i.subscriber)
) h
where i.period is not null and i.credits is null and h.amount <> i.subtotal
""",  # noqa: S608 - names of ours
    "the discount is its percent": f"""
select {_ISSUER} as cloud, {_DOCUMENT} as subject,
       round(i.subtotal * i.discount_percent * 0.01) as expected, i.discount as found, i.currency
from invoice i join cloud c on c.id = i.cloud
where i.credits is null and i.discount <> round(i.subtotal * i.discount_percent * 0.01)
""",  # noqa: S608 - names of ours
    "the tax is its percent": f"""
select {_ISSUER} as cloud, {_DOCUMENT} as subject,
       case when i.tax_exempt then 0 else round(i.taxable * i.tax_percent * 0.01) end as expected,
       i.tax as found, i.currency
from invoice i join cloud c on c.id = i.cloud
where i.credits is null
  and i.tax <> case when i.tax_exempt then 0 else round(i.taxable * i.tax_percent * 0.01) end
""",  # noqa: S608 - names of ours
    "no more is credited than was invoiced": f"""
select {_ISSUER} as cloud, {_DOCUMENT} as subject, i.total as expected, n.credited as found,
       i.currency
from invoice i join cloud c on c.id = i.cloud
join (select cloud, credits, -sum(total) as credited, -sum(tax) as tax from invoice
      where credits is not null group by cloud, credits) n on n.cloud = i.cloud and n.credits = i.id
where n.credited > i.total or n.tax > i.tax
""",  # noqa: S608 - names of ours
    "never less than nothing is left": f"""
select {_ISSUER} as cloud, {_DOCUMENT} as subject, 0 as expected,
       b.total - b.credited - b.paid - b.written_off as found, i.currency
from document_balance b join invoice i on i.cloud = b.cloud and i.id = b.invoice
join cloud c on c.id = i.cloud
where b.total > 0
  and (b.total - b.credited - b.paid - b.written_off < 0 or b.paid < 0 or b.written_off < 0)
""",  # noqa: S608 - names of ours
    "numbers of a year are 1 to n": f"""
with used as (
  select issuer, extract(year from issued_on)::int as year, min(sequence) as least,
         max(sequence) as most, count(distinct sequence) as count, count(*) as documents
  from invoice group by 1, 2
), broken as (
  select coalesce(s.issuer, n.issuer) as issuer, coalesce(s.year, n.year) as year, s.prefix,
         s.last_number, n.least, n.most, n.count, n.documents
  from series s full join used n on n.issuer = s.issuer and n.year = s.year
  where (n.least, n.most, n.count, n.documents)
    is distinct from (1, s.last_number, s.last_number::bigint, s.last_number::bigint)
    and not (coalesce(s.last_number, 0) = 0 and n.count is null)
)
select case s.issuer when 0 then '' else c.slug end as cloud,
       'series ' || coalesce(s.prefix || ' ', '') || 'of ' || s.year as subject,
       coalesce('1 to ' || s.last_number, 'a series') as expected,
       coalesce(s.least || ' to ' || s.most || ', ' || s.count || ' of them on ' || s.documents
                || ' documents', 'none') || coalesce(', without ' || m.missing, '') as found
from broken s left join cloud c on c.id = s.issuer
cross join lateral (
  select string_agg(g.number::text, ', ' order by g.number) as missing from (
    select g.number from generate_series(1, greatest(s.last_number, s.most)) as g(number)
    where not exists (select from invoice i where i.issuer = s.issuer and i.sequence = g.number
                      and extract(year from i.issued_on) = s.year)
    limit {MISSING_MAX}
  ) g
) m
""",  # noqa: S608 - a number of ours
    "a number is its year and sequence": f"""
select {_ISSUER} as cloud, {_DOCUMENT} as subject,
       '…-' || extract(year from i.issued_on) || '-'
         || lpad(i.sequence::text, greatest(6, length(i.sequence::text)), '0') as expected,
       i.number as found
from invoice i join cloud c on c.id = i.cloud
where i.number not like '%-' || extract(year from i.issued_on) || '-'
  || lpad(i.sequence::text, greatest(6, length(i.sequence::text)), '0')
""",  # noqa: S608 - names of ours
    "a file is what was stored": f"""
select {_ISSUER} as cloud, 'PDF of ' || {_DOCUMENT} as subject,
       f.sha256 || ', ' || f.size || ' bytes' as expected,
       encode(sha256(f.content), 'hex') || ', ' || length(f.content) || ' bytes' as found
from invoice_file f join invoice i on i.cloud = f.cloud and i.id = f.invoice
join cloud c on c.id = i.cloud
where f.sha256 <> encode(sha256(f.content), 'hex') or f.size <> length(f.content)
union all
select {_ISSUER}, 'usage of ' || {_DOCUMENT}, f.usage_sha256, encode(sha256(f.usage_content), 'hex')
from invoice_file f join invoice i on i.cloud = f.cloud and i.id = f.invoice
join cloud c on c.id = i.cloud
where f.usage_sha256 <> encode(sha256(f.usage_content), 'hex')
union all
select c.slug, 'PDF of statement ' || t.number, f.sha256 || ', ' || f.size || ' bytes',
       encode(sha256(f.content), 'hex') || ', ' || length(f.content) || ' bytes'
from statement_file f join statement t on t.cloud = f.cloud and t.id = f.statement
join cloud c on c.id = f.cloud
where f.sha256 <> encode(sha256(f.content), 'hex') or f.size <> length(f.content)
""",  # noqa: S608 - names of ours
    "margins sum to the documents": """
select c.slug as cloud,
       'margin of ' || to_char(p.starts_on, 'YYYY-MM') || ', ' || w.what as subject,
       w.expected, w.found, c.currency
from period p join cloud c on c.id = p.cloud
cross join lateral (
  select coalesce(sum(revenue), 0) as revenue, coalesce(sum(cost), 0) as cost from margin m
  where m.cloud = p.cloud and m.period = p.id
) m
cross join lateral (
  select coalesce(sum(i.taxable) filter (where i.side = 'retail'), 0) as retail,
         coalesce(sum(i.taxable) filter (where i.side = 'wholesale'), 0) as wholesale
  from invoice i where i.cloud = p.cloud and i.month = p.starts_on
) d
cross join lateral (values ('revenue', d.retail, m.revenue), ('cost', d.wholesale, m.cost))
  as w(what, expected, found)
where p.state = 'closed' and w.expected <> w.found
""",
}
