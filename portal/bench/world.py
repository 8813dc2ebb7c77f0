"""The cloud that is measured: any number of cameras and a month of their usage, always the same.

A subscriber for five cameras, one in three of a referral, discounts from 0 to 19 %. Five
wholesale services at a price a unit; one tariff with two items, one of them with overage. Nine
cameras in ten are subscribed all month, the others from some day of it on.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final

import asyncpg

from portal.tables.usage_days import DAYS as DAY_COLUMNS

SLUG: Final = "bench"
MONTH: Final = "2026-10"
FIRST: Final = date(2026, 10, 1)
AFTER: Final = date(2026, 11, 1)
NOW: Final = datetime(2026, 11, 5, 12, 0, tzinfo=UTC)
"""The clock of what is measured: October 2026 has ended."""
SINCE: Final = date(2026, 3, 1)
CAMERAS_A_SUBSCRIBER: Final = 5
METERS: Final = 7
DAYS: Final = 31

_CLOUD: Final = """
insert into cloud (slug, name, currency, timezone, tax_percent, wholesale_discount_percent,
  wholesale_tax_percent, invoice_prefix, level_percents, close_automatically, address, tax_number)
values ('bench', 'Bench Telecom', 'EUR', 'Europe/Rome', 22, 5, 22, 'BENCH', '{2}', false,
  '{Via Larga 1,Milano}', 'IT 1')
returning id
"""
_PRICES: Final = """
with services as (
  insert into service (code, name, meter, unit, unit_size, measure)
  select v.code, v.name, m.id, v.unit, v.size, 'unit_month'
  from (values
    ('continuous', 'Continuous recording', 'recording.continuous.depth', 'day', 1, '0.35'),
    ('motion', 'Recording on motion', 'recording.motion.depth', 'day', 1, '0.20'),
    ('faces', 'Faces, 1 channel', 'analytics.faces', 'channel', 1, '3.00'),
    ('plates', 'Plates, 1 channel', 'analytics.plates', 'channel', 1, '4.00'),
    ('storage', '1 GB stored', 'archive.stored', 'GB', 1000000000, '0.013')
  ) v(code, name, meter, unit, size, price) join meter m on m.key = v.meter
  returning id, code
), prices as (
  insert into rate (cloud, service, valid_from, pricing)
  select $1, id, '2026-01-01', jsonb_build_object('model', 'per_unit', 'unit_price', case code
    when 'continuous' then '0.35' when 'motion' then '0.20' when 'faces' then '3.00'
    when 'plates' then '4.00' else '0.013' end)
  from services
), plan as (
  insert into tariff (cloud, code, name) values ($1, 'home-7', 'Home 7') returning id
), terms as (
  insert into tariff_version (cloud, tariff, valid_from, monthly_price, setup_fee)
  select $1, id, '2026-01-01', 9.90, 0 from plan returning id
)
insert into tariff_item (cloud, version, position, service, quantity, overage)
select $1, t.id, row_number() over (order by s.code), s.id, v.quantity, v.overage
from terms t, services s join (values
  ('motion', 7, null),
  ('storage', 60, '{"model": "per_unit", "unit_price": "0.04"}'::jsonb)
) v(code, quantity, overage) using (code)
"""
_CUSTOMERS: Final = """
with agents as (
  insert into referral (cloud, code, name, percent)
  select $1, 'agent-' || n, 'Agent ' || n, 10 + n from generate_series(0, 9) n
  returning id, percent
)
insert into subscriber (cloud, number, name, discount_percent, address, referral)
select $1, n, 'Subscriber ' || n, n % 20, '{Corso Como 9,Milano}',
       case when n % 3 = 0 then (select id from agents where percent = 10 + n % 10) end
from generate_series(1, $2::int) n
"""
_CAMERAS: Final = """
with cameras as (
  insert into camera (cloud, external_id, name, subscriber)
  select $1, 'cam-' || to_char(n, 'FM0000000'), 'Camera ' || n, s.id
  from generate_series(1, $2::int) n
  join subscriber s on s.cloud = $1 and s.number = 1 + (n - 1) / $3
  order by n
  returning id, subscriber
)
insert into subscription (cloud, camera, subscriber, tariff, starts_on)
select $1, c.id, c.subscriber, t.id,
       case when c.id % 10 = 0 then '2026-10-01'::date + (c.id / 10 % 31)::int else $4::date end
from cameras c, tariff t where t.cloud = $1
"""
QUANTITY: Final = """
case m.base_unit
  when 'flag' then case when c.id % 2 = 0 or m.key = 'camera.enabled' then 1 else 0 end
  when 'bytes' then (20 + c.id * 37 % 90) * 1000000000 + c.id * 7919 % 99991 * $3::int
  when 'seconds' then 40000 + (c.id * 31 + $3::int * 17) % 40000
  else 1 + (c.id + $3::int) % 14 end
"""
"""What camera `c` shows of meter `m` on the day $3, counted from 0."""
# Day by day, as readings arrive: a row is written once for each day.
_USAGE: Final = f"""
insert into usage (cloud, month, camera, meter, {{day}})
select $1, $2, c.id, m.id, {QUANTITY}
from camera c, meter m where c.cloud = $1
order by c.id, m.id
on conflict (cloud, month, camera, meter) do update set {{day}} = excluded.{{day}}
"""  # noqa: S608 - ours


async def build(
    connection: asyncpg.Connection[asyncpg.Record],
    cameras: int,
    *,
    used: bool = True,
    a_subscriber: int = CAMERAS_A_SUBSCRIBER,
    idle: int = 0,
    since: date = SINCE,
) -> int:
    """Make the cloud in an empty, migrated database, as its owner; the cloud's row id.

    Without `used` its cameras have no usage yet. A subscriber has `a_subscriber` cameras; `idle`
    more subscribers have none. Nine cameras in ten are subscribed `since` a day.
    """
    cloud: int = await connection.fetchval(_CLOUD)
    await connection.execute(_PRICES, cloud)
    await connection.execute(_CUSTOMERS, cloud, -(-cameras // a_subscriber) + idle)
    await connection.execute(_CAMERAS, cloud, cameras, a_subscriber, since)
    await use(connection, cloud, FIRST, DAYS if used else 0)
    return cloud


async def use(
    connection: asyncpg.Connection[asyncpg.Record], cloud: int, month: date, days: int
) -> None:
    """Usage of the first days of a month."""
    await connection.execute("select ensure_usage_partition($1)", month)
    for offset, day in enumerate(DAY_COLUMNS[:days]):
        await connection.execute(_USAGE.format(day=day), cloud, month, offset)
