"""Watcher and the books side by side: where they disagree in a month, and what that is worth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from asyncpg import Record

from portal.access import Actor
from portal.billing.coverage import known_days
from portal.billing.period import Period, day_starts, local_date
from portal.billing.reconciliation import (
    Difference,
    Kind,
    excess_worth,
    price_difference,
    retail_worth,
    wholesale_worth,
)
from portal.books.queries import rating
from portal.books.queries.rating import PriceBook
from portal.customers.queries import excess
from portal.db import Transaction, snapshot
from portal.kit.queries.tenancy import CloudFacts
from portal.usage.queries import coverage
from portal.watcher.queries import nameless
from portal.words import _, joined

_ONE_DAY: Final = timedelta(days=1)
# The day of a change belongs to what came, as in `billing.readings.spans`: where `d` is a day with
# its bounds, an interval that began before its end and goes on then has the day.
_HAS_THE_DAY: Final = "i.since < d.ends_at and (i.until is null or i.until >= d.ends_at)"

# Recording is footage, or, on a day of which Watcher tells none, a depth while switched on: each
# day by itself, so that a camera that once told footage is not missed when it tells none any more.
_RECORDED: Final = """
with facts as (
  select u.camera, u.day,
         max(u.quantity) filter (where m.key = 'recording.time') as seconds,
         max(u.quantity) filter (where m.key = 'camera.enabled') as enabled,
         max(u.quantity) filter (where m.key like 'recording.%.depth') as depth
  from usage u join meter m on m.id = u.meter
  where u.cloud = $1 and u.day >= $2 and u.day < $3 group by u.camera, u.day
)
select f.camera, array_agg(f.day order by f.day) as days
from facts f
where (f.seconds > 0 or f.seconds is null and f.enabled = 1 and f.depth > 0)
  and not exists (select from subscription s where s.cloud = $1 and s.camera = f.camera
                  and s.starts_on <= f.day and (s.ends_on is null or f.day < s.ends_on))
group by f.camera
"""
# Not there is also what no reading ever found, unless something else says how it was used.
_NOT_THERE: Final = """
select s.camera, s.tariff, array_agg(d.day order by d.day) as days
from subscription s
join unnest($4::date[], $5::timestamptz[], $6::timestamptz[]) as d(day, starts_at, ends_at)
  on s.starts_on <= d.day and (s.ends_on is null or d.day < s.ends_on)
where s.cloud = $1
  and (exists (select from camera_interval i where i.cloud = $1 and i.camera = s.camera)
       or not exists (select from usage u where u.cloud = $1 and u.camera = s.camera
                      and u.day >= $2 and u.day < $3)
          and d.ends_at > (select min(r.started_at) from reading r
                           where r.cloud = $1 and r.state = 'complete'))
  and not exists (
    select from camera_interval i where i.cloud = $1 and i.camera = s.camera
      and i.since < d.ends_at and (i.until is null or i.until >= d.starts_at))
group by s.camera, s.tariff
"""
# The preset in force when the day ends, against the tariff of the day.
_PRESETS: Final = f"""
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
where s.cloud = $1 and p.tariff is distinct from s.tariff
  and (i.preset is null or p.tariff is not null)
group by s.camera, s.tariff, p.tariff, t.code, i.preset
"""  # noqa: S608 - a condition of ours
# A day's depth is the highest of its readings, so it is held against every preset of the day. And
# presets are kept as they are now: under one that cannot be adjusted nothing but the preset itself
# changes a depth, so a camera on it that has come down to it since shows what it gave before.
_DEPTH: Final = f"""
with above as (
  select u.camera, u.meter, u.day, u.quantity, max(p.depth) as allowed,
         (array_agg(i.preset order by i.since desc))[1] as preset,
         min(coalesce(n.same_as, n.id)) as watcher,
         count(distinct i.preset) = 1 and bool_and(p.is_adjustable is false) as is_fixed
  from usage u
  join unnest($4::date[], $5::timestamptz[], $6::timestamptz[]) as d(day, starts_at, ends_at)
    on d.day = u.day
  join meter m on m.id = u.meter
    and m.key in ('recording.continuous.depth', 'recording.motion.depth')
  join camera_interval i on i.cloud = $1 and i.camera = u.camera
    and i.since < d.ends_at and (i.until is null or i.until > d.starts_at)
  join connection n on n.id = i.connection
  left join lateral (
    select w.is_adjustable,
           case m.key when 'recording.continuous.depth' then w.continuous_depth_days
                      else w.motion_depth_days end as depth
    from watcher_preset w where w.cloud = $1 and w.preset = i.preset
      and w.watcher = coalesce(n.same_as, n.id)
  ) p on true
  where u.cloud = $1 and u.day >= $2 and u.day < $3
  group by u.camera, u.meter, u.day, u.quantity
  having bool_and(p.depth is not null) and u.quantity > max(p.depth)
), come_down as (
  select a.camera, a.meter, a.preset, max(u.day) as last
  from (select camera, meter, preset, max(allowed) as allowed from above where is_fixed
        group by camera, meter, preset) a
  join usage u on u.cloud = $1 and u.camera = a.camera and u.meter = a.meter and u.day > $2
    and u.quantity <= a.allowed
  join unnest($4::date[], $5::timestamptz[], $6::timestamptz[]) as d(day, starts_at, ends_at)
    on d.day = u.day
  join camera_interval i on i.cloud = $1 and i.camera = a.camera and i.preset = a.preset
    and {_HAS_THE_DAY}
  group by a.camera, a.meter, a.preset
), gave as (
  select a.watcher, a.preset, a.meter, a.day, max(a.quantity) as depth
  from above a join come_down c on c.camera = a.camera and c.meter = a.meter
    and c.preset = a.preset and a.day < c.last
  where a.is_fixed group by a.watcher, a.preset, a.meter, a.day
)
select a.camera, m.key as meter, count(*)::int as days, a.preset,
       sum(a.quantity - a.allowed)::bigint as excess, max(a.quantity) as depth,
       max(a.allowed) as allowed
from above a
join meter m on m.id = a.meter
left join gave g on g.watcher = a.watcher and g.preset = a.preset and g.meter = a.meter
  and g.day = a.day and a.is_fixed
where g.depth is null or a.quantity > g.depth
group by a.camera, m.key, a.preset
"""  # noqa: S608 - a condition of ours
_NOT_MAPPED: Final = f"""
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
where i.cloud = $1 and (o.subscriber is null or i.preset is not null and p.tariff is null)
group by i.camera, i.organization, i.preset, o.title, p.title, o.subscriber, p.tariff
"""  # noqa: S608 - a condition of ours
# While any connection goes on, the cloud is read; after the last one was ended it is not.
_CONNECTED: Final = """
select min(created_at) as since,
       case when bool_and(ended_at is not null) then max(ended_at) end as until
from connection where cloud = $1
"""
_AT_STAKE: Final = """
select d.day::date as day, s.tariff, count(*)::int as cameras
from subscription s
join unnest($2::date[]) as d(day)
  on s.starts_on <= d.day and (s.ends_on is null or d.day < s.ends_on)
where s.cloud = $1 group by d.day, s.tariff
"""


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """A month's differences; worth in minor units of `currency`."""

    currency: str
    differences: Sequence[Difference]


async def get(actor: Actor, cloud: CloudFacts, period: Period, *, now: datetime) -> Reconciliation:
    """Where Watcher and the books disagree in a month's days so far, by kind and camera."""
    async with snapshot(actor) as tx:
        tomorrow = local_date(now, cloud.timezone) + _ONE_DAY
        end = min(period.end, tomorrow)
        if end <= period.start:
            return Reconciliation(cloud.currency, ())
        book = await rating.price_book(tx, cloud, period)
        span = (cloud.id, period.start, end)
        quiet = await excess.accepted(tx, cloud.id)
        names = {
            row["id"]: row["external_id"]
            for row in await tx.fetch(
                "select id, external_id from camera where cloud = $1", cloud.id
            )
        }
        compare = _Comparison(tx, book, names, quiet)
        days = _days(period.start, end, cloud.timezone)
        days_since = _days(period.start, tomorrow, cloud.timezone)
        # All of a month is gone through. By loops in loops that would take hours where PostgreSQL
        # knows too little of the tables, as after a first reading or many changes.
        await tx.execute("set local enable_nestloop = off")
        recorded = await tx.fetch(_RECORDED, *span)
        not_there = await tx.fetch(_NOT_THERE, *span, *days)
        presets = await tx.fetch(_PRESETS, cloud.id, *days)
        depths = await tx.fetch(_DEPTH, *span, *days_since)
        not_mapped = await tx.fetch(_NOT_MAPPED, cloud.id, *days)
        await tx.execute("set local enable_nestloop = on")
        found = [
            *await compare.recorded(recorded),
            *await nameless.differences(tx, cloud.id, days),
            *compare.not_there(not_there),
            *compare.presets(presets),
            *compare.depths(depths),
            *await compare.not_mapped(not_mapped),
            *await compare.not_read(period.start, min(end, tomorrow - _ONE_DAY)),
        ]
    order = list(Kind)
    found.sort(key=lambda one: (order.index(one.kind), one.camera or ""))
    return Reconciliation(cloud.currency, found)


def _days(
    start: date, end: date, zone: str
) -> tuple[list[date], Sequence[datetime], Sequence[datetime]]:
    """The days of `[start, end)`, their first instants, and those of the days after them."""
    bounds = day_starts(start, end, zone)
    return [start + timedelta(days=n) for n in range((end - start).days)], bounds[:-1], bounds[1:]


class _Comparison:
    """Turns what SQL found into differences with their worth."""

    def __init__(
        self,
        tx: Transaction,
        book: PriceBook,
        names: dict[int, str],
        quiet: Collection[tuple[int, str]],
    ) -> None:
        self.tx, self.book, self.names, self.quiet = tx, book, names, quiet
        self.period, self.currency = book.period, book.cloud.currency

    async def recorded(self, rows: Sequence[Record]) -> list[Difference]:
        worth = await self._wholesale({row["camera"]: row["days"] for row in rows})
        return [
            self._of(
                Kind.RECORDED_NOT_BILLED,
                row["camera"],
                row["days"],
                worth[row["camera"]],
                _("no subscription on %(days)s") % {"days": _spoken(row["days"])},
            )
            for row in rows
        ]

    def not_there(self, rows: Sequence[Record]) -> list[Difference]:
        return [
            self._of(
                Kind.BILLED_NOT_THERE,
                row["camera"],
                row["days"],
                retail_worth(
                    self.period, self.currency, self._versions(row["tariff"]), row["days"]
                ),
                _("not in Watcher on %(days)s") % {"days": _spoken(row["days"])},
            )
            for row in rows
        ]

    def presets(self, rows: Sequence[Record]) -> list[Difference]:
        return [
            self._of(
                Kind.PRESET_DIFFERS,
                row["camera"],
                row["days"],
                price_difference(
                    self.period,
                    self.currency,
                    self._versions(row["tariff"]),
                    self._versions(row["mapped"]),
                    row["days"],
                ),
                _("tariff %(code)s, but preset %(preset)s on %(days)s")
                % {
                    "code": row["code"],
                    "preset": row["preset"] or _("none"),
                    "days": _spoken(row["days"]),
                },
            )
            for row in rows
        ]

    def depths(self, rows: Sequence[Record]) -> list[Difference]:
        return [
            Difference(
                kind=Kind.DEPTH_ABOVE_PRESET,
                accepted=(row["camera"], row["meter"]) in self.quiet,
                camera=self.names[row["camera"]],
                days=row["days"],
                worth=excess_worth(
                    self.period,
                    self.currency,
                    self.book.prices.wholesale.rates,
                    {row["meter"]: row["excess"]},
                ),
                detail=_("%(meter)s %(depth)s above the %(allowed)s of preset %(preset)s")
                % {name: row[name] for name in ("meter", "depth", "allowed", "preset")},
            )
            for row in rows
        ]

    async def not_mapped(self, rows: Sequence[Record]) -> list[Difference]:
        days: dict[int, set[date]] = defaultdict(set)
        for row in rows:
            days[row["camera"]].update(row["days"])
        worth = await self._wholesale({camera: sorted(of) for camera, of in days.items()})
        details: dict[int, list[str]] = defaultdict(list)
        for row in rows:
            details[row["camera"]].append(_unmapped(row))
        return [
            self._of(
                Kind.NOT_MAPPED,
                camera,
                sorted(of),
                worth[camera],
                joined(dict.fromkeys(details[camera]), "; "),
            )
            for camera, of in days.items()
        ]

    async def not_read(self, start: date, end: date) -> list[Difference]:
        """Days that are over and that no complete reading covers, if the cloud is read at all."""
        cloud = self.book.cloud
        connected = await self.tx.fetchrow(_CONNECTED, cloud.id)
        if connected is None or connected["since"] is None:
            return []
        start = max(start, local_date(connected["since"], cloud.timezone))
        if connected["until"] is not None:
            end = min(end, local_date(connected["until"], cloud.timezone))
        if end <= start:
            return []
        read = await coverage.days_read(self.tx, cloud, Period(start, end))
        days = [day for day in known_days(start, end, cloud.timezone) if day not in read]
        stakes: dict[date, int] = defaultdict(int)
        for row in await self.tx.fetch(_AT_STAKE, cloud.id, days):
            price = retail_worth(
                self.period, self.currency, self._versions(row["tariff"]), [row["day"]]
            )
            stakes[row["day"]] += price * row["cameras"]
        return [
            Difference(
                Kind.DAY_NOT_READ,
                None,
                1,
                stakes[day],
                _("no complete reading on %(days)s") % {"days": day},
            )
            for day in days
        ]

    async def _wholesale(self, days: dict[int, Sequence[date]]) -> dict[int, int]:
        """What the platform charges for cameras on days of theirs."""
        facts = await rating.of_cameras(self.tx, self.book, list(days))
        usage = {camera.camera: camera for camera in facts.cameras}
        return {
            camera: wholesale_worth(
                self.book.prices.wholesale, usage[camera], {self.period.index(day) for day in of}
            )
            for camera, of in days.items()
        }

    def _versions(self, tariff: int | None) -> Sequence[Any]:
        return self.book.prices.versions.get(tariff or 0, ())

    def _of(
        self, kind: Kind, camera: int, days: Sequence[date], worth: int, detail: str
    ) -> Difference:
        return Difference(kind, self.names[camera], len(days), worth, detail)


def _unmapped(row: Record) -> str:
    said = []
    if row["no_subscriber"]:
        called = f"{row['organization']} {row['organization_title'] or ''}".strip()
        said.append(_("organization %(called)s") % {"called": called})
    if row["no_tariff"]:
        called = f"{row['preset']} {row['preset_title'] or ''}".strip()
        said.append(_("preset %(called)s") % {"called": called})
    if len(said) == 2:
        return _("%(one)s and %(other)s") % {"one": said[0], "other": said[1]}
    return joined(said)


def _spoken(days: Sequence[date]) -> Any:
    return nameless.days_in_words(days[0], days[-1])
