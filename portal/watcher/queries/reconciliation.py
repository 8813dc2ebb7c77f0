"""Watcher and the books side by side: where they disagree in a month, and what that is worth.

What workers have kept is read, and what changed since is worked out anew: together they say what
going through all cameras would say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from asyncpg import Record

from portal.access import Actor
from portal.billing.period import Period
from portal.billing.reconciliation import Difference, Kind
from portal.db import Transaction, snapshot
from portal.kit.queries.pages import Sorts
from portal.kit.queries.tenancy import CloudFacts
from portal.watcher.queries import comparison, stale
from portal.words import mapped, stored, told


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """A month's differences; worth in minor units of `currency`."""

    currency: str
    differences: Sequence[Difference]


@dataclass(frozen=True, slots=True)
class Sight:
    """A month's differences, ready to be listed: what is kept, and rows that were worked out.

    `month` is None where nothing is kept; of what is, the rows of `stale` cameras do not count.
    """

    cloud: CloudFacts
    month: date | None
    stale: Sequence[int]
    rows: Sequence[tuple[Any, ...]]

    @property
    def arguments(self) -> tuple[Any, ...]:
        """$1 to $11 of a statement that begins with `_FOUND`."""
        columns = zip(*self.rows, strict=True) if self.rows else ((),) * len(_COLUMNS)
        return (self.cloud.id, self.month, self.stale, *(list(one) for one in columns))


@dataclass(frozen=True, slots=True)
class Filters:
    """Which differences are listed: of one kind, of cameras whose id has a text in it."""

    kind: str = ""
    text: str = ""

    @property
    def arguments(self) -> tuple[str, str]:
        """$12 and $13."""
        return (self.kind if self.kind in set(Kind) else "", self.text)


@dataclass(frozen=True, slots=True)
class Sum:
    """Differences of one kind: how many, and on how many days; worth in minor units.

    `count`, `days` and `worth` are without those that are accepted, the rest is of all.
    """

    kind: Kind
    count: int
    days: int
    worth: int
    all_count: int
    all_days: int


@dataclass(frozen=True, slots=True)
class Sums:
    """What differences come to: by kind, in their own order, and together.

    In `worth` a camera counts once, with its highest kind, as in `billing.total_worth`.
    """

    kinds: Sequence[Sum]
    worth: int

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(one.all_count for one in self.kinds)

    @property
    def days(self) -> int:
        """The sum of their days."""
        return sum(one.all_days for one in self.kinds)


@dataclass(frozen=True, slots=True)
class Group:
    """A customer's differences that nobody accepted; `number` None: of nobody, or of no camera.

    `cameras` are some of theirs by id, each with what it comes to; `all_cameras` how many there
    are, and `by_tariff` of how many another tariff is a cure. `unmapped` and `unread` say whether
    any is of these kinds.
    """

    number: int | None
    name: str
    count: int
    worth: int
    all_cameras: int
    by_tariff: int
    unmapped: bool
    unread: bool
    cameras: Sequence[tuple[str, int]]


GROUP_CAMERAS: Final = 50
DETAIL_MAX: Final = 100_000
CURED_BY_TARIFF: Final = frozenset({Kind.PRESET_DIFFERS, Kind.DEPTH_ABOVE_PRESET})
_COLUMNS: Final = (
    *("kind", "camera", "name", "subscriber", "days", "worth", "accepted", "detail"),
)
_ALL: Final = 1_000_000
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_RANK: Final = f"array_position(array{[str(kind) for kind in Kind]}::text[], kind)"
_FOUND: Final = """
with found as (
  select kind::text, camera, name, subscriber, days, worth, accepted, detail from difference
  where cloud = $1 and month = $2 and camera <> all($3::bigint[])
  union all
  select * from unnest($4::text[], $5::bigint[], $6::text[], $7::bigint[], $8::integer[],
                       $9::numeric[], $10::boolean[], $11::text[])
), shown as (
  select * from found
  where ($12 = '' or kind = $12) and ($13 = '' or strpos(lower(coalesce(name, '')), lower($13)) > 0)
)
"""
_SORTS: Final = Sorts(
    {
        "kind": _RANK,
        "camera": "coalesce(name, '') collate \"C\"",
        "days": "days",
        "worth": "worth",
    },
    tie=f"{_RANK}, coalesce(name, '') collate \"C\", detail, days, worth",
)
_PAGE: Final = "select * from shown {order} offset $14 limit $15"
_SUMS: Final = """
select kind, count(*) filter (where not accepted)::int as count,
       coalesce(sum(days) filter (where not accepted), 0)::bigint as days,
       coalesce(sum(worth) filter (where not accepted), 0) as worth,
       count(*)::int as all_count, sum(days)::bigint as all_days
from shown group by kind
"""
# A camera with its kinds, each of which adds up: the highest counts.
_EACH: Final = """
, each as (
  select camera, min(name) as name, min(subscriber) as subscriber, max(worth) as worth,
         sum(count)::int as count, bool_or(by_tariff) as by_tariff,
         bool_or(kind = 'not_mapped') as unmapped
  from (
    select camera, kind, min(name) as name, min(subscriber) as subscriber, sum(worth) as worth,
           count(*) as count,
           kind = any(array['preset_differs', 'depth_above_preset']) as by_tariff
    from shown where not accepted and camera is not null group by camera, kind
  ) one group by camera
), nobodys as (
  select count(*)::int as count, coalesce(sum(worth), 0) as worth,
         coalesce(bool_or(kind = 'day_not_read'), false) as unread
  from shown where not accepted and camera is null
)
"""
_WORTH: Final = "select worth + (select coalesce(sum(worth), 0) from each) as worth from nobodys"
_GROUPS: Final = """
, grouped as (
  select subscriber, sum(count)::int as count, sum(worth) as worth,
         sum(cameras)::int as all_cameras, sum(by_tariff)::int as by_tariff,
         bool_or(unmapped) as unmapped, bool_or(unread) as unread
  from (
    select subscriber, sum(count) as count, sum(worth) as worth, count(*) as cameras,
           count(*) filter (where by_tariff) as by_tariff, bool_or(unmapped) as unmapped,
           false as unread
    from each group by subscriber
    union all
    select null, count, worth, 0, 0, false, unread from nobodys where count > 0
  ) one group by subscriber
)
select g.*, s.number, coalesce(s.name, '') as name
from (
  select *, count(*) over ()::int as groups from grouped
  order by worth desc, subscriber nulls first offset $14 limit $15
) g
left join subscriber s on s.id = g.subscriber
order by g.worth desc, g.subscriber nulls first
"""
_CAMERAS: Final = """
select subscriber, name, worth from (
  select subscriber, name, worth,
         row_number() over (partition by subscriber order by name collate "C") as place
  from each where subscriber = any($14::bigint[]) or subscriber is null
) one
where place <= $15 order by name collate "C"
"""
_OF_SUBSCRIBER: Final = """
select f.*, s.name as customer from shown f
join subscriber s on s.id = f.subscriber
where s.number::text = $14 and f.kind = any($15::text[]) and not f.accepted
order by f.name collate "C"
"""


async def get(actor: Actor, cloud: CloudFacts, period: Period, *, now: datetime) -> Reconciliation:
    """Where Watcher and the books disagree in a month's days so far, by kind and camera."""
    async with snapshot(actor) as tx:
        seen = await _look(tx, cloud, period, now)
        return Reconciliation(cloud.currency, await _page(tx, seen, Filters(), "kind", (0, _ALL)))


async def look(actor: Actor, cloud: CloudFacts, period: Period, *, now: datetime) -> Sight:
    """What the lists of a month's days so far are read from."""
    async with snapshot(actor) as tx:
        return await _look(tx, cloud, period, now)


async def _look(tx: Transaction, cloud: CloudFacts, period: Period, now: datetime) -> Sight:
    of = await comparison.begin(tx, cloud, period, now)
    if of is None:
        return Sight(cloud, None, (), ())
    since = await stale.marks(tx, cloud.id)
    kept = await stale.kept(tx, cloud.id, period, of.tomorrow, since)
    found = await comparison.of_cameras(tx, of, kept.stale)
    rows = [
        *(_row(None, None, one) for one in await comparison.of_no_camera(tx, of)),
        *(_row(one.camera, one.subscriber, one.found) for one in found.differences),
    ]
    return Sight(cloud, None if kept.stale is None else period.start, kept.stale or (), rows)


def _row(camera: int | None, subscriber: int | None, one: Difference) -> tuple[Any, ...]:
    said = (one.days, one.worth, one.accepted, kept_detail(one))
    return (str(one.kind), camera, one.camera, subscriber, *said)


def kept_detail(one: Difference) -> str:
    """What a difference says, as the database keeps it, with titles of Watcher's own in it."""
    return stored(one.detail, at_most=DETAIL_MAX)


async def page(
    actor: Actor, of: Sight, which: Filters, *, sort: str, offset: int, limit: int
) -> list[Difference]:
    """Some of the rows; `sort` is kind, camera, days or worth, with "-" in front for downwards."""
    async with snapshot(actor) as tx:
        return await _page(tx, of, which, sort, (offset, limit))


async def _page(
    tx: Transaction, of: Sight, which: Filters, sort: str, part: tuple[int, int]
) -> list[Difference]:
    text = _FOUND + _PAGE.format(order=_SORTS.order_by(sort))
    rows = await tx.fetch(text, *of.arguments, *which.arguments, *part)
    return [_difference(row) for row in rows]


async def sums(actor: Actor, of: Sight, which: Filters = Filters()) -> Sums:
    """What differences come to."""
    async with snapshot(actor) as tx:
        arguments = (*of.arguments, *which.arguments)
        by_kind = {row["kind"]: row for row in await tx.fetch(_FOUND + _SUMS, *arguments)}
        found = [_sum(by_kind[kind]) for kind in Kind if kind in by_kind]
        return Sums(found, int(await tx.fetchval(_FOUND + _EACH + _WORTH, *arguments)))


async def groups(
    actor: Actor, of: Sight, which: Filters, *, offset: int, limit: int
) -> tuple[list[Group], int]:
    """By customer, the most valuable first, some of so many."""
    async with snapshot(actor) as tx:
        arguments = (*of.arguments, *which.arguments)
        rows = await tx.fetch(_FOUND + _EACH + _GROUPS, *arguments, offset, limit)
        whose = [row["subscriber"] for row in rows if row["subscriber"] is not None]
        cameras = _FOUND + _EACH + _CAMERAS
        theirs: dict[int | None, list[tuple[str, int]]] = {}
        for row in await tx.fetch(cameras, *arguments, whose, GROUP_CAMERAS):
            theirs.setdefault(row["subscriber"], []).append((row["name"], int(row["worth"])))
    found = [_group(row, theirs.get(row["subscriber"], [])) for row in rows]
    return found, rows[0]["groups"] if rows else 0


async def cured_by_tariff(actor: Actor, of: Sight, subscriber: str) -> tuple[str, list[Difference]]:
    """Those of a customer, by a number as it was sent, that another tariff cures, by camera.

    What is accepted is left out. The customer's name comes first, "" where there are none.
    """
    async with snapshot(actor) as tx:
        kinds = sorted(CURED_BY_TARIFF)
        rows = await tx.fetch(
            _FOUND + _OF_SUBSCRIBER, *of.arguments, *Filters().arguments, subscriber, kinds
        )
        return rows[0]["customer"] if rows else "", [_difference(row) for row in rows]


def _difference(row: Record) -> Difference:
    detail = mapped(told(row["detail"]), _as_day)
    return Difference(
        kind=Kind(row["kind"]),
        camera=row["name"],
        days=row["days"],
        worth=int(row["worth"]),
        detail=detail,
        accepted=row["accepted"],
    )


def _as_day(value: Any) -> Any:
    """A day that a sentence has among its values, as a date again."""
    return date.fromisoformat(value) if _DAY.fullmatch(str(value)) else value


def _sum(row: Record) -> Sum:
    names: Iterable[str] = ("count", "days", "worth", "all_count", "all_days")
    return Sum(Kind(row["kind"]), *(int(row[name]) for name in names))


def _group(row: Record, cameras: Sequence[tuple[str, int]]) -> Group:
    return Group(
        number=row["number"],
        name=row["name"],
        count=row["count"],
        worth=int(row["worth"]),
        all_cameras=row["all_cameras"],
        by_tariff=row["by_tariff"],
        unmapped=row["unmapped"],
        unread=row["unread"],
        cameras=cameras,
    )
