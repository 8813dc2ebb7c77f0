"""`camledger serve` on a real port: who sends slowly, too much or nothing holds nobody up."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import httpx
import psutil
import pytest

from tests.patience import PATIENCE_SECONDS, until
from tests.routes.api.conftest import House
from tests.services import TestServices

ROOT = Path(__file__).resolve().parents[4]
CONNECTIONS = 20
GROWTH_MB = 250
STRETCH_SECONDS = 1
JSON, NDJSON = "application/json", "application/x-ndjson"
ROW = b'{"camera":"gate","day":"2026-10-01","meter":"analytics.plates","quantity":1}\n'


@dataclass
class Served:
    """A process that serves, and one of its addresses."""

    port: int
    key: str
    pid: int

    @asynccontextmanager
    async def line(self, sent: bytes) -> AsyncIterator[tuple[asyncio.StreamReader, _Writer]]:
        """A connection on which something was sent."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(sent)
            yield reader, writer
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    def head(self, length: int) -> bytes:
        """Of a request that sends usage."""
        lines = [
            "POST /api/v1/clouds/north/usage HTTP/1.1",
            f"Host: 127.0.0.1:{self.port}",
            f"Authorization: Bearer {self.key}",
            "Content-Type: application/x-ndjson",
            f"Content-Length: {length}",
            "",
            "",
        ]
        return "\r\n".join(lines).encode()

    async def is_well(self) -> bool:
        """Whether somebody else is answered, who asks again when we were too slow to ask in time."""

        async def answered() -> bool:
            with suppress(httpx.TransportError):
                async with httpx.AsyncClient(timeout=PATIENCE_SECONDS) as client:
                    answer = await client.get(f"http://127.0.0.1:{self.port}/login")
                    return answer.status_code == 200
            return False

        return bool(await until(answered, "somebody else is answered"))


_Writer = asyncio.StreamWriter


@asynccontextmanager
async def serving(
    house: House, services: TestServices, directory: Path, *options: str
) -> AsyncIterator[Served]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "CAMLEDGER_DATA_DIR": str(directory),
        "CAMLEDGER_DATABASE_URL": house.database.owner_url,
        "CAMLEDGER_WEB_DATABASE_URL": house.database.web_url,
        "CAMLEDGER_ADMIN_DATABASE_URL": house.database.admin_url,
        "CAMLEDGER_REDIS_URL": services.redis(0),
        "CAMLEDGER_SECRET": "0" * 64,
        "CAMLEDGER_PUBLIC_URL": f"http://127.0.0.1:{port}",
    }
    command = [sys.executable, "-m", "portal.cli", "serve", "--port", str(port), *options]
    with subprocess.Popen(  # noqa: ASYNC220 - it starts at once
        command, env=environment, stderr=subprocess.PIPE
    ) as process:

        async def listens() -> bool:
            assert process.poll() is None, process.stderr and process.stderr.read()
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return True
            return False

        try:
            await until(listens, "the server listens", every=0.05)
            yield Served(port, house.keys["nora"], process.pid)
        finally:
            process.terminate()
            process.wait(PATIENCE_SECONDS)
            assert process.stderr is not None
            said = process.stderr.read().decode()
            assert "Traceback" not in said, said


@pytest.fixture(scope="module")
async def impatient(
    house: House, services: TestServices, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Served]:
    """A second for a head, and 1 kB a second of a body, in each of two processes."""
    directory = tmp_path_factory.mktemp("impatient")
    options = ("--client-timeout", str(STRETCH_SECONDS), "--processes", "2")
    async with serving(house, services, directory, *options) as found:
        yield found


@pytest.fixture(scope="module")
async def served(
    house: House, services: TestServices, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Served]:
    """As patient as no busy machine needs it: what ends here does not end because of the time."""
    directory = tmp_path_factory.mktemp("served")
    options = ("--client-timeout", str(PATIENCE_SECONDS), "--connections", str(CONNECTIONS))
    async with serving(house, services, directory, *options) as found:
        yield found


async def test_half_a_head_is_waited_for_so_long(impatient: Served):
    async with impatient.line(b"GET /login HTTP/1.1\r\nHost: a") as line:
        assert await impatient.is_well()
        await _dribble_into_408(line, b"b")


async def test_a_connection_that_asks_nothing_is_closed(impatient: Served):
    async with impatient.line(b"") as (reader, _):
        assert await reader.read() == b""


async def test_blank_lines_after_an_answer_do_not_keep_a_connection(impatient: Served):
    asked = f"GET /nothing HTTP/1.1\r\nHost: 127.0.0.1:{impatient.port}\r\n\r\n".encode()
    async with impatient.line(asked) as line:
        assert await line[0].readuntil(b"\r\n\r\n")
        await _dribble_into_408(line, b"\r\n")


async def test_a_body_that_dribbles_is_408_and_others_are_served(impatient: Served):
    async with impatient.line(impatient.head(10_000)) as line:
        assert await impatient.is_well()
        await _dribble_into_408(line, b"\n")
    assert await impatient.is_well()


async def test_a_slow_but_honest_line_takes_as_long_as_it_takes(impatient: Served):
    """Its body comes over three stretches of patience, each with more than 1 kB a second."""
    while not await _sends_honestly(impatient):
        """This machine was too busy to be honest: a stretch went by without us."""


async def _sends_honestly(impatient: Served) -> bool:
    """Whether we sent so much in time; then it must have been taken."""
    loop = asyncio.get_running_loop()
    body = ROW.replace(b"gate", b"nowhere") * 200
    parts = iter([body[start : start + 1024] for start in range(0, len(body), 1024)])
    times = [loop.time()]
    async with impatient.line(impatient.head(len(body))) as (reader, writer):

        def is_sent() -> bool:
            times.append(loop.time())
            part = next(parts, b"")
            writer.write(part)
            return not part

        await until(is_sent, "all is sent", every=STRETCH_SECONDS / 5)
        if max(after - before for before, after in pairwise(times)) > STRETCH_SECONDS / 2:
            return False
        assert times[-1] - times[0] > 3 * STRETCH_SECONDS
        assert (await reader.readline()).startswith(b"HTTP/1.1 422 ")
    return True


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /login HTTP/1.1\r\nX-Long: " + b"a" * 300_000,
        b"GET /login HTTP/1.1\r\n" + b"X-Many: a\r\n" * 30_000,
        b"GET /login HTTP/1.1\r\n" + b"X-Many: a\r\n" * 4_000 + b"\r\n",
        b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\n\r\n",
    ],
    ids=["one-header", "headers", "complete", "address"],
)
async def test_a_head_is_bounded(served: Served, sent: bytes):
    async with served.line(sent) as (reader, _):
        with suppress(ConnectionResetError):
            assert (await reader.read()).startswith(b"HTTP/1.1 431 ")
    assert await served.is_well()


async def test_more_connections_than_there_may_be_keep_nobody_out(served: Served):
    """What waits for longest goes, so that whoever asks something is answered."""
    idle = [await asyncio.open_connection("127.0.0.1", served.port) for _ in range(4 * CONNECTIONS)]
    assert await served.is_well()
    with suppress(ConnectionResetError):
        assert await idle[0][0].read() == b""
    for _, writer in idle:
        writer.close()
    assert await served.is_well()


HOSTILE = {
    "objects, a line each": (NDJSON, lambda: b"{}\n" * 4_000_000, 413),
    "objects": (JSON, lambda: b"[" + b"{}," * 4_000_000 + b"{}]", 413),
    "newlines": (NDJSON, lambda: b"\n" * 32_000_000, 413),
    "one text": (JSON, lambda: b'[{"camera":"' + b"a" * 32_000_000 + b'"}]', 422),
    "unknown fields": (
        NDJSON,
        lambda: b"{" + b",".join(b'"field-%08d":0' % number for number in range(1_600_000)) + b"}",
        422,
    ),
    "numbers": (JSON, lambda: b"[[" + b"1," * 14_000_000 + b"1]]", 413),
    "wrong rows": (NDJSON, lambda: b'{"camera":1}\n' * 50_000, 422),
}


async def test_no_hostile_body_costs_a_process_much(served: Served):
    """Each has up to 32 MB, and is received, joined and looked at: about four times its size."""
    headers = {"Authorization": f"Bearer {served.key}"}
    url = f"http://127.0.0.1:{served.port}"
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=PATIENCE_SECONDS) as client:
        before = _peak_mb(served.pid)
        for name, (kind, made, status) in HOSTILE.items():
            answer = await client.post(
                "/api/v1/clouds/north/usage", content=made(), headers={"Content-Type": kind}
            )
            assert answer.status_code == status, (name, answer.text[:200])
            assert _peak_mb(served.pid) - before < GROWTH_MB, name
        assert (await client.get("/login")).status_code == 200


def _peak_mb(pid: int) -> int:
    """The most memory that any process of a server has had, as the kernel knows it."""
    process = psutil.Process(pid)
    found = [pid, *(child.pid for child in process.children(recursive=True))]
    texts = [Path(f"/proc/{one}/status").read_text() for one in found]
    return max(int(text.split("VmHWM:")[1].split()[0]) // 1000 for text in texts)


async def _dribble_into_408(line: tuple[asyncio.StreamReader, _Writer], part: bytes) -> None:
    """Send a part again and again, until the server has enough of it."""
    reader, writer = line
    refusal = asyncio.create_task(reader.readuntil(b"HTTP/1.1 408 "))

    def is_refused() -> bool:
        if not refusal.done():
            writer.write(part)
        return refusal.done()

    await until(is_refused, "the line is refused", every=STRETCH_SECONDS / 10)
    assert await refusal
