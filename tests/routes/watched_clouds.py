"""North and South with October behind them, North's simulated Watcher, and workers that read it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from portal.access import SYSTEM
from portal.db import atomic
from portal.gateways.vault import Vault
from portal.gateways.watcher import connect
from portal.watcher.actions.sync.fetch import fetch
from tests.cast import NORTH, SOUTH
from tests.factories import camera, days, use, worked_example
from tests.routes.conftest import Site, Visitor, password_hash
from tests.routes.story import site_of
from tests.routes.worked_example import words
from tests.services import TestServices
from tests.simulator.watchers import NOON, served, simulator
from tests.simulator.watchers import NORTH as WATCHED

PATH = "/cloud/watcher"
ABOVE = "/system/clouds/north/watcher"
SOUTHS = 900
"""Row id of South's connection."""
SECRET = "nora-password"
NEW = {
    "api": "v2",
    "url": "https://watcher.example.net",
    "login": "nora",
    "password": SECRET,
    "read_every_minutes": "60",
}


async def happens() -> None:
    """October of North and of South; a shed records and is nobody's; South has a Watcher."""
    world = await worked_example()
    async with atomic(SYSTEM) as tx:
        await tx.execute("update portal_user set password = $1", password_hash())
        await tx.execute("update cloud set locale = 'en_GB'")
        shed = await camera(tx, NORTH, "shed", 1)
        seen = days("2026-10-03", "2026-10-05")
        for meter, quantity in (("recording.time", 3600), ("recording.motion.depth", 7)):
            await use(tx, NORTH, shed, world.meters[meter], seen, quantity)
        await tx.execute(
            "insert into connection (id, cloud, api, url, secret, created_at)"
            " values ($1, $2, 'v3', 'https://south.example.net', '', '2026-11-01T05:00Z')",
            SOUTHS,
            SOUTH,
        )
        await tx.execute(
            "insert into reading (cloud, connection, started_at, finished_at, state, cameras, pages)"
            " values ($1, $2, '2026-11-05T11:00Z', '2026-11-05T11:02:05Z', 'complete', 41, 3)",
            SOUTH,
            SOUTHS,
        )
        await tx.execute(
            "insert into watcher_organization (cloud, watcher, organization, title)"
            " values ($1, $2, 9, 'Dock')",
            SOUTH,
            SOUTHS,
        )


@asynccontextmanager
async def watching(
    services: TestServices, template: str, name: str, data_dir: Path
) -> AsyncIterator[Site]:
    """The application over it, on 5 November; it may call its own network."""
    may_call = {"allow_private_addresses": True}
    async with site_of(happens, services, template, name, data_dir, **may_call) as site:
        yield site


@asynccontextmanager
async def watcher() -> AsyncIterator[str]:
    """The address of the simulated Watcher, behind a socket."""
    simulator().state["simulation"].restart(WATCHED, NOON)
    async with served(simulator()) as address:
        yield address


async def made(visitor: Visitor, base: str = PATH, **fields: str) -> str:
    """The page of a new connection."""
    await visitor.get(f"{base}/new")
    answer = await visitor.post(f"{base}/new", {**NEW, **fields})
    assert answer.status_code == 303, words(answer.text)
    return str(answer.headers["location"])


async def workers_read(site: Site) -> None:
    """Carry out what has been asked for, as workers do."""
    vault: Vault = site.app.state.integrations.vault
    asked = await site.rows("select id from reading where state = 'running'")
    async with site.database.as_worker():
        for row in asked:
            there = partial(connect, allow_private=True)
            await fetch(row["id"], connect=there, vault=vault, clock=site.clock)


async def end_all(site: Site) -> None:
    await site.rows("update connection set ended_at = now() where cloud = 1 returning id")
