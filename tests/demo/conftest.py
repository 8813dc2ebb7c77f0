"""The demo as the tests have it: in a database of its own, its past read and closed as far as is due."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial

import asyncpg
import httpx
import pytest

from portal.access import SYSTEM
from portal.billing.period import Period
from portal.books.actions import periods
from portal.books.actions.closing.work import work_on_close
from portal.books.queries import worklist as books_work
from portal.crypto.marks import Marks
from portal.db import snapshot
from portal.demo import closes, history
from portal.demo.history import Watching
from portal.demo.seed import Seeded, seed
from portal.demo.simulator import create_simulator
from portal.demo.watched import together
from portal.gateways.queue import NullQueue
from portal.gateways.vault import Vault
from portal.gateways.watcher import connect
from portal.kit.queries import tenancy
from tests.conftest import Database
from tests.kept import drop, make_copy

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
PASSWORD = "seven quiet otters"
OCTOBER = Period.month("2026-10")
CLOUDS = ("north", "south")
MONTHS = ("2026-08", "2026-09", "2026-10")
WATCHER = "http://127.0.0.1:1"
VAULT = Vault(["a key of this test"])
MISSING = date(2026, 10, 18)
"""The day on which South's Watcher stood still."""
SAM = "south@demo.test"
FOOTAGE_EVERY_DAYS = (20,)
"""Footage is most of the work and has tests of its own; here it is read now and then."""


async def sown(now: datetime, password: str) -> Seeded:
    return await seed(now, password, vault=VAULT, url=WATCHER, marks=Marks(b"k" * 32))


async def read_history(now: datetime, days_max: int | None = None) -> int:
    """Read what was missed, as the first start does; how many days that was."""
    due = history.missed(await history.connections(), now)
    await read(dict(list(due.items())[:days_max]))
    return min(len(due), days_max or len(due))


async def _once_known(url: str) -> int:
    """Read the rest, when PostgreSQL knows how many subscriptions there are, as by itself it soon does."""
    owner = await asyncpg.connect(url)
    try:
        await owner.execute("analyze subscription, tariff, camera_interval")
    finally:
        await owner.close()
    return await read_history(NOW)


async def read(due: Mapping[datetime, Sequence[Watching]]) -> None:
    """Read the simulated Watcher as it is at each time."""
    watching = await history.connections()
    seeds = together({one.cloud: one.months for one in watching})
    wire = httpx.ASGITransport(create_simulator(seeds))  # type: ignore[arg-type]
    await history.read(
        due,
        WATCHER,
        connect=partial(connect, allow_private=True, transport=wire),
        vault=VAULT,
        on_day=lambda _day: None,
        footage_every_days=FOOTAGE_EVERY_DAYS,
        transport=wire,
    )


async def close_what_is_due(now: datetime) -> list[tuple[str, Period]]:
    """As the sweep does, nobody accepting any gap."""
    closed: list[tuple[str, Period]] = []
    while found := await books_work.periods(now):
        for cloud_id, period in found:
            cloud = await tenancy.get_by_id(SYSTEM, cloud_id)
            begun = await periods.start_close(
                SYSTEM, cloud, period, accept_gaps=False, now=now, queue=NullQueue()
            )
            closed.append((cloud.slug, period))
            assert await work_on_close(begun.id, clock=lambda: now, queue=NullQueue())
    return closed


async def contents() -> dict[str, str]:
    """How many rows each table has, and a sum of their hashes."""
    async with snapshot(SYSTEM) as tx:
        tables = await tx.fetch(
            "select relname from pg_class where relkind in ('r', 'p') and not relispartition"
            " and relnamespace = 'public'::regnamespace"
        )
        return {
            row["relname"]: await tx.fetchval(
                f"select count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 0)), 0)"
                f" from {row['relname']} t"
            )
            for row in tables
        }


@dataclass(frozen=True)
class Demo:
    """The database, what the first and the second start said, days read, and what was closed.

    Some months are closed `by_hand`, as the first start does, others by themselves.
    """

    database: Database
    first: Seeded
    again: Seeded
    before: dict[str, str]
    after: dict[str, str]
    days_read: tuple[int, int]
    by_hand: list[tuple[str, Period]]
    closed: list[tuple[str, Period]]


@pytest.fixture(scope="module")
async def demo(services, template, worker_id: str) -> AsyncIterator[Demo]:
    """Seeded twice, read in two goes, then closed as far as it is due."""
    name = f"{template}_demo_{worker_id}"
    await make_copy(services.database_url, template, name)
    url = services.database(name)
    database = Database(name, url, url, url)
    async with database.as_worker():
        first, before = await sown(NOW, PASSWORD), await contents()
        again, after = await sown(NOW.replace(day=24), "another"), await contents()
        days_read = await read_history(NOW, days_max=3), await _once_known(url)
        # What the workers read at once: a close waits for it.
        await read({NOW: await history.connections()})
        due = await closes.due()
        await closes.close(due, now=NOW)
        by_hand = [(one.cloud, one.period) for one in due]
        closed = await close_what_is_due(NOW)
        yield Demo(database, first, again, before, after, days_read, by_hand, closed)
    await drop(services.database_url, name)
