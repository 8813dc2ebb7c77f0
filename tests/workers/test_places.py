"""A slow Watcher is slow for its own cloud: others close, print and are read meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from portal.access import SYSTEM
from portal.billing.period import Period
from portal.books.actions import periods
from portal.db import advisory_lock, atomic, close_pool, open_pool, snapshot
from portal.gateways.queue import NullQueue, open_queue
from portal.gateways.vault import Vault
from portal.gateways.watcher import connect
from portal.gateways.watcher.address import AddressRules
from portal.kit.queries import tenancy
from portal.settings import load
from portal.watcher.actions import connections
from portal.watcher.actions.sync.request import request
from portal.watcher.actions.turns import READINGS_A_CLOUD, Turn, next_reading
from portal.watcher.forms.connection import NewConnection
from tests.cast import NORTH, SOUTH
from tests.conftest import NOW, Database
from tests.factories import two_clouds, worked_example
from tests.patience import PATIENCE_SECONDS
from tests.services import TestServices
from tests.workers.processes import Start, redis_of, until


@dataclass
class Slow:
    """A Watcher of which every request waits until it is let go; then it shows nothing at all."""

    url: str = ""
    waiting: int = 0
    most: int = 0
    free: asyncio.Event = field(default_factory=asyncio.Event)
    both: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                self.waiting += 1
                self.most = max(self.most, self.waiting)
                if self.waiting >= READINGS_A_CLOUD:
                    self.both.set()
                await self.free.wait()
                self.waiting -= 1
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def watcher() -> AsyncIterator[Slow]:
    slow = Slow()
    server = await asyncio.start_server(slow.answer, "127.0.0.1", 0)
    slow.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield slow
    finally:
        slow.free.set()
        server.close()


async def due(cloud: str, url: str, data_dir: Path, count: int = 1) -> None:
    """Connections of a cloud to a Watcher, each asked to be read now."""
    vault = Vault(load({"CAMLEDGER_DATA_DIR": str(data_dir)}).vault_keys)
    integrations = connections.Integrations(
        vault, partial(connect, allow_private=True), AddressRules(allow_private=True)
    )
    for _ in range(count):
        new = NewConnection(api="v2", url=url, api_key="key", read_every_minutes=10_080)
        made = await connections.create(
            SYSTEM, await tenancy.get(SYSTEM, cloud), new, integrations=integrations
        )
        await request(SYSTEM, await tenancy.get(SYSTEM, cloud), made.id, now=NOW, queue=NullQueue())


async def states(cloud: int) -> list[str]:
    async with snapshot(SYSTEM) as tx:
        rows = await tx.fetch("select state from reading where cloud = $1 order by id", cloud)
        return [row["state"] for row in rows]


async def test_a_close_and_its_documents_do_not_wait_for_another_clouds_slow_watchers(
    worker: Database,
    services: TestServices,
    worker_id: str,
    start_worker: Start,
    data_dir: Path,
) -> None:
    """Six connections of South hang, in two workers; North closes, prints and is read meanwhile."""
    await worked_example()
    async with atomic(SYSTEM) as tx:
        await tx.execute("update cloud set close_automatically = false")
    async with watcher() as slow, watcher() as quick:
        quick.free.set()
        await due("south", slow.url, data_dir, 6)
        queue = await open_queue(redis_of(services, worker_id))
        await queue.redis.flushdb()
        for _ in range(2):
            start_worker()
        await asyncio.wait_for(slow.both.wait(), PATIENCE_SECONDS)
        await periods.start_close(
            SYSTEM,
            await tenancy.get(SYSTEM, "north"),
            Period.month("2026-10"),
            accept_gaps=True,
            now=NOW,
            queue=queue,
        )
        await due("north", quick.url, data_dir)
        await queue.close()
        await until("select state = 'closed' from period where cloud = 1")
        await until(
            "select count(*) = (select count(*) from invoice) and count(*) > 0 from invoice_file"
        )
        await until("select state = 'complete' from reading where cloud = 1")
        assert await states(SOUTH) == ["running"] * 6, "they hang still"
        assert slow.most == READINGS_A_CLOUD, "two of a cloud, by both workers together"
        slow.free.set()
        await until("select every(state = 'complete') from reading where cloud = 2")
        assert slow.most == READINGS_A_CLOUD


async def test_a_clouds_many_connections_take_turns_with_another_ones_single_one(
    worker: Database, data_dir: Path
) -> None:
    """First readings come before second ones, and who was served longest ago is the first."""
    await two_clouds()
    nowhere = "http://127.0.0.1:9"
    running: dict[int, list[Turn]] = {NORTH: [], SOUTH: []}

    async def begun() -> list[int]:
        """The clouds whose readings begin, in order, until none may."""
        clouds = []
        busy = {turn.id for turns in running.values() for turn in turns}
        while (turn := await next_reading(busy)) is not None:
            busy.add(turn.id)
            clouds.append(await value("select cloud from reading where id = $1", turn.id))
            running[clouds[-1]].append(turn)
        return clouds

    async def ended(cloud: int, minutes: int) -> None:
        for turn in running[cloud]:
            await value(
                "update reading set state = 'complete', finished_at = $2 where id = $1 returning id",
                turn.id,
                NOW + timedelta(minutes=minutes),
            )
            await turn.place.aclose()
        running[cloud] = []

    await due("south", nowhere, data_dir, 9)
    await due("north", nowhere, data_dir, 2)
    assert await begun() == [NORTH, SOUTH, NORTH, SOUTH]
    await ended(SOUTH, 1)
    assert await begun() == [SOUTH, SOUTH], "nobody else waits"
    await ended(SOUTH, 2)
    await ended(NORTH, 3)
    await due("north", nowhere, data_dir)
    assert await begun() == [SOUTH, NORTH, SOUTH]
    await ended(NORTH, 4)
    await ended(SOUTH, 5)
    await due("north", nowhere, data_dir)
    assert await begun() == [NORTH, SOUTH, SOUTH]
    for cloud in running:
        await ended(cloud, 6)


async def value(query: str, *values: Any) -> Any:
    async with atomic(SYSTEM) as tx:
        return await tx.fetchval(query, *values)


async def test_places_count_over_all_machines_and_go_with_a_process(
    worker: Database, data_dir: Path
) -> None:
    await two_clouds()
    await due("south", "http://127.0.0.1:9", data_dir, 3)
    other = await asyncpg.connect(worker.owner_url)
    lock = "select pg_try_advisory_lock(hashtextextended($1, 0))"
    for number in range(READINGS_A_CLOUD):
        assert await other.fetchval(lock, f"reading {number} of cloud {SOUTH}")
    assert await next_reading(()) is None
    await other.close()
    async with atomic(SYSTEM) as tx:  # until the server has noticed that it is gone
        for number in range(READINGS_A_CLOUD):
            query = "select pg_advisory_xact_lock(hashtextextended($1, 0))"
            await tx.execute(query, f"reading {number} of cloud {SOUTH}")
    turn = await next_reading(())
    assert turn is not None
    # A reading that another worker has in hand is passed by.
    async with advisory_lock(f"reading {turn.id}"):
        second = await next_reading(())
        assert second is not None
        assert second.id != turn.id
        await second.place.aclose()
    await turn.place.aclose()


async def test_what_is_held_takes_one_connection_however_much_it_is(database: Database) -> None:
    """Twenty sync runs leave a pool of two one for everything else, and what ends is free for others."""
    before = db_state()
    await open_pool(database.owner_url, size=2)
    try:
        other = await asyncpg.connect(database.owner_url)
        free = "select pg_try_advisory_xact_lock(hashtextextended($1, 0))"
        async with asyncio.timeout(PATIENCE_SECONDS):
            locks = [advisory_lock(f"run {number}") for number in range(20)]
            assert all(await asyncio.gather(*(lock.__aenter__() for lock in locks)))
            assert await value("select 1") == 1
            async with advisory_lock("run 7") as again:
                assert not again, "also for this process it is held"
            assert not await other.fetchval(free, "run 7")
            await locks[7].__aexit__(None, None, None)
            assert await other.fetchval(free, "run 7")
            assert not await other.fetchval(free, "run 8")
            for number, lock in enumerate(locks):
                if number != 7:
                    await lock.__aexit__(None, None, None)
            async with advisory_lock("run 8") as mine:
                assert mine
        await other.close()
    finally:
        await close_pool()
        restore(before)


def db_state() -> tuple[Any, Any]:
    from portal import db

    found = db.ENGINE.pool, db.ENGINE.config
    db.ENGINE.pool = None
    return found


def restore(found: tuple[Any, Any]) -> None:
    from portal import db

    db.ENGINE.pool, db.ENGINE.config = found


@pytest.mark.parametrize("trouble", [asyncio.CancelledError, ValueError])
async def test_a_place_is_given_back_whatever_ends_the_work(
    worker: Database, trouble: type[BaseException]
) -> None:
    async def work() -> None:
        async with advisory_lock("a place") as mine:
            assert mine
            raise trouble

    with pytest.raises(trouble):
        await work()
    async with advisory_lock("a place") as mine:
        assert mine
