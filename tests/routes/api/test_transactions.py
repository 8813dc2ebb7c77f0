"""Whoever waits for something outside holds no connection; whoever is killed has done it once or not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from portal import db
from portal.access import SYSTEM
from portal.db import after_commit, atomic, snapshot
from portal.gateways.queue import open_queue
from portal.kit.queries.health import Heartbeat
from portal.waiting import refuse_in_transaction
from tests.conftest import Database
from tests.patience import until
from tests.routes.api.conftest import House
from tests.routes.api.test_connections import installed
from tests.services import TestServices

NORTH = "/clouds/north"


@dataclass
class Sluggish:
    """A Watcher that answers nobody before it is told to; `asked` counts who waits."""

    asked: int = 0
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked += 1
        await reader.readuntil(b"\r\n\r\n")
        await self.may_answer.wait()
        writer.write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async def waits_for(self, many: int) -> None:
        await until(lambda: self.asked >= many, f"{many} have asked")


@asynccontextmanager
async def sluggish() -> AsyncIterator[tuple[Sluggish, str]]:
    watcher = Sluggish()
    server = await asyncio.start_server(watcher, "127.0.0.1", 0)
    try:
        yield watcher, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        watcher.may_answer.set()
        server.close()


async def test_any_number_of_connection_tests_leaves_the_others_alone(
    database: Database, data_dir: Path
):
    async with (
        sluggish() as (watcher, url),
        installed(database, data_dir, CAMLEDGER_ALLOW_PRIVATE_ADDRESSES="1") as house,
    ):
        body = {"api": "v2", "url": url, "api_key": "north-key"}
        one = (
            f"{NORTH}/connections/{(await house.post('nora', f'{NORTH}/connections', body))['id']}"
        )
        keys = ["first", "second", *["second"] * 10]
        tests = []
        for number, key in enumerate(keys):
            tests.append(asyncio.create_task(asked_of(house, one, key)))
            await watcher.waits_for(min(number + 1, 2))
        # The pool has 6 connections. One holds all locks by name, the others are free.
        assert await house.get("ada", "/meters")
        assert await Heartbeat().answers(), "for /healthz"
        busy = await asked_of(house, one, "first")
        assert busy.status_code == 409
        assert 1 <= int(busy.headers["retry-after"]) <= 120
        other = await asked_of(house, one, "first", {})
        assert other.status_code == 409
        assert "another body" in other.json()["detail"]
        third = await asked_of(house, one, "third")
        assert (third.status_code, third.headers.get("retry-after")) == (409, None), "two a cloud"
        watcher.may_answer.set()
        answers = await asyncio.gather(*tests)
        assert {answer.status_code for answer in answers[:2]} == {200}
        assert {answer.status_code for answer in answers[2:]} <= {200, 409}
        again = await asked_of(house, one, "first")
        assert again.content == answers[0].content
        assert again.headers["idempotent-replayed"] == "true"
        # What failed is not kept; and a claim whose process was killed runs out.
        assert (await asked_of(house, one, "third")).status_code == 200
        await house.sql(
            "update idempotent_answer set status = null, body = null,"
            " running_until = now() - interval '1 second' where key = 'second'"
        )
        lost = await asked_of(house, one, "second")
        assert (lost.status_code, "idempotent-replayed" in lost.headers) == (200, False)


async def asked_of(house: House, one: str, key: str, body: Any = None) -> httpx.Response:
    return await house.ask("nora", "POST", f"{one}/test", body, headers={"Idempotency-Key": key})


KINDS = {
    "making": (f"{NORTH}/subscribers", {"name": "Once"}, "select count(*) from subscriber where name = 'Once'"),
    "usage": (
        f"{NORTH}/usage",
        [{"camera": "gate", "day": "2026-10-02", "meter": "analytics.plates", "quantity": 1}],
        "select count(*) from usage_day where day = '2026-10-02'",
    ),
    "a correction": (
        f"{NORTH}/usage/corrections",
        {"camera": "gate", "day": "2026-10-03", "meter": "analytics.plates", "quantity": 1, "reason": "x"},
        "select count(*) from usage_correction",
    ),
    "a close": (
        f"{NORTH}/periods/2026-10/close",
        {"accept_gaps": True},
        "select count(*) from period where state = 'closing'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
async def test_killed_between_the_deed_and_its_answer_it_is_done_once(house: House, kind: str):
    """The deed is done when its connection dies, and its answer is not kept: neither has happened."""
    path, body, count = KINDS[kind]
    key = {"Idempotency-Key": f"killed {kind}"}
    other = await asyncpg.connect(house.database.owner_url)
    web = await asyncpg.connect(house.database.web_url)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(other.close)
        stack.push_async_callback(web.close)
        standing = other.transaction()
        await standing.start()
        await other.execute("lock table idempotent_answer in exclusive mode")
        first = asyncio.create_task(house.ask("nora", "POST", path, body, headers=key))

        async def killed() -> Any:
            assert not first.done(), first.result().text
            return await web.fetchval(_TERMINATE)

        await until(killed, "it waits to keep its answer")
        assert (await first).status_code == 503, (await first).text
        assert await house.sql(count) == 0
        await standing.rollback()
    done = await house.ask("nora", "POST", path, body, headers=key)
    again = await house.ask("nora", "POST", path, body, headers=key)
    assert done.status_code in {200, 201, 202}, done.text
    assert (again.status_code, again.content) == (done.status_code, done.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert await house.sql(count) == 1


_TERMINATE = """
select pg_terminate_backend(pid) from pg_locks
where relation = 'idempotent_answer'::regclass and not granted
"""


async def test_waiting_for_a_connection_ends_in_503(house: House):
    pool, timeout = db.ENGINE.pool, db.ENGINE.acquire_timeout
    assert pool is not None
    db.ENGINE.acquire_timeout = 0.1
    async with AsyncExitStack() as stack:
        stack.callback(setattr, db.ENGINE, "acquire_timeout", timeout)
        for _ in range(pool.get_max_size()):
            await stack.enter_async_context(pool.acquire())
        answer = await house.ask("nora", "GET", f"{NORTH}/cameras")
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert int(answer.headers["retry-after"]) > 0
        page = await house.client.get("/my", headers={"Cookie": "session=some-key"})
        assert (page.status_code, page.headers["content-type"]) == (503, "text/html; charset=utf-8")
        assert int(page.headers["retry-after"]) > 0
        assert (await house.client.get("/login")).status_code == 200
        assert await Heartbeat().answers(), "for /healthz"
    assert (await house.ask("nora", "GET", f"{NORTH}/cameras")).status_code == 200


async def test_nothing_outside_is_waited_for_in_a_transaction(
    web: Database, services: TestServices, worker_id: str
):
    """The rule that watches every other test, too: see `portal.waiting`."""
    queue = await open_queue(services.redis(15))
    done: list[str] = []

    async def afterwards() -> None:
        refuse_in_transaction("what comes after the commit")
        done.append("rung")

    for scope in (atomic, snapshot):
        async with scope(SYSTEM):
            with pytest.raises(RuntimeError, match="Redis is waited for"):
                await queue.enqueue("nothing")
            with pytest.raises(RuntimeError, match="in a task"):
                await asyncio.create_task(_outside())
    async with atomic(SYSTEM):
        async with atomic(SYSTEM), snapshot(SYSTEM):
            after_commit(afterwards)
        with pytest.raises(RuntimeError):
            refuse_in_transaction("what comes between")
    assert done == ["rung"]
    refuse_in_transaction("what comes last")
    await queue.close()


async def _outside() -> Any:
    refuse_in_transaction("what is done in a task")
