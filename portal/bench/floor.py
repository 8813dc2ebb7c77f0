"""The floor of a close: the same sums and the same rows, by plain SQL in one session.

It reads the usage once, knows the world's prices by heart and writes into copies of the books'
tables with all their indexes and checks, but without foreign keys and triggers. It does nothing
that makes a close safe: no gate, no batches that survive a kill, no largest remainders, no
corrections. How close a real close comes to it is the measure.
"""

from __future__ import annotations

import time
from typing import Final

import asyncpg

from portal.bench.world import AFTER, DAYS, FIRST, NOW
from portal.tables import usage_days

TABLES: Final = ("charge", "invoice", "invoice_line", "commission", "margin")
_COPY: Final = "create table floor_{0} (like {0} including all)"

_BEYOND: Final = [f"greatest({day} - 60000000000, 0)" for day in usage_days.DAYS]
_CHARGES: Final = f"""
with sums as materialized (
  select camera, meter, total as base,
         case when meter = $5 and peak > 60000000000
           then {usage_days.total(_BEYOND)} end as beyond
  from usage
  where cloud = $1 and month >= $2 and month < $3 and meter in (select meter from service)
),
wholesale as (
  insert into floor_charge (cloud, period, side, kind, camera, service, rate, original_period,
    quantity_numerator, quantity_denominator, unit_price, amount)
  select $1, 0, 'wholesale', 'service', camera, service, rate, $2, base, over, unit_price, amount
  from (
    select s.camera, v.id as service, r.id as rate, p.unit_price,
           s.base, v.unit_size * $4::numeric as over,
           round(s.base * p.unit_price * 100 / (v.unit_size * $4::numeric))::bigint as amount
    from sums s join service v on v.meter = s.meter join rate r on r.service = v.id,
         lateral (select (r.pricing ->> 'unit_price')::numeric as unit_price) p
    where r.cloud = $1
  ) w where amount <> 0
),
overage as (
  insert into floor_charge (cloud, period, side, kind, camera, subscriber, subscription, tariff,
    version, service, original_period, quantity_numerator, quantity_denominator, unit_price, amount)
  select $1, 0, 'retail', 'overage', o.camera, b.subscriber, b.id, b.tariff, t.id, i.service, $2,
         o.beyond, o.over, 0.04, round(o.beyond * 4 / o.over)::bigint
  from (
    select s.camera, v.id as service, s.beyond, v.unit_size * $4::numeric as over
    from sums s join service v on v.meter = s.meter where s.beyond > 0
  ) o join subscription b on b.camera = o.camera
      join tariff_version t on t.tariff = b.tariff
      join tariff_item i on i.version = t.id and i.service = o.service
  where b.starts_on < $3 and round(o.beyond * 4 / o.over) <> 0
)
insert into floor_charge (cloud, period, side, kind, camera, subscriber, subscription, tariff,
  version, original_period, quantity_numerator, quantity_denominator, unit_price, amount)
select $1, 0, 'retail', 'recurring', b.camera, b.subscriber, b.id, b.tariff, t.id, $2,
       d.days, $4::numeric, t.monthly_price,
       round(t.monthly_price * 100 * d.days / $4::numeric)::bigint
from subscription b join tariff_version t on t.tariff = b.tariff,
     lateral (select least(coalesce(b.ends_on, $3), $3) - greatest(b.starts_on, $2) as days) d
where b.cloud = $1 and b.starts_on < $3
"""  # noqa: S608 - ours
_DOCUMENTS: Final = """
with lines as materialized (
  select side, subscriber, kind, version, service,
         round(sum(quantity_numerator / quantity_denominator), 6) as quantity,
         min(unit_price) as unit_price, sum(amount)::bigint as amount
  from floor_charge where cloud = $1 and period = 0
  group by side, subscriber, kind, version, service
),
totals as (
  select l.side, l.subscriber, s.number, s.name, s.address,
         coalesce(s.discount_percent, 5) as discount_percent, sum(l.amount)::bigint as subtotal
  from lines l left join subscriber s on s.id = l.subscriber
  group by l.side, l.subscriber, s.number, s.name, s.address, s.discount_percent
),
invoices as (
  insert into floor_invoice (cloud, subscriber, period, month, side, type, issuer, number, sequence,
    issued_at, issued_on, due_on, currency, locale, seller, buyer, discount_percent, tax_percent,
    subtotal, discount, taxable, tax, total)
  select $1, subscriber, 0, $2, side, 'invoice', 0, side || place, place, $3,
         ($3::timestamptz)::date, ($3::timestamptz)::date + 14, 'EUR', 'en',
         jsonb_build_object('name', 'Bench Telecom'),
         jsonb_build_object('name', name, 'address', address, 'customer_number', number),
         discount_percent, 22, subtotal, subtotal - taxable, taxable, tax, taxable + tax
  from totals,
    lateral (select subtotal - round(subtotal * discount_percent / 100)::bigint as taxable) a,
    lateral (select round(taxable * 0.22)::bigint as tax) b,
    lateral (select coalesce(number, 0) as place) c
  returning id, side, subscriber
)
insert into floor_invoice_line (cloud, subscriber, invoice, position, kind, version, service,
  original_period, name, unit, quantity, unit_price, amount)
select $1, l.subscriber, i.id,
       row_number() over (partition by i.id order by l.version, l.kind, l.service), l.kind,
       l.version, l.service, $2, coalesce(v.name, 'Home 7'), coalesce(v.unit, ''),
       l.quantity, l.unit_price, l.amount
from lines l
join invoices i on i.side = l.side and coalesce(i.subscriber, 0) = coalesce(l.subscriber, 0)
left join service v on v.id = l.service
"""
_COMMISSIONS: Final = """
insert into floor_commission (cloud, referral, subscriber, invoice, document, month, level, basis,
  base, percent, amount)
select $1, r.id, i.subscriber, i.id, i.number, $2, 1, 'invoiced', i.taxable, r.percent,
       round(i.taxable * r.percent / 100)::bigint
from floor_invoice i join subscriber s on s.id = i.subscriber join referral r on r.id = s.referral
"""
_MARGINS: Final = """
insert into floor_margin (cloud, period, camera, subscriber, revenue, cost, commission)
select $1, 0, c.camera, b.subscriber,
       round(c.retail * (1 - coalesce(s.discount_percent, 0) / 100)),
       round(c.wholesale * 0.95),
       round(c.retail * (1 - coalesce(s.discount_percent, 0) / 100) * coalesce(r.percent, 0) / 100)
from (
  select camera, coalesce(sum(amount) filter (where side = 'retail'), 0) as retail,
         coalesce(sum(amount) filter (where side = 'wholesale'), 0) as wholesale
  from floor_charge where cloud = $1 and period = 0 group by camera
) c
left join subscription b on b.camera = c.camera
left join subscriber s on s.id = b.subscriber left join referral r on r.id = s.referral
"""


_STORAGE: Final = "select id from meter where key = 'archive.stored'"
# Fresh rows have no statistics: without this the planner would loop where it should hash.
_PLAN_WELL: Final = "set local enable_nestloop = off; set local enable_mergejoin = off"


async def measure(connection: asyncpg.Connection[asyncpg.Record], cloud: int) -> float:
    """Seconds of one run, in one transaction, commit included; its rows are thrown away after."""
    for table in TABLES:
        await connection.execute(_COPY.format(table))
    storage = await connection.fetchval(_STORAGE)
    try:
        started = time.perf_counter()
        await connection.execute("begin; set local work_mem = '512MB'")
        await connection.execute(_CHARGES, cloud, FIRST, AFTER, DAYS, storage)
        await connection.execute(_PLAN_WELL)
        await connection.execute(_DOCUMENTS, cloud, FIRST, NOW)
        await connection.execute(_COMMISSIONS, cloud, FIRST)
        await connection.execute(_MARGINS, cloud)
        await connection.execute("commit")
        return time.perf_counter() - started
    finally:
        for table in TABLES:
            await connection.execute(f"drop table if exists floor_{table}")


async def rows_written(connection: asyncpg.Connection[asyncpg.Record]) -> int:
    """How many rows the books have; a run of the floor writes as many."""
    counts = " + ".join(f"(select count(*) from {table})" for table in TABLES)  # noqa: S608 - names of ours
    written: int = await connection.fetchval(f"select {counts}")
    return written
