"""What was used in a month, summed in SQL: of a cloud's cameras, its customers, or of clouds.

$2 and $3 are the month's first day and the day after the last that is summed; $1 is the cloud, or
the days after the last of each cloud, whose ids are $4.
"""

from __future__ import annotations

from typing import Final

from portal.tables.usage_days import DAYS, peak, span, total, within
from portal.usage.queries.seen import seen

_CLIPPED: Final = within("u.mask")
# What each camera used of each meter on the days `mask`; mostly those are all that it has.
_PER: Final = f"""
select u.of, u.camera, u.meter, u.days & u.mask as days,
       case when u.days & ~u.mask = 0 then u.total else {total(_CLIPPED)} end as total,
       case when u.days & ~u.mask = 0 then u.peak else {peak(_CLIPPED)} end as peak
from ({{rows}} offset 0) u where u.days & u.mask <> 0
"""  # noqa: S608 - ours
OF_CAMERA: Final = f"""
select u.camera as of, u.*, {span("u.month", "$3", "u.month")} as mask from seen_usage u
where u.cloud = $1 and u.month = $2 and u.camera = any($4::bigint[])
"""  # noqa: S608 - ours
OF_ALL_CAMERAS: Final = OF_CAMERA.replace("u.camera = any($4::bigint[])", "$4::bigint[] is null")
# Usage belongs to the subscriber whom the camera served on that day: Sue, then Bob, then Sue again.
# Each camera is a lookup, which PostgreSQL is not left to choose: behind policies it takes a
# thousand rows for one.
OF_SUBSCRIBER: Final = f"""
select p.of, u.*, p.mask
from (
  select p.subscriber as of, p.camera,
         bit_or({span("p.starts_on", "least(p.ends_on, $3)", "$2::date")}) as mask
  from subscription p
  where p.cloud = $1 and p.starts_on < $3 and (p.ends_on is null or p.ends_on > $2)
    and p.subscriber = any($4::bigint[])
  group by p.subscriber, p.camera
) p cross join lateral (
  select * from seen_usage u
  where u.cloud = $1 and u.month = $2 and u.camera = p.camera offset 0
) u
"""  # noqa: S608 - ours
OF_CAMERA_OF_SUBSCRIBER: Final = OF_SUBSCRIBER.replace(
    "select p.of, u", "select p.camera as of, u"
).replace("p.subscriber = any($4::bigint[])", "p.camera = any($4::bigint[]) and p.subscriber = $5")
OF_CAMERA_OF_TARIFF: Final = OF_CAMERA_OF_SUBSCRIBER.replace("p.subscriber", "p.tariff")
# The same of all customers on a tariff, or of a referral; 0 is no referral.
OF_TARIFF: Final = OF_SUBSCRIBER.replace("p.subscriber", "p.tariff")
_JOINED: Final = "from subscription p join subscriber s on s.id = p.subscriber\n"
OF_REFERRAL: Final = OF_SUBSCRIBER.replace("p.subscriber", "coalesce(s.referral, 0)").replace(
    "from subscription p\n", _JOINED
)
OF_CLOUD: Final = f"""
select u.cloud as of, u.*, {span("u.month", "c.until", "u.month")} as mask
from unnest($4::bigint[], $1::date[]) as c(id, until)
join seen_usage u on u.cloud = c.id and u.month = $2 and u.month < $3
"""  # noqa: S608 - ours
_COUNTS: Final = ", ".join(
    f"count(*) filter (where days & {1 << at} <> 0) as {day}" for at, day in enumerate(DAYS)
)
_COUNTED: Final = ", ".join(f"({at}, n.{day})" for at, day in enumerate(DAYS))
# By meter, and cameras by day. All is gone through once; in `one` a row is a meter's or a camera's.
_WHOLE: Final = f"""
with one as materialized (
  select meter, camera, sum(total) as total, sum(peak) as peak, bit_or(days) as days
  from ({{per}}) per group by grouping sets ((meter), (camera))
)
select 'meter' as what, null::bigint as of, meter::int as key, total, peak
from one where camera is null
union all
select 'day', null, d.key, d.cameras, 0
from (select {_COUNTS} from one where meter is null) n
cross join lateral (values {_COUNTED}) d(key, cameras)
where d.cameras > 0
"""  # noqa: S608 - ours
# The same of each customer, camera or cloud: by meter, and days of its cameras.
_EACH: Final = """
with one as materialized (
  select of, meter, camera, sum(total) as total, sum(peak) as peak, bit_or(days) as days
  from ({per}) per group by grouping sets ((of, meter), (of, camera))
)
select 'of' as what, of, meter::int as key, total, peak from one where camera is null
union all
select 'days', of, 0, sum(bit_count(days::bit(31))), 0 from one where meter is null group by of
"""


def whole(rows: str) -> str:
    """What all of `rows` used: rows of (what, of, key, total, peak)."""
    return seen(_WHOLE.format(per=_PER.format(rows=rows)))


def each(rows: str) -> str:
    """What each of them used, in such rows."""
    return seen(_EACH.format(per=_PER.format(rows=rows)))
