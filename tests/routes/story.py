"""Two clouds with two closed months and one that runs, made to be told apart.

Everything that belongs to somebody has a name of its own, so that a page that shows it to anybody
else is found out. Sue has *gate*, from 16 October *yard*, and had *mover* until it went to Bob on
11 October. Deep is of Tess, an agent of Rex. Tim of South has *dock*.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import asyncpg

from portal.access import SYSTEM
from portal.app import create_app
from portal.billing.period import Period
from portal.books.actions import periods
from portal.books.actions.closing.work import work_on_close
from portal.books.actions.estimates import estimate_cloud
from portal.db import atomic
from portal.gateways.queue import NullQueue
from portal.kit.queries import tenancy
from tests.cast import NORTH, SOUTH
from tests.conftest import LOCK, LOGINS, NOW, Database, _as_login, kept_in
from tests.factories import World, camera, days, subscribe, two_clouds, use
from tests.kept import KeptDatabase, drop, make_copy
from tests.routes.conftest import (
    Clock,
    KeptSite,
    Site,
    password_hash,
    running,
    settings_of,
)
from tests.services import TestServices

DEEP = 4
"""Row id of the subscriber whom Tess brought."""
TESS = 3
TODAY = "2026-11-05"
MOTION, PLATES = "recording.motion.depth", "analytics.plates"

# Camera, cloud, who pays for it from when until when, on which tariff, days of motion kept.
CAMERAS = (
    ("canary-north-gate", NORTH, 1, "2026-09-01", None, "home-7", 7),
    ("canary-north/yard", NORTH, 1, "2026-10-16", None, "home-7", 7),
    ("canary-north-mover", NORTH, 1, "2026-09-01", "2026-10-11", "home-7", 3),
    ("canary-north-mover", NORTH, 2, "2026-10-11", None, "home-7", 5),
    ("canary-north-shop", NORTH, 2, "2026-09-01", None, "home-7", 7),
    ("canary-north-cellar", NORTH, DEEP, "2026-09-01", None, "home-7", 7),
    ("canary-south-dock", SOUTH, 3, "2026-09-01", None, "south-7", 11),
)
NAMES = (
    ("cloud", NORTH, "Canary-North"),
    ("cloud", SOUTH, "Canary-South"),
    ("subscriber", 1, "Canary-North-Sue"),
    ("subscriber", 2, "Canary-North-Bob"),
    ("subscriber", DEEP, "Canary-North-Deep"),
    ("subscriber", 3, "Canary-South-Tim"),
    ("referral", 1, "Canary-North-Rex"),
    ("referral", TESS, "Canary-North-Tess"),
    ("referral", 2, "Canary-South-Liz"),
    ("tariff", 1, "Canary-North-Home"),
    ("tariff", 2, "Canary-South-Home"),
)


@asynccontextmanager
async def told(
    services: TestServices,
    template: str,
    name: str,
    story: Callable[[], Awaitable[None]] | None = None,
) -> AsyncIterator[Database]:
    """A database of its own in which the story (another one, if given) has happened, dropped after.

    It happens once for a run, in a database that all others of it are copies of.
    """
    happened = await _happened(services, template, story or tell)
    await make_copy(services.database_url, happened, name)
    try:
        yield _database(services, name)
    finally:
        await drop(services.database_url, name)


async def _happened(
    services: TestServices, template: str, story: Callable[[], Awaitable[None]]
) -> str:
    """The name of the story's database. Nobody stays connected to it, so that it can be copied."""
    told_by = f"{story.__module__}.{story.__qualname__}"
    name = f"{template}_{sha256(told_by.encode()).hexdigest()[:12]}"
    connection = await asyncpg.connect(services.database_url)
    try:
        await connection.execute("select pg_advisory_lock($1, hashtext($2))", LOCK, name)
        if not await connection.fetchval("select true from pg_database where datname = $1", name):
            await make_copy(services.database_url, template, f"{name}_new")
            async with _database(services, f"{name}_new").as_worker():
                await story()
            await connection.execute(f'alter database "{name}_new" rename to "{name}"')
    finally:
        await connection.close()
    return name


def _database(services: TestServices, name: str) -> Database:
    url = services.database(name)
    return Database(name, url, _as_login(url, LOGINS["web"]), _as_login(url, LOGINS["admin"]))


@asynccontextmanager
async def site_over(
    database: Database, services: TestServices, data_dir: Path, **changes: Any
) -> AsyncIterator[Site]:
    """An application over a database, for whoever has both for themselves."""
    clock, settings = Clock(), replace(settings_of(database, services, data_dir), **changes)
    app = create_app(settings, clock=clock)
    async with running(app), AsyncExitStack() as stack:
        yield Site(app, database, clock, settings, stack)


@dataclass
class _Kept:
    """A story of this process, with its application: files of tests come to it one after the other."""

    database: KeptDatabase
    site: KeptSite
    is_visited: bool = False


_stories: dict[str, _Kept] = {}


@asynccontextmanager
async def site_of(
    story: Callable[[], Awaitable[None]],
    services: TestServices,
    template: str,
    name: str,
    data_dir: Path,
    **changes: Any,
) -> AsyncIterator[Site]:
    """The application over a story as it was told, which is kept for who comes next, unless it is
    in use. Then it is one of its own, in a database of this name. `changes` of the settings are the
    story's.
    """
    happened = await _happened(services, template, story)
    kept_as = f"{happened}_{os.getpid():x}"
    if kept_as not in _stories:
        database = KeptDatabase(
            services.database_url, happened, kept_as, services.database(kept_as)
        )
        _stories[kept_as] = _Kept(database, KeptSite(services, data_dir, changes))
    kept = _stories[kept_as]
    if kept.is_visited:
        async with (
            told(services, template, name, story) as own,
            site_over(own, services, data_dir, **changes) as site,
        ):
            yield site
        return
    await kept.database.ready()
    kept.is_visited = True
    try:
        async with kept.site.over(kept_in(kept.database)) as site:
            yield site
    finally:
        kept.is_visited = False


@asynccontextmanager
async def two_closed_months(
    services: TestServices, template: str, name: str, data_dir: Path
) -> AsyncIterator[Site]:
    """The application over the story."""
    async with site_of(tell, services, template, name, data_dir) as site:
        yield site


async def tell(
    also: Callable[[World], Awaitable[None]] | None = None,
    months: Sequence[str] = ("2026-09", "2026-10"),
) -> None:
    """Let it happen, on a worker's connections; `also` happens before the `months` are closed."""
    world = await two_clouds()
    async with atomic(SYSTEM) as tx:
        await tx.execute("update portal_user set password = $1", password_hash())
        await tx.execute(
            "update cloud set level_percents = '{2}', locale = 'en_GB' where id = $1", NORTH
        )
        await tx.execute("update cloud set locale = 'en_US' where id = $1", SOUTH)
        await tx.execute(
            "insert into referral (id, cloud, code, name, percent, sponsor)"
            " values ($1, $2, 'tess', 'Tess', 10, 1)",
            TESS,
            NORTH,
        )
        await tx.execute(
            "insert into subscriber (id, cloud, number, name, referral) values ($1, $2, 3, 'D', $3)",
            DEEP,
            NORTH,
            TESS,
        )
        for table, row, called in NAMES:
            await tx.execute(f"update {table} set name = $2 where id = $1", row, called)
    await _fill(world)
    if also is not None:
        await also(world)
    for month in months:
        for cloud in ("north", "south"):
            await close(cloud, month)
    for cloud_id in (NORTH, SOUTH):
        await estimate_cloud(cloud_id, now=NOW)
    async with atomic(SYSTEM) as tx:
        await tx.execute(
            "insert into invoice_file (cloud, subscriber, invoice, sha256, size, content)"
            " select cloud, subscriber, id, encode(sha256(number::bytea), 'hex'), 9,"
            " convert_to('%PDF-1.7 ' || number, 'utf8') from invoice"
        )


async def _fill(world: World) -> None:
    async with atomic(SYSTEM) as tx:
        for name, cloud, subscriber, first, after, plan, depth in CAMERAS:
            if name not in world.cameras:
                world.cameras[name] = await camera(tx, cloud, name, subscriber)
            row = world.cameras[name]
            await tx.execute("update camera set subscriber = $2 where id = $1", row, subscriber)
            await subscribe(tx, cloud, row, subscriber, world.tariffs[plan], first, after)
            used = days(first, after or TODAY)
            await use(tx, cloud, row, world.meters[MOTION], used, depth)
            await use(tx, cloud, row, world.meters[PLATES], used, 1)


async def close(cloud: str, month: str, *, now: datetime = NOW, accept_gaps: bool = False) -> None:
    """Close a month as workers do."""
    queue = NullQueue()
    begun = await periods.start_close(
        SYSTEM,
        await tenancy.get(SYSTEM, cloud),
        Period.month(month),
        accept_gaps=accept_gaps,
        now=now,
        queue=queue,
    )
    await work_on_close(begun.id, clock=lambda: now, queue=queue)
