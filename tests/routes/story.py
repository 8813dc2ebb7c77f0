"""Two clouds with two closed months and one that runs, made to be told apart.

Everything that belongs to somebody has a name of its own, so that a page that shows it to anybody
else is found out. Sue has *gate*, from 16 October *yard*, and had *mover* until it went to Bob on
11 October. Deep is of Tess, an agent of Rex. Tim of South has *dock*.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from pathlib import Path

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
from tests.conftest import LOGINS, NOW, Database, _as_login
from tests.factories import World, camera, days, subscribe, two_clouds, use
from tests.kept import drop, make_copy
from tests.routes.conftest import Clock, Site, password_hash, running, settings_of
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
    """A database of its own in which the story (another one, if given) has happened, dropped after."""
    await make_copy(services.database_url, template, name)
    url = services.database(name)
    database = Database(name, url, _as_login(url, LOGINS["web"]), _as_login(url, LOGINS["admin"]))
    try:
        async with database.as_worker():
            await (story or tell)()
        yield database
    finally:
        await drop(services.database_url, name)


@asynccontextmanager
async def two_closed_months(
    services: TestServices, template: str, name: str, data_dir: Path
) -> AsyncIterator[Site]:
    """The application over the story."""
    async with told(services, template, name) as database:
        clock = Clock()
        settings = settings_of(database, services, data_dir)
        app = create_app(settings, clock=clock)
        async with running(app), AsyncExitStack() as stack:
            yield Site(app, database, clock, settings, stack)


async def tell(also: Callable[[World], Awaitable[None]] | None = None) -> None:
    """Let it happen, on a worker's connections; `also` happens before a month is closed."""
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
    for month in ("2026-09", "2026-10"):
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
