"""Closing a month with real worker processes, against plain SQL doing the same sums and inserts."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Final

import asyncpg

from portal.access import SYSTEM
from portal.bench import floor, world
from portal.bench.database import Installation, copied, installation, server_version
from portal.bench.process import ask, worker_processes
from portal.bench.report import Report, machine, significant, whole
from portal.billing.period import Period
from portal.books.actions.periods import start_close
from portal.db import close_pool, open_pool
from portal.errors import PortalError
from portal.gateways.queue import NullQueue
from portal.kit.queries import tenancy

SECONDS_MAX: Final = 3600
ROUNDS: Final = 3
BEFORE: Final = 6_110 / 12_810
"""The close before usage was a month a row and closes had phases, in cameras a second, against what
plain SQL makes today of the same 10 000 cameras: both on one quiet machine of two cores."""


class Stopped(PortalError):
    """The close that was to be measured did not come to its end."""

    status = 500
    title = "Benchmark stopped"


@dataclass(frozen=True, slots=True)
class Closed:
    """One close: seconds from `start_close` to the closed books, and each worker's peak memory."""

    seconds: float
    begun_seconds: float
    peak_mb: list[float]


@dataclass(frozen=True, slots=True)
class Drafted:
    """A close of a month that had been drafted, with the seconds and peak memory of drafting it."""

    close: Closed
    seconds: float
    peak_mb: float


@dataclass(frozen=True, slots=True)
class Measured:
    """The best of some rounds, and how many rows a close writes."""

    close: Closed
    drafted: Drafted
    floor_seconds: float
    rows: int
    server: str


def run(*, cameras: int, workers: int, rounds: int = ROUNDS) -> Report:
    """Measure it in an installation of its own."""
    with installation() as found:
        measured = asyncio.run(_measure(found, cameras, workers, rounds))
    return _report(cameras, workers, measured)


async def _measure(found: Installation, cameras: int, workers: int, rounds: int) -> Measured:
    """Build the cloud once; then, in fresh copies each round: plain SQL, close, plain SQL.

    Once without a draft, and once right after the month was drafted. Of all the quickest run
    counts: what else the machine does only ever adds.
    """
    connection = await _connect(found)
    try:
        cloud = await world.build(connection, cameras, since=world.FIRST)
        await connection.execute("vacuum analyze")
        version = await server_version(connection)
    finally:
        await connection.close()
    floors, closes, after_drafts, rows = [], [], [], 0
    for _ in range(rounds):
        async with copied(found) as copy:
            connection = await _connect(copy)
            try:
                floors.append(await floor.measure(connection, cloud))
                closes.append(await _close(copy, workers))
                floors.append(await floor.measure(connection, cloud))
                rows = await floor.rows_written(connection)
            finally:
                await connection.close()
        async with copied(found) as copy:
            after_drafts.append(await _draft_and_close(copy, workers))
    quickest = min(closes, key=lambda closed: closed.seconds)
    drafted = min(after_drafts, key=lambda one: one.close.seconds)
    return Measured(quickest, drafted, min(floors), rows, version)


async def _draft_and_close(found: Installation, workers: int) -> Drafted:
    """The same with a draft before it, by one worker; only the close is on the clock."""
    async with (
        asyncio.timeout(SECONDS_MAX),
        worker_processes(found, "portal.bench.draft_worker", 1) as (worker,),
    ):
        started = time.perf_counter()
        answer = await ask(worker, world.SLUG)
        seconds = time.perf_counter() - started
    return Drafted(await _close(found, workers), seconds, answer["peak_mb"])


async def _connect(found: Installation) -> asyncpg.Connection[asyncpg.Record]:
    return await asyncpg.connect(found.database_url, server_settings={"jit": "off"})


async def _close(found: Installation, workers: int) -> Closed:
    """Close the month. Workers are up and waiting when the clock starts."""
    async with (
        asyncio.timeout(SECONDS_MAX),
        worker_processes(found, "portal.bench.close_worker", workers) as processes,
    ):
        await open_pool(found.database_url, size=1)
        try:
            cloud = await tenancy.get(SYSTEM, world.SLUG)
            started = time.perf_counter()
            begun = await start_close(
                SYSTEM,
                cloud,
                Period.month(world.MONTH),
                accept_gaps=False,
                now=world.NOW,
                queue=NullQueue(),
            )
            begun_seconds = time.perf_counter() - started
            answers = await asyncio.gather(*(ask(one, str(begun.id)) for one in processes))
            seconds = time.perf_counter() - started
        finally:
            await close_pool()
    if not any(answer["closed"] for answer in answers):
        raise Stopped("The books were not closed.")
    return Closed(seconds, begun_seconds, [answer["peak_mb"] for answer in answers])


def _report(cameras: int, workers: int, measured: Measured) -> Report:
    close, lowest = measured.close, measured.floor_seconds
    drafted, after = measured.drafted, measured.drafted.close
    peak, ratio = max([*close.peak_mb, *after.peak_mb]), lowest / close.seconds
    after_ratio = lowest / after.seconds
    return Report(
        part="close",
        title=f"{whole(cameras)} cameras, {workers} workers, {whole(measured.rows)} rows written",
        columns=("seconds", "cameras/s"),
        rows=[
            ("close", (f"{close.seconds:.2f}", whole(cameras / close.seconds))),
            ("  of which its beginning", (f"{close.begun_seconds:.2f}", "")),
            ("close of a fresh draft", (f"{after.seconds:.2f}", whole(cameras / after.seconds))),
            ("the draft itself", (f"{drafted.seconds:.2f}", whole(cameras / drafted.seconds))),
            ("plain SQL", (f"{lowest:.2f}", whole(cameras / lowest))),
            ("ratio", ("", f"{ratio:.2f}")),
            ("ratio of a fresh draft's", ("", f"{after_ratio:.2f}")),
            ("times the close before phases", ("", f"{ratio / BEFORE:.2f}")),
            ("times, of a fresh draft", ("", f"{after_ratio / BEFORE:.2f}")),
            ("MB at most in a worker", ("", whole(peak))),
            ("MB of the draft", ("", whole(drafted.peak_mb))),
        ],
        figures={
            "cameras": cameras,
            "workers": workers,
            "seconds": significant(close.seconds),
            "floor_seconds": significant(lowest),
            "cameras_per_second": significant(cameras / close.seconds),
            "floor_cameras_per_second": significant(cameras / lowest),
            "ratio": significant(ratio),
            "times_before": significant(ratio / BEFORE),
            "drafted_seconds": significant(after.seconds),
            "drafted_cameras_per_second": significant(cameras / after.seconds),
            "drafted_ratio": significant(after_ratio),
            "drafted_times_before": significant(after_ratio / BEFORE),
            "draft_seconds": significant(drafted.seconds),
            "draft_peak_mb": significant(drafted.peak_mb),
            "peak_mb_per_worker": significant(peak),
            "rows": measured.rows,
        },
        measured_on=machine(PostgreSQL=measured.server),
    )
