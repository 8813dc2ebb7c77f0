"""Bodies that were made to hurt are refused quickly, and never as our mistake."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass
from threading import Event
from typing import Any

import pytest

from portal.routes.api.kit.crowd import BODIES, BODIES_AT_ONCE
from tests.patience import PATIENCE_SECONDS, until
from tests.routes.api.conftest import House

CAMERAS, USAGE = "/clouds/north/cameras", "/clouds/north/usage"
NDJSON = "application/x-ndjson"
DEEP = b"[" * 400_000
ROW = b'{"camera":"gate","day":"2026-10-01","meter":"analytics.plates","quantity":'


@dataclass(frozen=True)
class Much:
    """A large body, made when it is sent: every process of a run collects all tests."""

    head: bytes
    unit: bytes
    times: int
    tail: bytes = b""

    def __bytes__(self) -> bytes:
        if b"%d" in self.unit:  # each another
            units = b"".join(self.unit % number for number in range(self.times))
        else:
            units = self.unit * self.times
        return self.head + units + self.tail

    def __str__(self) -> str:
        return f"{self.head + self.unit!r:.20} {self.times}"


def _short(value: object) -> str:
    return str(value[:30] if isinstance(value, bytes) else value)[:30]


@pytest.mark.parametrize(
    ("path", "kind", "body", "status"),
    [
        (CAMERAS, "application/json", DEEP, 400),
        (CAMERAS, "application/json", b'{"name":' + b"[" * 30 + b"]" * 30 + b"}", 400),
        (CAMERAS, "application/json", b'{"external_id":"a","external_id":"b"}', 400),
        (CAMERAS, "application/json", b'{"subscriber":' + b"9" * 9_000 + b"}", 400),
        (CAMERAS, "application/json", b'{"subscriber":NaN}', 400),
        (CAMERAS, "application/json", b'{"subscriber":-Infinity}', 400),
        (CAMERAS, "application/json", b'\xef\xbb\xbf{"external_id":"a"}', 400),
        (CAMERAS, "application/json", '{"external_id":"a"}'.encode("utf-16"), 400),
        (CAMERAS, "application/json", b'{"external_id":"\\ud800"}', 422),
        (CAMERAS, "application/json", b'{"external_id":"\\u0000"}', 422),
        (CAMERAS, "application/json", b" " * (1024 * 1024 + 1), 413),
        (USAGE, "application/json", DEEP, 400),
        (USAGE, "application/json", b"[" + ROW + DEEP, 400),
        (USAGE, NDJSON, ROW + DEEP, 422),
        (USAGE, NDJSON, DEEP, 422),
        (USAGE, NDJSON, Much(b"", b"\n", 32_000_000), 413),
        (USAGE, NDJSON, Much(b"", b"{}\n", 4_000_000), 413),
    ],
    ids=_short,
)
async def test_hostile_bodies_are_refused(
    house: House, path: str, kind: str, body: bytes | Much, status: int
):
    answer = await house.ask("nora", "POST", path, bytes(body), headers={"Content-Type": kind})
    assert answer.status_code == status, answer.text[:300]


async def test_unknown_fields_are_named_up_to_a_bound(house: House):
    body = {f"field-{number}": 0 for number in range(30_000)}
    answer = await house.ask("nora", "POST", CAMERAS, body)
    assert answer.status_code == 422
    assert len(answer.json()["errors"]) <= 100


async def test_a_compressed_body_is_not_read(house: House):
    body = gzip.compress(b'{"external_id":"packed"}')
    for encoding in ("gzip", "br", "deflate, gzip"):
        headers = {"Content-Encoding": encoding}
        answer = await house.ask("nora", "POST", CAMERAS, body, headers=headers)
        assert answer.status_code == 415
    plain = await house.ask(
        "nora", "POST", CAMERAS, {"external_id": "plain"}, headers={"Content-Encoding": "identity"}
    )
    assert plain.status_code == 201


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/json", Much(b"[", b"{},", 4_000_000, b"{}]"), 413),
        ("application/json", Much(b"[", b"1,", 6_000_000, b"1]"), 413),
        ("application/json", Much(b"[[", b"1,", 6_000_000, b"1]]"), 413),
        ("application/json", Much(b"[", ROW + b"1},", 60_000, ROW + b"1}]"), 413),
        ("application/json", Much(b'["', b"{", 12_000_000, b'"]'), 422),
        ("application/json", Much(b"[" + ROW, b"9", 12_000_000, b"}]"), 422),
        ("application/json", Much(b'[{"camera":"', b"a", 32_000_000, b'"}]'), 422),
        ("application/json", Much(b'[{"', b"a", 28_000_000, b'":1}]'), 422),
        (NDJSON, Much(b'{"camera":"', b"a", 32_000_000, ROW.partition(b"gate")[2] + b"1}"), 422),
        (
            NDJSON,
            Much(ROW.partition(b"2026")[0], b"1", 32_000_000, ROW.partition(b"10-01")[2] + b"1}"),
            422,
        ),
        (NDJSON, b"\n" * 99_999, 200),
        (NDJSON, Much(b'{"', b"a", 28_000_000, b'":1}'), 422),
        (NDJSON, Much(b"{", b'"f%d":0,', 1_500_000, b'"f":0}'), 422),
    ],
    ids=_short,
)
async def test_large_sheets_of_nothing_are_refused(
    house: House, kind: str, body: bytes | Much, status: int
):
    answer = await house.ask("nora", "POST", USAGE, bytes(body), headers={"Content-Type": kind})
    assert answer.status_code == status, answer.text[:300]
    assert len(answer.content) < 10_000


@pytest.mark.parametrize("kind", ["application/json", NDJSON])
@pytest.mark.parametrize(
    ("row", "said"),
    [
        (ROW + b'1,"quantity":2}', "quantity: stands twice in this row"),
        (ROW + b'1,"c\\u0061mera" : "gate"}', "camera: stands twice in this row"),
        (ROW + b"1}", ""),
        (ROW.replace(b"gate", b'a\\":\\":\\":b') + b"1}", "camera: there is no camera"),
    ],
)
async def test_a_name_twice_in_a_row_of_usage_is_told(
    house: House, kind: str, row: bytes, said: str
):
    body = row if kind == NDJSON else b"[" + row + b"]"
    path = f"{USAGE}?partial=true"
    answer = await house.ask("nora", "POST", path, body, headers={"Content-Type": kind})
    assert answer.status_code == 200, answer.text
    told = [one["message"] for one in answer.json()["rejected"]]
    told = [one for one in told if said or "there is no" not in one]
    assert len(told) == bool(said)
    assert all(one.startswith(said) for one in told), told


async def test_while_large_bodies_have_no_place_everything_else_is_answered(house: House):
    """All places for large bodies are taken: who brings another one waits, and nobody else does."""
    body = b"\n" * 2_000_000
    async with AsyncExitStack() as taken:
        for _ in range(BODIES_AT_ONCE):
            await taken.enter_async_context(BODIES.place())
        waiting = asyncio.create_task(
            house.ask("nora", "POST", USAGE, body, headers={"Content-Type": NDJSON})
        )
        for path in ("/login", "/api/v1/openapi.json"):
            assert (await house.client.get(path)).status_code == 200
        small = await house.ask("nora", "POST", CAMERAS, {"external_id": "meanwhile"})
        assert small.status_code == 201
        assert not waiting.done()
    assert (await waiting).status_code == 413


async def test_who_finds_no_place_in_time_comes_again(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(BODIES, "seconds", 0.05)
    async with AsyncExitStack() as taken:
        for _ in range(BODIES_AT_ONCE):
            await taken.enter_async_context(BODIES.place())
        body = b"\n" * 2_000_000
        answer = await house.ask("nora", "POST", USAGE, body, headers={"Content-Type": NDJSON})
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


class Threads(ThreadPoolExecutor):
    """Threads for the loop that begin their work when they may."""

    def __init__(self) -> None:
        super().__init__(max_workers=8)
        self.begun = 0
        self.may_begin = Event()

    def submit(self, work: Callable[..., Any], /, *given: Any, **named: Any) -> Future[Any]:
        def begin() -> Any:
            assert self.may_begin.wait(PATIENCE_SECONDS)
            return work(*given, **named)

        self.begun += 1
        return super().submit(begin)


async def test_the_loop_turns_while_a_hostile_body_is_read(house: House):
    """Two are read in threads; between their beginning and their end others get their answers."""
    body = b"[[" + b"1," * 6_000_000 + b"1]]"
    loop = asyncio.get_running_loop()
    with Threads() as threads:
        loop.set_default_executor(threads)
        try:
            reading = [
                asyncio.create_task(house.ask("nora", "POST", USAGE, body)) for _ in range(2)
            ]
            await until(lambda: threads.begun >= 2, "bodies are read in threads")
            for _ in range(5):
                assert (await house.client.get("/login")).status_code == 200
            assert not any(task.done() for task in reading)
        finally:
            threads.may_begin.set()
            answers = await asyncio.gather(*reading)
            loop.set_default_executor(ThreadPoolExecutor())
    assert {answer.status_code for answer in answers} == {413}
