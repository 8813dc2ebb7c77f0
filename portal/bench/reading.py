"""Reading a Watcher over HTTP into PostgreSQL, against plain httpx and COPY of the same."""

from __future__ import annotations

import asyncio
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import asyncpg
import httpx

from portal.access import SYSTEM
from portal.bench import reading_floor, world
from portal.bench.database import WORDS, Installation, copied, installation, server_version
from portal.bench.process import WATCHER_CLOCK, NoAnswer, ask, watched, worker_processes
from portal.bench.reading_floor import Lowest
from portal.bench.report import Figure, Report, machine, significant, whole
from portal.db import close_pool, open_pool
from portal.gateways.queue import NullQueue
from portal.gateways.vault import Vault
from portal.gateways.watcher import connect
from portal.gateways.watcher.address import AddressRules
from portal.kit.queries import tenancy
from portal.values.watcher import WatcherAccess as Access
from portal.watcher.actions import connections
from portal.watcher.actions.sync.request import request
from portal.watcher.forms.connection import NewConnection
from portal.watcher.queries.connections import list_readings

FOOTAGE: Final = timedelta(days=7)
"""How long cameras have recorded before they are read for the first time."""
LATER: Final = timedelta(hours=1)
TIMES: Final = (world.NOW, world.NOW + 2 * LATER)
"""When each of the two connections is first read: the simulator's time moves forwards only."""
LOGIN: Final = "admin"
"""Of the simulated Watcher, with the same password."""
KEY: Final = "system-key"


@dataclass(frozen=True, slots=True)
class Read:
    """One sync run: seconds, of which its process computed some, and that process's peak memory."""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    cameras: int


@dataclass(frozen=True, slots=True)
class Measured:
    """One generation of the API: all new, an hour later, the floor, and a tenth of the cameras."""

    first: Read
    again: Read
    floor: Lowest
    tenth: Read

    @property
    def ratio(self) -> float:
        """How close the first run comes to the floor: 1 is as quick."""
        return self.floor.seconds / self.first.seconds

    @property
    def peak_mb(self) -> float:
        """The most memory of either run over all cameras."""
        return max(self.first.peak_mb, self.again.peak_mb)


def run(*, cameras: int) -> Report:
    """Measure it in an installation of its own, beside simulated Watchers of its own."""
    with installation() as found:
        version = asyncio.run(_prepare(found))
        with watched(found, max(1, cameras // 10), world.NOW - FOOTAGE) as url:
            tenths = [asyncio.run(_first(found, access)) for access in _accesses(url)]
        with watched(found, cameras, world.NOW - FOOTAGE) as url:
            new, old = (
                asyncio.run(_measure(found, access, now, tenth))
                for access, now, tenth in zip(_accesses(url), TIMES, tenths, strict=True)
            )
    return _report(cameras, new, old, version)


def _accesses(url: str) -> tuple[Access, Access]:
    """By v3 with a login, which reads footage too, and by v2 with a key alone."""
    return (
        Access(api="v3", url=url, login=LOGIN, password=LOGIN),
        Access(api="v2", url=url, api_key=KEY),
    )


async def _prepare(found: Installation) -> str:
    """A cloud without cameras; the server's version."""
    connection = await asyncpg.connect(found.database_url)
    try:
        await world.build(connection, 0, used=False)
        await connection.execute("vacuum analyze")
        return await server_version(connection)
    finally:
        await connection.close()


async def _first(found: Installation, access: Access) -> Read:
    """A sync run in which all cameras are new."""
    _set_clock(access, world.NOW)
    async with copied(found) as copy, _reader(copy) as process:
        return await _sync(copy, process, await _connect(copy, access), world.NOW)


async def _measure(found: Installation, access: Access, now: datetime, tenth: Read) -> Measured:
    """The same with its floor, and once more an hour later."""
    _set_clock(access, now)
    async with copied(found) as copy, _reader(copy) as process:
        number = await _connect(copy, access)
        first = await _sync(copy, process, number, now)
        connection = await asyncpg.connect(copy.database_url)
        try:
            floor = await reading_floor.measure(connection, access, found.directory)
        finally:
            await connection.close()
        _set_clock(access, now + LATER)
        again = await _sync(copy, process, number, now + LATER)
    if not first.cameras == again.cameras == floor.cameras:
        raise NoAnswer(f"The floor met {floor.cameras} cameras where {first.cameras} were read.")
    return Measured(first, again, floor, tenth)


def _set_clock(access: Access, now: datetime) -> None:
    told = httpx.post(f"{access.url}{WATCHER_CLOCK}", json={"now": now.isoformat()})
    told.raise_for_status()


async def _connect(found: Installation, access: Access) -> int:
    """Connect the cloud to the Watcher; the connection's row id."""
    new = NewConnection(
        api=access.api,
        url=access.url,
        api_key=access.api_key,
        login=access.login,
        password=access.password,
    )
    integrations = connections.Integrations(
        Vault([WORDS]), partial(connect, allow_private=True), AddressRules(allow_private=True)
    )
    await open_pool(found.database_url, size=1)
    try:
        cloud = await tenancy.get(SYSTEM, world.SLUG)
        return (await connections.create(SYSTEM, cloud, new, integrations=integrations)).id
    finally:
        await close_pool()


@asynccontextmanager
async def _reader(found: Installation) -> AsyncIterator[Process]:
    """A process that is up and waits for readings to carry out."""
    async with worker_processes(found, "portal.bench.reading_worker", 1) as (process,):
        yield process


async def _sync(found: Installation, process: Process, connection: int, now: datetime) -> Read:
    """Carry out one reading."""
    await open_pool(found.database_url, size=1)
    try:
        cloud = await tenancy.get(SYSTEM, world.SLUG)
        asked = await request(SYSTEM, cloud, connection, now=now, queue=NullQueue())
        started = time.perf_counter()
        answer = await ask(process, f"{asked.id} {now.isoformat()}")
        seconds = time.perf_counter() - started
        (latest,) = await list_readings(SYSTEM, cloud, connection, before=None, limit=1)
    finally:
        await close_pool()
    if latest.state != "complete":
        raise NoAnswer(f"The reading failed: {latest.message}")
    return Read(seconds, answer["cpu_seconds"], answer["peak_mb"], latest.cameras)


def _report(cameras: int, new: Measured, old: Measured, version: str) -> Report:
    return Report(
        part="reading",
        title=f"{whole(cameras)} cameras of a simulated Watcher, {whole(new.floor.rows)} and "
        f"{whole(old.floor.rows)} rows stored",
        columns=("seconds", "CPU s", "cameras/s"),
        rows=[
            *_rows("v3 with a login, all new", new, cameras),
            *_rows("v2 with a key alone, all new", old, cameras),
        ],
        figures={
            "cameras": cameras,
            **_figures("", new, cameras),
            **_figures("v2_", old, cameras),
        },
        measured_on=machine(PostgreSQL=version),
    )


def _rows(name: str, found: Measured, cameras: int) -> list[tuple[str, tuple[str, ...]]]:
    return [
        *(
            (said, (f"{one.seconds:.2f}", f"{one.cpu_seconds:.2f}", whole(cameras / one.seconds)))
            for said, one in (
                (name, found.first),
                ("  an hour later", found.again),
                ("  plain httpx and COPY", found.floor),
            )
        ),
        ("  ratio", ("", "", f"{found.ratio:.2f}")),
        ("  MB at most", ("", "", whole(found.peak_mb))),
        ("  MB with a tenth of the cameras", ("", "", whole(found.tenth.peak_mb))),
    ]


def _figures(prefix: str, found: Measured, cameras: int) -> Mapping[str, Figure]:
    figures = {
        "cameras_per_second": cameras / found.first.seconds,
        "cameras_per_second_again": cameras / found.again.seconds,
        "floor_cameras_per_second": cameras / found.floor.seconds,
        "ratio": found.ratio,
        "cpu_seconds": found.first.cpu_seconds,
        "cpu_seconds_again": found.again.cpu_seconds,
        "floor_cpu_seconds": found.floor.cpu_seconds,
        "peak_mb": found.peak_mb,
        "peak_mb_of_a_tenth": found.tenth.peak_mb,
    }
    said = {prefix + name: significant(value) for name, value in figures.items()}
    return {prefix + "rows": found.floor.rows, **said}
