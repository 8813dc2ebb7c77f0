"""Daily facts of what a complete reading found: meters of its day, and recorded time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Final

from portal.billing.period import local_date
from portal.billing.readings import (
    CameraReading,
    Range,
    daily_facts,
    days_of,
    recorded_seconds,
    union,
)
from portal.billing.usage import DAY_FIRST, RECORDING_TIME
from portal.db import Transaction
from portal.usage.actions.usage import UsageColumns, merge
from portal.watcher.actions.sync.history import SyncRun

DAY_MS: Final = 86_400_000
DAYS_AT_ONCE: Final = 30_000
"""Days of cameras, so many of them in memory: 1000 cameras with a month of footage each."""
_KNOWN: Final = """
select camera, day, ranges from recorded_day
where cloud = $1 and camera = any($2::bigint[]) and day >= $3
"""
_KEEP: Final = """
insert into recorded_day (cloud, camera, day, ranges)
select $1, camera, day, ranges from jsonb_to_recordset($2)
  as r(camera bigint, day date, ranges bigint[])
order by camera, day
on conflict (cloud, camera, day) do update set ranges = excluded.ranges
"""


async def store(
    tx: Transaction,
    run: SyncRun,
    zone: str,
    seen: Mapping[int, CameraReading],
    ranges: Mapping[int, Sequence[Range]],
) -> None:
    """Merge the facts of cameras (by row id) into usage, by maximum.

    `ranges` is the footage that there is of each camera now; a camera without an entry was not
    asked about, and has no recorded time: missing is missing, never 0.
    """
    meters = {row["key"]: row["id"] for row in await tx.fetch("select id, key from meter")}
    columns = UsageColumns()
    today = local_date(run.at, zone)
    for camera, found in seen.items():
        for meter, quantity in daily_facts(found).items():
            columns.add(camera, meters[meter], today, quantity)
    for part in _parts(ranges):
        for camera, day, seconds in await _recorded(tx, run, zone, part):
            columns.add(camera, meters[RECORDING_TIME], day, seconds)
        await merge(tx, run.cloud, columns)
        columns = UsageColumns()
    await merge(tx, run.cloud, columns)


def _parts(ranges: Mapping[int, Sequence[Range]]) -> Iterator[dict[int, Sequence[Range]]]:
    """The footage of as many cameras at a time as makes so many days; of one camera at least.

    A single range may be a million days' worth in a run of cameras: "since 2000" has 9 600.
    """
    part: dict[int, Sequence[Range]] = {}
    days = 0
    for camera, of_camera in ranges.items():
        part[camera] = of_camera
        days += sum((one.end_ms - one.start_ms) // DAY_MS + 2 for one in of_camera)
        if days > DAYS_AT_ONCE:
            yield part
            part, days = {}, 0
    if part:
        yield part


async def _recorded(
    tx: Transaction, run: SyncRun, zone: str, ranges: Mapping[int, Sequence[Range]]
) -> list[tuple[int, date, int]]:
    """(camera, day, seconds) of every day on which more is known to be recorded than before."""
    found: dict[int, dict[date, tuple[Range, ...]]] = {}
    for camera, of_camera in ranges.items():
        found[camera] = by_day(union(of_camera, until=run.at), zone)
    first = min((day for days in found.values() for day in days), default=None)
    if first is None:
        return []
    known: dict[tuple[int, date], list[int]] = {
        (row["camera"], row["day"]): row["ranges"]
        for row in await tx.fetch(_KNOWN, run.cloud, list(found), first)
    }
    rows: list[dict[str, object]] = []
    risen: list[tuple[int, date, int]] = []
    for camera, days in found.items():
        for day, of_day in days.items():
            before = known.get((camera, day), [])
            merged = union(of_day, _pairs(before))
            flat = [bound for one in merged for bound in one]
            if flat != before:
                rows.append({"camera": camera, "day": day.isoformat(), "ranges": flat})
                risen.append((camera, day, recorded_seconds(merged, zone).get(day, 0)))
    await tx.execute(_KEEP, run.cloud, rows)
    return risen


def _pairs(flat: Sequence[int]) -> list[Range]:
    return [Range(start, end) for start, end in zip(flat[::2], flat[1::2], strict=True)]


def by_day(ranges: Sequence[Range], zone: str) -> dict[date, tuple[Range, ...]]:
    """Footage cut at the zone's midnights, by local day; what lies before the calendar is left."""
    found: dict[date, list[Range]] = defaultdict(list)
    for one in ranges:
        for day, part in days_of(one, zone):
            if day >= DAY_FIRST:
                found[day].append(part)
    return {day: tuple(parts) for day, parts in found.items()}
