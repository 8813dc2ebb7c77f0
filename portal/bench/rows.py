"""Usage a month a row, as it is kept, against a row a day: the same quantities in both."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import asyncpg

from portal.bench import world
from portal.bench.database import installation, server_version
from portal.bench.report import Figure, Report, machine, significant, whole
from portal.tables.usage_days import DAYS
from portal.usage.actions.usage import counted_text

ROUNDS: Final = 3
BY_DAY: Final = """
create table floor_usage (
  cloud bigint not null,
  camera bigint not null,
  meter smallint not null,
  day date not null,
  quantity bigint not null check (quantity >= 0),
  primary key (cloud, camera, meter, day)
)
"""
"""Usage as it is sent: a row for each camera, meter and day."""
_MERGE_BY_DAY: Final = """
with changed as (
  insert into floor_usage as u (cloud, camera, meter, day, quantity)
  select $1, camera, meter, day, quantity from (
    select camera, meter, day, max(quantity) as quantity
    from unnest($2::text::bigint[], $3::text::smallint[], $4::text::date[], $5::text::bigint[])
      as i(camera, meter, day, quantity)
    group by camera, meter, day
  ) i
  where not exists (
    select from floor_usage o
    where o.cloud = $1 and o.camera = i.camera and o.meter = i.meter and o.day = i.day
      and o.day = any($6::date[]) and o.quantity >= i.quantity)
  order by camera, meter, day
  on conflict (cloud, camera, meter, day) do update
    set quantity = excluded.quantity where excluded.quantity > u.quantity
  returning camera
) select count(*) from changed
"""
_QUANTITIES: Final = f"""
select c.id as camera, m.id as meter, {world.QUANTITY} as quantity
from camera c, meter m where c.cloud = $1 and $2::date is not null order by c.id, m.id
"""  # noqa: S608 - ours
_PER_CAMERA: Final = """
select camera, meter, sum(quantity) as total, max(quantity) as peak
from floor_usage where cloud = $1 and day >= $2 and day < $3 group by camera, meter
"""
_DAYS_OF_CAMERAS: Final = """
select camera, meter, array_agg(quantity), bit_or(1 << (day - $2::date)) from (
  select * from floor_usage where cloud = $1 and day >= $2 and day < $3
  order by camera, meter, day
) u group by camera, meter
"""
_OF_MONTH: Final = "from usage where cloud = $1 and month >= $2 and month < $3"
READS: Final = {
    "sums of a month": (
        f"select meter, sum(total), sum(peak) {_OF_MONTH} group by meter",
        f"select meter, sum(total), sum(peak) from ({_PER_CAMERA}) u group by meter",  # noqa: S608
    ),
    "totals into Python": (f"select camera, meter, total, peak {_OF_MONTH}", _PER_CAMERA),
    "days into Python": (
        f"select camera, meter, array[{', '.join(DAYS)}] {_OF_MONTH}",
        _DAYS_OF_CAMERAS,
    ),
}
"""What is read of a month: of rows of months, and of rows of days."""

Pair = tuple[float, float]
"""Of rows of months, and of rows of days."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Bytes of both tables; seconds to take a day in, the same day again, and to read."""

    sizes: Pair
    new: Pair
    again: Pair
    reads: dict[str, Pair]


def run(*, cameras: int) -> Report:
    """Measure it in an installation of its own."""
    with installation() as found:
        measured, version = asyncio.run(_measure(found.database_url, cameras))
    timed = {"a new day": measured.new, "the same day again": measured.again, **measured.reads}
    rows = [("size, MB", _line(measured.sizes, 2**20, 0))]
    rows += [(f"{name}, ms", _line(seconds, 0.001, 1)) for name, seconds in timed.items()]
    ratio = measured.new[1] / measured.new[0]
    figures: dict[str, Figure] = {"cameras": cameras, "ratio": significant(ratio)}
    for name, (months, days) in {"size": measured.sizes, **timed}.items():
        figures[f"{name.replace(' ', '_').lower()}_ratio"] = significant(days / months)
    return Report(
        part="rows",
        title=f"{whole(cameras)} cameras, {world.METERS} meters, {world.DAYS} days",
        columns=("a month a row", "a day a row", "times"),
        rows=rows,
        figures=figures,
        measured_on=machine(PostgreSQL=version),
    )


def _line(pair: Pair, unit: float, places: int) -> tuple[str, str, str]:
    months, days = pair
    return f"{months / unit:.{places}f}", f"{days / unit:.{places}f}", f"{days / months:.2f}"


async def _measure(url: str, cameras: int) -> tuple[Measured, str]:
    connection = await asyncpg.connect(url)
    try:
        cloud = await world.build(connection, cameras, used=False)
        await connection.execute("set jit = off")
        await connection.execute("select ensure_usage_partition($1)", world.FIRST)
        await connection.execute(BY_DAY)
        for offset in range(world.DAYS - 1):
            await _take(connection, cloud, offset)
            if offset % 10 == 0:
                await connection.execute("vacuum analyze")
        await connection.execute("vacuum analyze")
        new = await _take(connection, cloud, world.DAYS - 1)
        again = await _take(connection, cloud, world.DAYS - 1)
        await connection.execute("vacuum analyze")
        months = await connection.fetchval(
            "select sum(pg_total_relation_size(inhrelid)) from pg_inherits"
            " where inhparent = 'usage'::regclass"
        )
        days = await connection.fetchval("select pg_total_relation_size('floor_usage')")
        span = (cloud, world.FIRST, world.AFTER)
        reads = {
            name: (await _quickest(connection, one, span), await _quickest(connection, other, span))
            for name, (one, other) in READS.items()
        }
        version = await server_version(connection)
        return Measured((float(months), float(days)), new, again, reads), version
    finally:
        await connection.close()


async def _take(connection: asyncpg.Connection[asyncpg.Record], cloud: int, offset: int) -> Pair:
    """Seconds to merge a day of all cameras into both tables."""
    day = world.FIRST + timedelta(days=offset)
    rows = await connection.fetch(_QUANTITIES, cloud, day, offset)
    arrays = [
        "{" + ",".join(map(str, column)) + "}"
        for column in zip(
            *((row["camera"], row["meter"], day, row["quantity"]) for row in rows), strict=True
        )
    ]

    async def months() -> None:
        text = counted_text((day.day,))
        await connection.fetchval(text, cloud, *arrays, [world.FIRST])

    async def days() -> None:
        await connection.fetchval(_MERGE_BY_DAY, cloud, *arrays, [day])

    return await _seconds(months), await _seconds(days)


async def _seconds(work: Callable[[], Awaitable[object]]) -> float:
    started = time.perf_counter()
    await work()
    return time.perf_counter() - started


async def _quickest(
    connection: asyncpg.Connection[asyncpg.Record], query: str, span: tuple[object, ...]
) -> float:
    return min([await _seconds(lambda: connection.fetch(query, *span)) for _ in range(ROUNDS)])
