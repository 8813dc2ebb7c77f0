"""A month's usage summed for the screens: by camera, by subscriber, by cloud, and day by day.

The usage of a month is one partition; what is summed is one cloud of it, in one scan. Only days
that are over are summed: `until` is the day after the last of them (`billing.period.MonthAt`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from portal.access import Actor, shows
from portal.billing.period import MonthAt, Period
from portal.db import Transaction, snapshot
from portal.errors import no_such
from portal.kit.queries import zones
from portal.kit.queries.pages import Sorts, in_order, last_page
from portal.kit.queries.tenancy import CloudFacts
from portal.usage.queries import kept_sums, measured, month_sums
from portal.usage.queries.kept_sums import KeptSums, SumRow
from portal.usage.queries.measured import Measured
from portal.usage.queries.seen import seen
from portal.words import _

NOBODY: Final = "-"
"""No code: the customers of no referral."""


@dataclass(frozen=True, slots=True)
class UsageLine:
    """What a camera, a subscriber or a cloud used in a month.

    `key` is an external id, a number or a slug; `subscriber` and `owner` are the number and name of
    a camera's subscriber. `cameras` had a subscription or usage, on `days` camera-days there was
    usage. `quantities` are in units of each service, by its code.
    """

    key: str
    name: str
    cameras: int
    days: int
    quantities: Mapping[str, Decimal]
    subscriber: int | None = None
    owner: str = ""


@dataclass(frozen=True, slots=True)
class UsageTable:
    """One page of lines, `total` of them on all pages, and the sum of all.

    `services` are those with usage, by code; `cameras_by_day` counts cameras with usage on each day
    of the month, None on days of which there is no usage yet. What is said of all is exact or, of a
    large cloud, as the last estimate found it, `as_of`.
    """

    services: Sequence[Measured]
    lines: Sequence[UsageLine]
    total: int
    sum: UsageLine
    cameras_by_day: Sequence[int | None]
    as_of: datetime | None = None

    def dated(self, as_of: datetime) -> UsageTable:
        """The same as it was found at `as_of`."""
        return replace(self, as_of=as_of)


@dataclass(slots=True)
class _Sums:
    """Base units by meter: (summed, highest of each camera summed); and camera-days."""

    meters: dict[int, tuple[int, int]] = field(default_factory=dict)
    days: int = 0

    def add(self, meter: int, total: int, peak: int) -> None:
        """The sums of some further cameras."""
        before = self.meters.get(meter, (0, 0))
        self.meters[meter] = before[0] + total, before[1] + peak


CAMERAS: Final = """
select c.id, 1 as cameras from camera c left join subscriber s on s.id = c.subscriber
where c.cloud = $1
  and ($4::text is null or strpos(lower(c.external_id), lower($4)) > 0
    or strpos(lower(c.name), lower($4)) > 0)
  and (exists (select from subscription p where p.cloud = c.cloud and p.camera = c.id
               and p.starts_on < $3 and (p.ends_on is null or p.ends_on > $2)
               and ($5::bigint is null or p.subscriber = $5)
               and ($6::bigint is null or p.tariff = $6))
    or $5::bigint is null and $6::bigint is null and exists (
         select from seen_usage u where u.cloud = c.cloud and u.camera = c.id and u.month = $2))
"""
_CAMERA_SORTS: Final = Sorts(
    {"camera": "c.external_id", "name": "lower(c.name)", "subscriber": "s.number"},
    tie="c.external_id",
    optional=frozenset({"subscriber"}),
)
_CAMERA_NAMES: Final = """
select c.id, c.external_id as key, c.name, s.number as subscriber, coalesce(s.name, '') as owner
from camera c left join subscriber s on s.id = coalesce($2, c.subscriber)
where c.id = any($1::bigint[])
"""
SUBSCRIBERS: Final = """
select s.id, s.number, s.name, count(distinct p.camera)::int as cameras
from subscription p join subscriber s on s.id = p.subscriber
where p.cloud = $1 and p.starts_on < $3 and (p.ends_on is null or p.ends_on > $2)
  and ($4::text is null or strpos(lower(s.name), lower($4)) > 0 or s.number::text = $4)
  and ($5::bigint[] is null or s.number = any($5))
  and ($6::bigint is null or coalesce(s.referral, 0) = $6)
group by s.id, s.number, s.name
"""
# The same, one after the other in the order of an index, until the page is full.
_EACH_SUBSCRIBER: Final = """
select s.id, s.number, s.name, (
  select count(*)::int from (
    select from subscription p
    where p.cloud = $1 and p.subscriber = s.id
      and p.starts_on < $3 and (p.ends_on is null or p.ends_on > $2) group by p.camera
  ) one
) as cameras
from subscriber s
where s.cloud = $1 and $4::text is null and (
  select true from subscription p
  where p.cloud = $1 and p.subscriber = s.id
    and p.starts_on < $3 and (p.ends_on is null or p.ends_on > $2) limit 1)
"""
_SUBSCRIBER_SORTS: Final = Sorts(
    {"number": "s.number", "name": "lower(s.name)", "cameras": "cameras"}, tie="s.number"
)
_CLOUDS: Final = """
select c.id, c.slug as key, c.name, c.timezone, coalesce((
  select k.total from usage_sum k
  where k.cloud = c.id and k.month = $1 and k.basis = 'used' and k.kind = 'count' and k.key = 2
), (
  select count(distinct p.camera) from subscription p
  where p.cloud = c.id and p.starts_on < $2 and (p.ends_on is null or p.ends_on > $1)
))::int as cameras
from cloud c where $3::text is null or strpos(lower(c.name), lower($3)) > 0 or c.slug = $3
"""
_CLOUD_SORTS: Final = Sorts({"cloud": "lower(c.name)", "cameras": "cameras"}, tie="c.slug")


async def sum_by_camera(
    actor: Actor,
    cloud: CloudFacts,
    period: Period,
    *,
    until: date,
    subscriber: int | None = None,
    tariff: str | None = None,
    text: str | None = None,
    sort: str = "camera",
    offset: int = 0,
    limit: int = 50,
    whole: bool = True,
) -> UsageTable:
    """A page of the cameras that were subscribed or used in a month, with what they used.

    `subscriber` is a number: only days on which a camera served it count; `tariff` a code: only
    days on it. `sort` is camera, name or subscriber. Without `whole` nothing but the page is read,
    and what is said of all is said of it alone. Raises `NotFound`.
    """
    async with snapshot(actor) as tx:
        owner = None if subscriber is None else await _subscriber_id(tx, cloud, subscriber)
        plan = None if tariff is None else await _tariff_id(tx, cloud, tariff)
        narrowed = owner if plan is None else plan
        kept, is_all = None, narrowed is None and _is_all(actor, text, whole=whole)
        if is_all:
            kept = await kept_sums.find(tx, cloud.id, period, "used")
        ordered = seen(CAMERAS) + _CAMERA_SORTS.order_by(sort)
        which = cloud.id, period.start, period.end, text, owner, plan
        if kept is not None:
            found = await in_order(tx, ordered, which, kept.lines, offset=offset, limit=limit)
        else:
            part = (0, None) if whole else (offset, limit)
            found = await tx.fetch(ordered + " offset $7 limit $8", *which, *part)
        ids = [row["id"] for row in found]
        first = last_page(offset, limit, len(ids)) if whole and kept is None else 0
        shown = ids[first : first + limit]
        month, of = (cloud.id, period.start, until), () if narrowed is None else (narrowed,)
        rows = _rows_of(owner, plan)
        sums: list[SumRow] = [*await tx.fetch(month_sums.each(rows), *month, shown, *of)]
        if kept is not None:
            sums += kept.rows
        elif is_all:
            sums += await tx.fetch(month_sums.whole(month_sums.OF_ALL_CAMERAS), *month, None)
        else:
            sums += await tx.fetch(month_sums.whole(rows), *month, ids, *of)
        services = await _services(tx, sums)
        names = {row["id"]: row for row in await tx.fetch(_CAMERA_NAMES, shown, owner)}
    lines = [{**names[one], "cameras": 1} for one in shown]
    total = len(ids) if kept is None else kept.lines
    return _table(period, services, sums, lines, cameras=total, total=total, kept=kept)


async def sum_by_subscriber(
    actor: Actor,
    cloud: CloudFacts,
    period: Period,
    *,
    until: date,
    text: str | None = None,
    numbers: Sequence[int] | None = None,
    referral: str | None = None,
    sort: str = "number",
    offset: int = 0,
    limit: int = 50,
    whole: bool = True,
) -> UsageTable:
    """A page of the subscribers with a subscription in a month, with what their cameras used.

    Only days on which a camera served the subscriber count. `numbers` are the subscribers to look
    at, None all; `referral` is the code of their referral, NOBODY for none. `sort` is number,
    name or cameras. Without `whole` the usage of the page alone is summed.
    """
    async with snapshot(actor) as tx:
        brought = None if referral is None else await _referral_id(tx, cloud, referral)
        kept, which = None, (cloud.id, period.start, period.end, text, numbers, brought)
        if numbers is None and brought is None and _is_all(actor, text, whole=whole):
            kept = await kept_sums.find(tx, cloud.id, period, "served")
        order = _SUBSCRIBER_SORTS.order_by(sort)
        if kept is not None and _SUBSCRIBER_SORTS.key_of(sort)[0] != "cameras":
            each_one = _EACH_SUBSCRIBER + order
            found = await in_order(tx, each_one, which[:4], kept.lines, offset=offset, limit=limit)
            lines = found
        else:
            found = await tx.fetch(SUBSCRIBERS + order, *which)
            first = last_page(offset, limit, len(found))
            lines = found[first : first + limit]
        shown = [row["id"] for row in lines]
        month = cloud.id, period.start, until
        each = month_sums.each(month_sums.OF_SUBSCRIBER)
        sums: list[SumRow] = [*await tx.fetch(each, *month, shown)]
        if kept is not None:
            sums += kept.rows
        else:
            of = [row["id"] for row in found] if whole else shown
            sums += await tx.fetch(month_sums.whole(month_sums.OF_SUBSCRIBER), *month, of)
        services = await _services(tx, sums)
    named = [{**row, "key": str(row["number"])} for row in lines]
    total, cameras = len(found), sum(row["cameras"] for row in found)
    if kept is not None:
        total, cameras = kept.lines, kept.cameras
    return _table(period, services, sums, named, cameras=cameras, total=total, kept=kept)


async def sum_by_cloud(
    actor: Actor,
    period: Period,
    *,
    now: datetime,
    text: str | None = None,
    sort: str = "cloud",
    offset: int = 0,
    limit: int = 50,
) -> UsageTable:
    """A page of the clouds that the actor sees, with what their cameras used; all is one scan.

    `cameras` of a line had a subscription in the month. `sort` is cloud or cameras. Which days are
    over at `now` is a matter of each cloud's zone.
    """
    async with snapshot(actor) as tx:
        found = await tx.fetch(
            _CLOUDS + _CLOUD_SORTS.order_by(sort), period.start, period.end, text
        )
        kept = await kept_sums.by_cloud(tx, period)
        offset = last_page(offset, limit, len(found))
        todays = await zones.todays(tx, now)
        untils = {
            row["id"]: _until(period, todays.get(row["timezone"]))
            for row in found
            if row["id"] not in kept
        }
        last = max(untils.values(), default=period.start)
        month = [*untils.values()], period.start, last, [*untils]
        sums: list[SumRow] = [*await tx.fetch(month_sums.whole(month_sums.OF_CLOUD), *month)]
        sums += await tx.fetch(month_sums.each(month_sums.OF_CLOUD), *month)
        of = {row["id"]: kept[row["id"]] for row in found if row["id"] in kept}
        sums += [row for one in of.values() for row in one.rows]
        services = await _services(tx, sums)
    lines = [
        {name: value for name, value in row.items() if name != "timezone"}
        for row in found[offset : offset + limit]
    ]
    cameras = sum(row["cameras"] for row in found)
    oldest = min(of.values(), key=lambda one: one.as_of, default=None)
    return _table(period, services, sums, lines, cameras=cameras, total=len(found), kept=oldest)


def _rows_of(owner: int | None, tariff: int | None) -> str:
    """Usage of cameras: all of it, or on days with a subscriber, or on a tariff."""
    if tariff is not None:
        return month_sums.OF_CAMERA_OF_TARIFF
    return month_sums.OF_CAMERA if owner is None else month_sums.OF_CAMERA_OF_SUBSCRIBER


def _is_all(actor: Actor, text: str | None, *, whole: bool) -> bool:
    """Whether all of a cloud is asked for, by somebody who sees all of its books."""
    return whole and text is None and shows(actor, "sales", "margin")


def _until(period: Period, today: str | None) -> date:
    """The day after the last that is over; in a zone that is none, no day is."""
    return MonthAt(period, date.fromisoformat(today)).until if today else period.start


async def _subscriber_id(tx: Transaction, cloud: CloudFacts, number: int) -> int:
    found: int | None = await tx.fetchval(
        "select id from subscriber where cloud = $1 and number = $2", cloud.id, number
    )
    if found is None:
        raise no_such(_("subscriber"), number)
    return found


async def _tariff_id(tx: Transaction, cloud: CloudFacts, code: str) -> int:
    found: int | None = await tx.fetchval(
        "select id from tariff where cloud = $1 and code = $2", cloud.id, code
    )
    if found is None:
        raise no_such(_("tariff"), code)
    return found


async def _referral_id(tx: Transaction, cloud: CloudFacts, code: str) -> int:
    """The row id of a referral; 0 is NOBODY."""
    if code == NOBODY:
        return 0
    found: int | None = await tx.fetchval(
        "select id from referral_name where cloud = $1 and code = $2", cloud.id, code
    )
    if found is None:
        raise no_such(_("referral"), code)
    return found


async def _services(tx: Transaction, sums: Sequence[SumRow]) -> list[Measured]:
    meters = [row["key"] for row in sums if row["what"] == "meter"]
    return await measured.of_meters(tx, meters)


async def table_of(
    tx: Transaction, period: Period, sums: Sequence[SumRow], lines: Sequence[Mapping[str, Any]]
) -> UsageTable:
    """All lines, each with its row `id`, of rows of sums; nothing is said of single days."""
    services = await _services(tx, sums)
    cameras = sum(line["cameras"] for line in lines)
    found = _table(period, services, sums, lines, cameras=cameras, total=len(lines))
    days = sum(line.days for line in found.lines)
    return replace(found, sum=replace(found.sum, days=days), cameras_by_day=())


def _table(
    period: Period,
    services: Sequence[Measured],
    sums: Sequence[SumRow],
    lines: Sequence[Mapping[str, Any]],
    *,
    cameras: int,
    total: int,
    kept: KeptSums | None = None,
) -> UsageTable:
    used: dict[int, _Sums] = defaultdict(_Sums)
    whole = _Sums()
    by_day: list[int | None] = [None] * period.days
    for row in sums:
        what, of, key, added = row["what"], row["of"], row["key"], int(row["total"])
        if what == "meter":
            whole.add(key, added, int(row["peak"]))
        elif what == "of":
            used[of].add(key, added, int(row["peak"]))
        elif what == "days":
            used[of].days = added
        elif what == "day":
            by_day[key] = added + (by_day[key] or 0)
            whole.days += added
    last = max((index for index, count in enumerate(by_day) if count), default=-1)

    def line(facts: Mapping[str, Any], of: _Sums) -> UsageLine:
        quantities = {
            service.code: service.quantity(*of.meters[service.meter], period.days)
            for service in services
            if service.meter in of.meters
        }
        kept = {name: value for name, value in facts.items() if name not in {"id", "number"}}
        return UsageLine(**kept, days=of.days, quantities=quantities)

    return UsageTable(
        services=services,
        lines=[line(facts, used[facts["id"]]) for facts in lines],
        total=total,
        sum=line({"key": "", "name": "", "cameras": cameras}, whole),
        cameras_by_day=[*((count or 0) for count in by_day[: last + 1]), *by_day[last + 1 :]],
        as_of=kept.as_of if kept else None,
    )
