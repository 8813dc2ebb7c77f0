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
from portal.usage.queries.seen import seen
from portal.watcher.queries import mismatches, nameless
from portal.words import _, joined

_ONE_DAY: Final = timedelta(days=1)
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
        recorded = await tx.fetch(seen(mismatches.RECORDED, of_all=True), *span)
        not_there = await tx.fetch(seen(mismatches.NOT_THERE), *span, *days)
        presets = await tx.fetch(mismatches.PRESETS, cloud.id, *days)
        depths = await tx.fetch(seen(mismatches.DEPTH, of_all=True), *span, *days_since)
        not_mapped = await tx.fetch(mismatches.NOT_MAPPED, cloud.id, *days)
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
