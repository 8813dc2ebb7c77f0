"""Watcher and the books held against each other: what differs about cameras, and days not read.

All of a cloud's cameras are gone through, or some: what is said of a camera is the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from asyncpg import Record

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
from portal.db import Transaction
from portal.kit.queries.tenancy import CloudFacts
from portal.usage.queries import coverage
from portal.usage.queries.seen import seen
from portal.watcher.queries import mismatches, nameless
from portal.words import _, joined

FEW: Final = 2_000
"""So many cameras are looked up one by one; of more, tables are read whole."""
_RATED_AT_ONCE: Final = 2_000
_ONE_DAY: Final = timedelta(days=1)
_Days = tuple[list[date], Sequence[datetime], Sequence[datetime]]
"""Days, their first instants, and those of the days after them."""
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


_NAMES: Final = (
    "select id, external_id, subscriber from camera where cloud = $1 and id = any($2::bigint[])"
)


@dataclass(frozen=True, slots=True)
class Compared:
    """A month held against Watcher, as far as its days have come: those before `end`."""

    cloud: CloudFacts
    book: PriceBook
    end: date
    tomorrow: date

    @property
    def days(self) -> _Days:
        """The month's days that have come."""
        return _days(self.book.period.start, self.end, self.cloud.timezone)

    @property
    def days_since(self) -> _Days:
        """They, and those of the months after that have come."""
        return _days(self.book.period.start, self.tomorrow, self.cloud.timezone)


@dataclass(frozen=True, slots=True)
class OfCamera:
    """A difference with its camera and the subscriber whose it is (row ids)."""

    camera: int
    subscriber: int | None
    found: Difference


@dataclass(frozen=True, slots=True)
class OfCameras:
    """Differences of cameras; `fixed` is as in `DifferenceMonth`."""

    differences: Sequence[OfCamera]
    fixed: frozenset[int]


async def begin(
    tx: Transaction, cloud: CloudFacts, period: Period, now: datetime
) -> Compared | None:
    """What a comparison needs; None where no day of the month has come."""
    tomorrow = after_today(cloud, now)
    end = min(period.end, tomorrow)
    if end <= period.start:
        return None
    return Compared(cloud, await rating.price_book(tx, cloud, period), end, tomorrow)


def after_today(cloud: CloudFacts, now: datetime) -> date:
    """The first day of a cloud that has not come."""
    return local_date(now, cloud.timezone) + _ONE_DAY


def _days(start: date, end: date, zone: str) -> _Days:
    bounds = day_starts(start, end, zone)
    return [start + timedelta(days=n) for n in range((end - start).days)], bounds[:-1], bounds[1:]


async def excesses(tx: Transaction, of: Compared, cameras: Sequence[int] | None) -> OfCameras:
    """Cameras that keep more than their presets give, of some cameras (row ids) or of all.

    What a preset gave that cannot be adjusted is learnt from all cameras that are asked about.
    """
    span = (of.cloud.id, of.book.period.start, of.end)
    rows = await _fetch(
        tx, seen(mismatches.DEPTH, of_all=cameras is None), cameras, *span, *of.days_since
    )
    compare = await _Comparison.of(tx, of, rows)
    fixed = frozenset(row["camera"] for row in rows if row["is_fixed"])
    return OfCameras(compare.depths(rows), fixed)


async def others(tx: Transaction, of: Compared, cameras: Sequence[int] | None) -> list[OfCamera]:
    """Every other difference about some cameras (row ids), or about all."""
    span, days = (of.cloud.id, of.book.period.start, of.end), of.days
    is_all = cameras is None
    recorded = await _fetch(tx, seen(mismatches.RECORDED, of_all=is_all), cameras, *span)
    not_there = await _fetch(tx, seen(mismatches.NOT_THERE), cameras, *span, *days)
    presets = await _fetch(tx, mismatches.PRESETS, cameras, of.cloud.id, *days)
    not_mapped = await _fetch(tx, mismatches.NOT_MAPPED, cameras, of.cloud.id, *days)
    compare = await _Comparison.of(tx, of, (*recorded, *not_there, *presets, *not_mapped))
    return [
        *await compare.recorded(recorded),
        *compare.not_there(not_there),
        *compare.presets(presets),
        *await compare.not_mapped(not_mapped),
    ]


async def of_cameras(tx: Transaction, of: Compared, cameras: Sequence[int] | None) -> OfCameras:
    """All that differs about some cameras (row ids), or about all."""
    if cameras is not None and not cameras:
        return OfCameras((), frozenset())
    kept_more = await excesses(tx, of, cameras)
    found = [*await others(tx, of, cameras), *kept_more.differences]
    return OfCameras(found, kept_more.fixed)


async def of_no_camera(tx: Transaction, of: Compared) -> list[Difference]:
    """Days that were not read, and cameras of which nobody knows a name."""
    return [
        *await nameless.differences(tx, of.cloud.id, of.days),
        *await _not_read(tx, of, of.book.period.start, min(of.end, of.tomorrow - _ONE_DAY)),
    ]


async def _fetch(
    tx: Transaction, statement: str, cameras: Sequence[int] | None, *arguments: object
) -> Sequence[Record]:
    if cameras is not None and len(cameras) <= FEW:
        return await tx.fetch(mismatches.of_some(statement), *arguments, cameras)
    # By loops in loops it would take hours where PostgreSQL knows too little of the tables, as
    # after a first reading or many changes.
    await tx.execute("set local enable_nestloop = off")
    if cameras is None:
        rows = await tx.fetch(mismatches.of_all(statement), *arguments)
    else:
        rows = await tx.fetch(mismatches.of_some(statement), *arguments, cameras)
    await tx.execute("set local enable_nestloop = on")
    return rows


async def _not_read(tx: Transaction, of: Compared, start: date, end: date) -> list[Difference]:
    """Days that are over and that no complete reading covers, if the cloud is read at all."""
    cloud, book = of.cloud, of.book
    connected = await tx.fetchrow(_CONNECTED, cloud.id)
    if connected is None or connected["since"] is None:
        return []
    start = max(start, local_date(connected["since"], cloud.timezone))
    if connected["until"] is not None:
        end = min(end, local_date(connected["until"], cloud.timezone))
    if end <= start:
        return []
    read = await coverage.days_read(tx, cloud, Period(start, end))
    days = [day for day in known_days(start, end, cloud.timezone) if day not in read]
    stakes: dict[date, int] = defaultdict(int)
    for row in await tx.fetch(_AT_STAKE, cloud.id, days) if days else ():
        versions = book.prices.versions.get(row["tariff"], ())
        price = retail_worth(book.period, cloud.currency, versions, [row["day"]])
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


class _Comparison:
    """Turns what SQL found into differences with their worth."""

    def __init__(
        self,
        tx: Transaction,
        book: PriceBook,
        names: dict[int, tuple[str, int | None]],
        quiet: Collection[tuple[int, str]],
    ) -> None:
        self.tx, self.book, self.names, self.quiet = tx, book, names, quiet
        self.period, self.currency = book.period, book.cloud.currency

    @classmethod
    async def of(cls, tx: Transaction, of: Compared, rows: Sequence[Record]) -> _Comparison:
        """With what has to be known of the cameras of rows."""
        cameras = list({row["camera"] for row in rows})
        names = {
            row["id"]: (row["external_id"], row["subscriber"])
            for row in await tx.fetch(_NAMES, of.cloud.id, cameras)
        }
        return cls(tx, of.book, names, await excess.accepted(tx, of.cloud.id))

    async def recorded(self, rows: Sequence[Record]) -> list[OfCamera]:
        days: dict[int, Sequence[date]] = {row["camera"]: self._days(row["days"]) for row in rows}
        worth = await self._wholesale(days)
        return [
            self._of(
                Kind.RECORDED_NOT_BILLED,
                camera,
                of,
                worth[camera],
                _("no subscription on %(days)s") % {"days": _spoken(of)},
            )
            for camera, of in days.items()
        ]

    def _days(self, bits: int) -> list[date]:
        return [day for index, day in enumerate(self.period) if bits >> index & 1]

    def not_there(self, rows: Sequence[Record]) -> list[OfCamera]:
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

    def presets(self, rows: Sequence[Record]) -> list[OfCamera]:
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

    def depths(self, rows: Sequence[Record]) -> list[OfCamera]:
        return [
            self._with_owner(
                row["camera"],
                Difference(
                    kind=Kind.DEPTH_ABOVE_PRESET,
                    accepted=(row["camera"], row["meter"]) in self.quiet,
                    camera=self.names[row["camera"]][0],
                    days=row["days"],
                    worth=excess_worth(
                        self.period,
                        self.currency,
                        self.book.prices.wholesale.rates,
                        {row["meter"]: row["excess"]},
                    ),
                    detail=_("%(meter)s %(depth)s above the %(allowed)s of preset %(preset)s")
                    % {name: row[name] for name in ("meter", "depth", "allowed", "preset")},
                ),
            )
            for row in rows
            if row["days"]
        ]

    async def not_mapped(self, rows: Sequence[Record]) -> list[OfCamera]:
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

    async def _wholesale(self, days: dict[int, Sequence[date]]) -> dict[int, int]:
        """What the platform charges for cameras on days of theirs."""
        prices, cameras, found = self.book.prices.wholesale, list(days), dict[int, int]()
        for start in range(0, len(cameras), _RATED_AT_ONCE):
            run = cameras[start : start + _RATED_AT_ONCE]
            facts = await rating.of_cameras(self.tx, self.book, run)
            for usage in facts.cameras:
                of = {self.period.index(day) for day in days[usage.camera]}
                found[usage.camera] = wholesale_worth(prices, usage, of)
        return found

    def _versions(self, tariff: int | None) -> Sequence[Any]:
        return self.book.prices.versions.get(tariff or 0, ())

    def _of(
        self, kind: Kind, camera: int, days: Sequence[date], worth: int, detail: str
    ) -> OfCamera:
        name, _owner = self.names[camera]
        return self._with_owner(camera, Difference(kind, name, len(days), worth, detail))

    def _with_owner(self, camera: int, found: Difference) -> OfCamera:
        return OfCamera(camera, self.names[camera][1], found)


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
