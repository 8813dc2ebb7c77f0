"""Where Watcher and the books differ in a month, found by SQL: a statement for each kind.

$1 is the cloud. RECORDED, NOT_THERE and DEPTH take the days of a month that have come, `[$2, $3)`;
all but the first take arrays of days, their first instants, and those of the days after them. Where
`some(s.camera)` stands, the cameras of a row are narrowed by `of_some`, or not at all by `of_all`.
"""

from __future__ import annotations

import re
from typing import Final

from portal.tables import usage_days
from portal.tables.usage_days import DAYS

_SOME: Final = re.compile(r"some\((\w+\.camera)\)")
_ARGUMENT: Final = re.compile(r"\$(\d+)")


def of_all(statement: str) -> str:
    """The statement about all cameras of a cloud."""
    return _SOME.sub("true", statement)


def of_some(statement: str) -> str:
    """The statement about cameras whose row ids are one more argument, the last."""
    after = max(int(number) for number in _ARGUMENT.findall(statement)) + 1
    return _SOME.sub(rf"\1 = any(${after}::bigint[])", statement)


# The day of a change belongs to what came, as in `billing.readings.spans`: where `d` is a day with
# its bounds, an interval that began before its end and goes on then has the day.
_HAS_THE_DAY: Final = "i.since < d.ends_at and (i.until is null or i.until >= d.ends_at)"

# Recording is footage, or, on a day of which Watcher tells none, a depth while switched on: each
# day by itself, so that a camera that once told footage is not missed when it tells none any more.
# Days are bits of one number: what was recorded is held against what was served at once.
_USED: Final = usage_days.those(f"u.{day} > 0" for day in DAYS)
RECORDED: Final = f"""
with facts as (
  select u.camera,
         coalesce(bit_or({_USED}) filter (where m.key = 'recording.time'), 0) as footage,
         coalesce(bit_or(u.days) filter (where m.key = 'recording.time'), 0) as told,
         coalesce(bit_or({_USED}) filter (where m.key = 'camera.enabled'), 0) as enabled,
         coalesce(bit_or({_USED}) filter (where m.key like 'recording.%.depth'), 0) as depth
  from seen_usage u join meter m on m.id = u.meter
  where u.cloud = $1 and u.month = $2 and some(u.camera) group by u.camera
), served as (
  select s.camera, bit_or({usage_days.span("s.starts_on", "s.ends_on", "$2::date")}) as days
  from subscription s
  where s.cloud = $1 and some(s.camera)
    and s.starts_on < $3 and (s.ends_on is null or s.ends_on > $2)
  group by s.camera
)
select * from (
  select f.camera, (f.footage | (~f.told & f.enabled & f.depth)) & ~coalesce(s.days, 0)
           & {usage_days.span("$2::date", "$3::date", "$2::date")} as days
  from facts f left join served s on s.camera = f.camera
) f
where days <> 0
"""  # noqa: S608 - columns of ours
# Not there is also what no reading ever found, unless something else says how it was used.
NOT_THERE: Final = """
select s.camera, s.tariff, array_agg(d.day order by d.day) as days
from subscription s
join unnest($4::date[], $5::timestamptz[], $6::timestamptz[]) as d(day, starts_at, ends_at)
  on s.starts_on <= d.day and (s.ends_on is null or d.day < s.ends_on)
where s.cloud = $1 and some(s.camera)
  and (exists (select from camera_interval i where i.cloud = $1 and i.camera = s.camera)
       or not exists (select from seen_usage u where u.cloud = $1 and u.camera = s.camera
                      and u.month = $2 and u.month < $3)
          and d.ends_at > (select min(r.started_at) from reading r
                           where r.cloud = $1 and r.state = 'complete'))
  and not exists (
    select from camera_interval i where i.cloud = $1 and i.camera = s.camera
      and i.since < d.ends_at and (i.until is null or i.until >= d.starts_at))
group by s.camera, s.tariff
"""
# The preset in force when the day ends, against the tariff of the day.
PRESETS: Final = f"""
select s.camera, s.tariff, p.tariff as mapped, t.code, i.preset,
       array_agg(d.day order by d.day) as days
from subscription s
join tariff t on t.id = s.tariff
join unnest($2::date[], $3::timestamptz[], $4::timestamptz[]) as d(day, starts_at, ends_at)
  on s.starts_on <= d.day and (s.ends_on is null or d.day < s.ends_on)
join camera_interval i on i.cloud = $1 and i.camera = s.camera
  and {_HAS_THE_DAY}
join connection n on n.id = i.connection
left join watcher_preset p on p.cloud = $1 and p.preset = i.preset
  and p.watcher = coalesce(n.same_as, n.id)
where s.cloud = $1 and some(s.camera) and p.tariff is distinct from s.tariff
  and (i.preset is null or p.tariff is not null)
group by s.camera, s.tariff, p.tariff, t.code, i.preset
"""  # noqa: S608 - a condition of ours
# A day's depth is the highest of its readings, so it is held against every preset of the day. And
# presets are kept as they are now: under one that cannot be adjusted nothing but the preset itself
# changes a depth, so a camera on it that has come down to it since shows what it gave before. Only
# months with a day above what some preset of the camera gives are looked at day by day. A row of no
# days is a camera from which, with others, was learnt what a preset gave: `is_fixed` says so.
DEPTH: Final = f"""
with given as materialized (
  select i.camera, i.since, i.until, i.preset, coalesce(n.same_as, n.id) as watcher, m.id as meter,
         w.is_adjustable, case m.key when 'recording.continuous.depth' then w.continuous_depth_days
                                     else w.motion_depth_days end as depth
  from camera_interval i join connection n on n.id = i.connection
  cross join (select id, key from meter
              where key in ('recording.continuous.depth', 'recording.motion.depth')) m
  left join watcher_preset w on w.cloud = $1 and w.preset = i.preset
    and w.watcher = coalesce(n.same_as, n.id)
  where i.cloud = $1 and some(i.camera)
    and i.since < ($6::timestamptz[])[cardinality($6::timestamptz[])]
    and (i.until is null or i.until > ($5::timestamptz[])[1])
), days as (
  select * from unnest($4::date[], $5::timestamptz[], $6::timestamptz[])
    as d(day, starts_at, ends_at)
), above as materialized (
  select u.camera, u.meter, u.day, u.quantity, max(g.depth) as allowed,
         (array_agg(g.preset order by g.since desc))[1] as preset, min(g.watcher) as watcher,
         count(distinct g.preset) = 1 and bool_and(g.is_adjustable is false) as is_fixed
  from (
    select u.camera, u.meter, d.day, d.quantity
    from seen_usage u
    join (select camera, meter, min(depth) as depth from given group by camera, meter) g
      on g.camera = u.camera and g.meter = u.meter and g.depth < u.peak
    cross join lateral {usage_days.unrolled()} d
    where u.cloud = $1 and u.month = $2 and some(u.camera) and d.day < $3 and d.quantity > g.depth
  ) u
  join days d on d.day = u.day
  join given g on g.camera = u.camera and g.meter = u.meter
    and g.since < d.ends_at and (g.until is null or g.until > d.starts_at)
  group by u.camera, u.meter, u.day, u.quantity
  having bool_and(g.depth is not null) and u.quantity > max(g.depth)
), come_down as (
  select a.camera, a.meter, a.preset, max(u.day) as last
  from (select camera, meter, preset, max(allowed) as allowed from above where is_fixed
        group by camera, meter, preset) a
  join usage_day u on u.cloud = $1 and u.month >= $2 and u.day > $2
    and u.camera = any(array(select camera from above where is_fixed))
    and u.camera = a.camera and u.meter = a.meter and u.quantity <= a.allowed
  join days d on d.day = u.day
  join given i on i.camera = a.camera and i.meter = a.meter and i.preset = a.preset
    and {_HAS_THE_DAY}
  group by a.camera, a.meter, a.preset
), gave as (
  select a.watcher, a.preset, a.meter, a.day, max(a.quantity) as depth
  from above a join come_down c on c.camera = a.camera and c.meter = a.meter
    and c.preset = a.preset and a.day < c.last
  where a.is_fixed group by a.watcher, a.preset, a.meter, a.day
)
select a.camera, m.key as meter, count(*) filter (where a.is_excess)::int as days, a.preset,
       sum(a.quantity - a.allowed) filter (where a.is_excess)::bigint as excess,
       max(a.quantity) filter (where a.is_excess) as depth,
       max(a.allowed) filter (where a.is_excess) as allowed, bool_or(a.is_fixed) as is_fixed
from (
  select a.*, g.depth is null or a.quantity > g.depth as is_excess
  from above a
  left join gave g on g.watcher = a.watcher and g.preset = a.preset and g.meter = a.meter
    and g.day = a.day and a.is_fixed
) a
join meter m on m.id = a.meter
group by a.camera, m.key, a.preset
"""  # noqa: S608 - a condition of ours
NOT_MAPPED: Final = f"""
select i.camera, i.organization, i.preset, o.title as organization_title, p.title as preset_title,
       o.subscriber is null as no_subscriber,
       i.preset is not null and p.tariff is null as no_tariff,
       array_agg(d.day order by d.day) as days
from camera_interval i
join unnest($2::date[], $3::timestamptz[], $4::timestamptz[]) as d(day, starts_at, ends_at)
  on {_HAS_THE_DAY}
join connection n on n.id = i.connection
left join watcher_organization o on o.cloud = $1 and o.organization = i.organization
  and o.watcher = coalesce(n.same_as, n.id)
left join watcher_preset p on p.cloud = $1 and p.preset = i.preset
  and p.watcher = coalesce(n.same_as, n.id)
where i.cloud = $1 and some(i.camera)
  and (o.subscriber is null or i.preset is not null and p.tariff is null)
group by i.camera, i.organization, i.preset, o.title, p.title, o.subscriber, p.tariff
"""  # noqa: S608 - a condition of ours
