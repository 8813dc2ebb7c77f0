"""The cameras of a cloud as a list: read for one page alone.

Which cameras there are comes from indexes, page by page; what is said of each is looked up, and
rated, for those of the page. So a cloud of 100 000 cameras is listed as quickly as one of 100.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from portal.access import Actor, shows
from portal.billing.period import MonthAt, Period, local_date
from portal.billing.rating import Measure, Service, rate_cameras, version_on
from portal.books.queries import rating
from portal.books.queries.rating import PriceBook
from portal.db import Transaction, snapshot
from portal.kit.queries import words
from portal.kit.queries.pages import Part, Sorts, chosen, known, looked_at
from portal.kit.queries.rows import row_of
from portal.kit.queries.tenancy import CloudFacts
from portal.kit.queries.words import Hits
from portal.overview.forms.camera_filters import KEEPS, LOSES, WITHOUT, Filters
from portal.tables.usage_days import column_of
from portal.tables.usage_views import IN_PART
from portal.usage.queries import coverage
from portal.usage.queries.seen import seen

COUNTED_MAX: Final = 10_000
"""Up to so many are counted; of more it is said that they are more."""
LOOKED_AT_MAX: Final = 1_000
"""The same where each has to be looked at: which text it has, what it keeps, what it is on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraRow:
    """One camera as it is today. Amounts are minor units of `currency`.

    `kept` and `sold` are days of archive, as they were yesterday. `so_far` is what its days of this
    month come to, before discount; `margin` that of the last closed month, None where it is not
    known or not this actor's to know.
    """

    external_id: str
    name: str
    subscriber: int | None
    owner: str
    tariff: str | None
    tariff_name: str
    since: date | None
    state: str
    currency: str
    kept: Decimal | None = None
    sold: Decimal | None = None
    accepted: bool = False
    so_far: int | None = None
    margin: int | None = None

    @property
    def keeps_more(self) -> bool:
        """Whether it keeps more than is sold, and nobody has accepted that."""
        return self.kept is not None and self.kept > (self.sold or 0) and not self.accepted


@dataclass(frozen=True, slots=True)
class Cameras:
    """A page; `total` are at most as many as were counted, `is_more` says that there are more.

    `month` is the last closed one.
    """

    rows: Sequence[CameraRow]
    total: int
    is_more: bool
    month: date | None


@dataclass(frozen=True, slots=True)
class KeptMore:
    """Of which depths, by key, a camera keeps more than is sold; whether each is sold at all."""

    meters: tuple[str, ...]
    is_sold: bool


SORTS: Final = Sorts({"name": "lower(c.name)", "external_id": "c.external_id"}, tie="c.id")
_RUNNING: Final = """
x.cloud = $1 and x.camera = c.id and x.starts_on <= $2 and (x.ends_on is null or x.ends_on > $2)
"""
_ROWS: Final = f"""
select c.id, c.external_id, c.name, s.number as subscriber, coalesce(s.name, '') as owner,
       x.code as tariff, coalesce(x.name, '') as tariff_name, x.starts_on as since,
       case when c.suspended or coalesce(s.suspended, false) then 'suspended'
            when c.subscriber is null then 'unowned'
            when x.code is null then 'without' else 'on_tariff' end as state
from camera c left join subscriber s on s.id = c.subscriber
left join lateral (
  select t.code, t.name, x.starts_on from subscription x join tariff t on t.id = x.tariff
  where {_RUNNING} limit 1
) x on true
where c.id = any($3)
"""  # noqa: S608 - conditions of ours
# An excess by the terms of each tariff, given as three arrays: tariff, meter and base units sold.
# It is looked for camera by camera, as all of `_where` is.
_BEYOND: Final = f"""
from subscription x
join seen_usage u on u.cloud = $1 and u.camera = c.id and u.meter = any($4)
  and u.month = date_trunc('month', $3::timestamp)::date
left join unnest($5::bigint[], $6::bigint[], $7::bigint[]) as i(tariff, meter, sold)
  on i.tariff = x.tariff and i.meter = u.meter
where {_RUNNING} and u.{{day}} > coalesce(i.sold, 0)
  and not exists (select from accepted_excess e where e.cloud = $1 and e.camera = c.id
                  and e.meter = u.meter and e.withdrawn_at is null)
"""
_KEEPS: Final = f"(select true {_BEYOND} limit 1)"
_KEPT_MORE: Final = f"""
select c.external_id, b.meters, b.is_sold from camera c
cross join lateral (
  select array_agg((select m.key from meter m where m.id = u.meter) order by u.meter) as meters,
         bool_and(coalesce(i.sold, 0) > 0) as is_sold {_BEYOND}) b
where c.cloud = $1 and $2::date is not null and c.external_id = any($8) and b.meters is not null
"""  # noqa: S608 - conditions of ours
_LOSES: Final = """
c.id in (select m.camera from margin m where m.cloud = $1 and m.period = $8
         and m.revenue - m.cost - m.commission < 0)
and (select sum(m.revenue - m.cost - m.commission) from margin m
     where m.cloud = $1 and m.period = $8 and m.camera = c.id) < 0
"""
_LAST: Final = """
select id, starts_on from period where cloud = $1 and state = 'closed'
order by starts_on desc limit 1
"""
_MARGINS: Final = """
select camera, sum(revenue - cost - commission)::bigint as margin from margin
where cloud = $1 and period = $2 and camera = any($3) group by camera
"""
_KEPT: Final = """
select u.camera, u.meter, u.{day} as quantity from seen_usage u
where u.cloud = $1 and u.camera = any($2) and u.meter = any($3) and u.month = $4
  and u.{day} is not null
"""
_ACCEPTED: Final = """
select camera, meter from accepted_excess
where cloud = $1 and camera = any($2) and withdrawn_at is null
"""


@dataclass(frozen=True, slots=True)
class _Sold:
    """Depths of archive as tariffs sell them today: by (tariff, meter), days and base units.

    `meters` are, by row id, those that say a depth, each with a service that sells it.
    """

    meters: Mapping[int, Service]
    base: Mapping[tuple[int, int], int]
    today: date

    @property
    def columns(self) -> tuple[list[int], list[int], list[int]]:
        """As three arrays."""
        pairs = list(self.base)
        return [one for one, _ in pairs], [one for _, one in pairs], list(self.base.values())


async def list_page(
    actor: Actor,
    cloud: CloudFacts,
    filters: Filters,
    *,
    now: datetime,
    sort: str = "name",
    offset: int = 0,
    limit: int = 50,
    counted: int | None = None,
) -> Cameras:
    """A page of the cameras that the actor sees.

    Up to `counted` are counted; unless that is said, COUNTED_MAX, or LOOKED_AT_MAX where each is
    looked at: by a filter, or to know whether somebody sees it who sees some of them.
    """
    looks = filters.looks or actor.role in IN_PART
    if counted is None:
        counted = LOOKED_AT_MAX if looks else COUNTED_MAX
    async with snapshot(actor) as tx:
        book, sold, last, hits = await _asked(tx, cloud, filters, now, counted)
        where, arguments = _where(filters, cloud, sold, last, hits)
        order, part = SORTS.order_by(sort), Part(offset, limit, counted)
        if hits is not None and filters == Filters(text=filters.text):
            found = await chosen(tx, "camera c", hits, order, part)
        else:
            find = looked_at if looks else known
            found = await find(tx, f"from camera c{where}", arguments, order, part)
        ids = found.page
        rows = await _rows(tx, book, ids, MonthAt(book.period, sold.today), sold)
        if last is not None and shows(actor, "sales", "margin"):
            made = await tx.fetch(_MARGINS, cloud.id, last["id"], ids)
            margins = {row["camera"]: row["margin"] for row in made}
            for camera, facts in rows.items():
                facts["margin"] = margins.get(camera)
    listed = [row_of(CameraRow, rows[one]) for one in ids]
    return Cameras(listed, found.total, found.is_more, None if last is None else last["starts_on"])


async def _asked(
    tx: Transaction, cloud: CloudFacts, filters: Filters, now: datetime, counted: int
) -> tuple[PriceBook, _Sold, Any, Hits | None]:
    """What every list needs: prices and what is sold today, the last close, what a text finds."""
    today = local_date(now, cloud.timezone)
    book = await rating.price_book(tx, cloud, Period.of(today))
    sold, last = await _sold(tx, book, today), await tx.fetchrow(_LAST, cloud.id)
    return book, sold, last, await words.find(tx, words.CAMERAS, cloud.id, filters.text, counted)


async def external_ids(
    actor: Actor, cloud: CloudFacts, filters: Filters, *, now: datetime, limit: int
) -> list[str]:
    """The first cameras that match, by name: of a list whose rows are all chosen."""
    async with snapshot(actor) as tx:
        _book, sold, last, hits = await _asked(tx, cloud, filters, now, limit)
        where, arguments = _where(filters, cloud, sold, last, hits)
        rows = await tx.fetch(
            f"select c.external_id from camera c {where}{SORTS.order_by('name')}"  # noqa: S608
            f" limit {limit}",
            *arguments,
        )
    return [row["external_id"] for row in rows]


async def keeping_more(
    tx: Transaction, cloud: CloudFacts, ids: Sequence[int], *, by_subscriber: bool, now: datetime
) -> set[int]:
    """Which of some cameras, or of some subscribers, keep more than is sold, as the list tells."""
    today = local_date(now, cloud.timezone)
    book = await rating.price_book(tx, cloud, Period.of(today))
    sold = await _sold(tx, book, today)
    where, arguments = _where(Filters(off=KEEPS), cloud, sold)
    column = "c.subscriber" if by_subscriber else "c.id"
    rows = await tx.fetch(
        f"select distinct {column} as id from camera c {where}"  # noqa: S608 - ours
        f" and {column} = any($14::bigint[])",
        *arguments,
        ids,
    )
    return {row["id"] for row in rows}


async def kept_more(
    actor: Actor, cloud: CloudFacts, external_ids: Sequence[str], *, now: datetime
) -> dict[str, KeptMore]:
    """What those of some cameras keep that keep more than is sold, as the list tells."""
    today = local_date(now, cloud.timezone)
    yesterday = today - timedelta(days=1)
    async with snapshot(actor) as tx:
        sold = await _sold(tx, await rating.price_book(tx, cloud, Period.of(today)), today)
        rows = await tx.fetch(
            seen(_KEPT_MORE.format(day=column_of(yesterday))),
            *(cloud.id, today, yesterday, list(sold.meters), *sold.columns),
            external_ids,
        )
    return {
        row["external_id"]: KeptMore(meters=tuple(row["meters"]), is_sold=row["is_sold"])
        for row in rows
    }


def _where(
    filters: Filters, cloud: CloudFacts, sold: _Sold, last: Any = None, hits: Hits | None = None
) -> tuple[str, list[Any]]:
    """The condition of a list and its arguments, which are all named so that each has a type."""
    yesterday = sold.today - timedelta(days=1)
    arguments = [
        *(cloud.id, sold.today, yesterday, list(sold.meters), *sold.columns),
        None if last is None else last["id"],
        *(filters.text, filters.subscriber, filters.tariff),
        None if hits is None else hits.ids,
        filters.missing,
    ]
    parts = [
        "c.cloud = $1 and $2::date is not null and $3::date is not null",
        "$4::bigint[] is not null and $5::bigint[] is not null and $6::bigint[] is not null",
        "$7::bigint[] is not null and ($8::bigint is null or true)",
        "($9::text is null or true) and ($10::bigint is null or true)",
        "($11::text is null or true) and ($12::bigint[] is null or $13::date is null or true)",
    ]
    if hits is not None:
        parts.append(hits.condition(words.CAMERAS, cloud="$1", row="c.id", text="$9", ids="$12"))
    if filters.subscriber is not None:
        parts.append("c.subscriber = (select id from subscriber where cloud = $1 and number = $10)")
    # By a value and no `exists`, which is one lookup a camera: it never becomes a join of all.
    running = f"(select true from subscription x where {_RUNNING} limit 1)"  # noqa: S608
    # Whose last subscription is over; where the next has not begun, each is looked at.
    idle = (
        "(c.served_until <= $2 or c.id = any(array("  # noqa: S608
        "select f.camera from subscription f where f.cloud = $1 and f.starts_on > $2"
        f" and {running.replace('c.id', 'f.camera')} is null)))"
    )
    if filters.tariff == WITHOUT:
        parts.append(idle)
    elif filters.tariff:
        parts.append(
            f"(select true from subscription x where {_RUNNING} and x.tariff ="  # noqa: S608
            " (select id from tariff where cloud = $1 and code = $11) limit 1)"
        )
    suspended = (
        "(c.suspended or c.subscriber ="
        " any(array(select id from subscriber where cloud = $1 and suspended)))"
    )
    parts += {
        "on_tariff": [running, f"not {suspended}"],
        "without": [idle, "c.subscriber is not null", f"not {suspended}"],
        "suspended": [suspended],
        "unowned": ["c.subscriber is null", "not c.suspended"],
    }.get(filters.state or "", [])
    keeps = seen(_KEEPS.format(day=column_of(yesterday)))
    parts += {KEEPS: [keeps], LOSES: [_LOSES]}.get(filters.off or "", [])
    if filters.missing is not None:
        parts.append(f"c.id = any(array({coverage.missing_on(filters.missing, '$13')}))")
    return f" where {' and '.join(parts)}", arguments


async def _sold(tx: Transaction, book: PriceBook, today: date) -> _Sold:
    """What tariffs sell of depths of archive today; one that charges what goes beyond sells all."""
    rows = await tx.fetch("select id, key from meter where key like 'recording.%.depth'")
    ids = {row["key"]: row["id"] for row in rows}
    meters = {
        ids[one.meter]: one
        for one in book.prices.wholesale.services
        if one.meter in ids and one.measure is Measure.UNIT_MONTH
    }
    base: dict[tuple[int, int], int] = {}
    for tariff, dated in book.prices.versions.items():
        version = version_on(dated, today)
        for item in version.items if version else ():
            if item.service.meter in ids:
                most = 2**62 if item.overage else int(item.quantity * item.service.unit_size)
                base[tariff, ids[item.service.meter]] = most
    return _Sold(meters, base, today)


async def _rows(
    tx: Transaction, book: PriceBook, ids: Sequence[int], month: MonthAt, sold: _Sold
) -> dict[int, dict[str, Any]]:
    """The facts of cameras, by row id."""
    cloud = book.cloud
    rows = await tx.fetch(_ROWS, cloud.id, month.today, ids)
    unknown = {"kept": None, "sold": None, "accepted": False, "margin": None}
    facts: dict[int, dict[str, Any]] = {
        row["id"]: {**row, **unknown, "currency": cloud.currency} for row in rows
    }
    fleet = await rating.of_cameras(tx, book, ids)
    for one in facts.values():
        one["so_far"] = 0 if fleet.subscriptions.get(one.pop("id")) else None
    for charge in rate_cameras(book.prices, fleet.so_far(month)).charges:
        if charge.side == "retail":
            facts[charge.camera]["so_far"] = charge.amount + (facts[charge.camera]["so_far"] or 0)
    yesterday = month.today - timedelta(days=1)
    accepted = {(row["camera"], row["meter"]) for row in await tx.fetch(_ACCEPTED, cloud.id, ids)}
    known = await tx.fetch(
        seen(_KEPT.format(day=column_of(yesterday))),
        *(cloud.id, ids, list(sold.meters), yesterday.replace(day=1)),
    )
    for row in known:
        service, camera = sold.meters[row["meter"]], row["camera"]
        kept = Decimal(row["quantity"]) / service.unit_size
        if kept <= (facts[camera]["kept"] or 0):
            continue
        running = [
            one
            for one in fleet.subscriptions.get(camera, ())
            if one.starts_on <= month.today and (one.ends_on is None or one.ends_on > month.today)
        ]
        base = sold.base.get((running[0].tariff, row["meter"]), 0) if running else 0
        facts[camera] |= {
            "kept": kept,
            "sold": min(Decimal(base) / service.unit_size, kept)
            if base > 2**61
            else Decimal(base) / service.unit_size,
            "accepted": (camera, row["meter"]) in accepted or not running,
        }
    return facts
