"""Processes of a measurement: the web application, a simulated Watcher, and workers."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from typing import Final

import httpx

from portal.bench.database import Installation
from portal.embedded.process import free_port
from portal.errors import PortalError

APPLICATION: Final = "portal.app:create_app"
WATCHER_CLOCK: Final = "/_sim/clock"
READY_SECONDS: Final = 120
STOP_SECONDS: Final = 10
HOST: Final = "127.0.0.1"


class NoAnswer(PortalError):
    """What is measured did not come up, or did not answer as it should."""

    status = 500
    title = "Benchmark stopped"


@contextmanager
def served(
    found: Installation, factory: str = APPLICATION, more: Mapping[str, str] | None = None
) -> Iterator[str]:
    """The address of a single web process, as `camledger serve` runs it; `more` are settings."""
    port = free_port()
    command = ["portal.bench.web", factory, HOST, str(port)]
    url = f"http://{HOST}:{port}"
    with _running(found, command, f"{url}/login", {"CAMLEDGER_PUBLIC_URL": url, **(more or {})}):
        yield url


@contextmanager
def watched(found: Installation, cameras: int, now: datetime) -> Iterator[str]:
    """The address of a simulated Watcher, as `camledger simulator` runs it; its time stands."""
    port = free_port()
    command = ["portal.cli", "simulator", "--port", str(port)]
    command += ["--cameras", str(cameras), "--now", now.isoformat()]
    url = f"http://{HOST}:{port}"
    with _running(found, command, f"{url}{WATCHER_CLOCK}", {}):
        yield url


@contextmanager
def _running(
    found: Installation, words: Sequence[str], answers: str, more: dict[str, str]
) -> Iterator[None]:
    """A module that runs as a program, from when the address `answers` does until the end."""
    process = subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, "-m", *words],
        env=_environment(found) | more,
        stdout=subprocess.DEVNULL,  # ours ends with one JSON object
    )
    try:
        _wait(process, answers)
        yield
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _environment(found: Installation) -> dict[str, str]:
    return found.environment() | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


def _wait(process: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(url).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise NoAnswer(f"Nothing answers at {url}.")


@asynccontextmanager
async def worker_processes(
    found: Installation, module: str, number: int
) -> AsyncIterator[list[asyncio.subprocess.Process]]:
    """Processes of a module that says "ready" and answers each line with one JSON object."""
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", module),
            env=_environment(found),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        for _ in range(number)
    ]
    try:
        await asyncio.gather(*(_line(process) for process in processes))
        yield processes
    finally:
        for process in processes:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def ask(process: asyncio.subprocess.Process, line: str) -> dict[str, float]:
    """What a worker answers to a line. Raises `NoAnswer` when it ends before it does."""
    assert process.stdin is not None, "started with a pipe"
    process.stdin.write(f"{line}\n".encode())
    await process.stdin.drain()
    answer: dict[str, float] = json.loads(await _line(process))
    return answer


async def _line(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None, "started with a pipe"
    line = await process.stdout.readline()
    if not line:
        raise NoAnswer("A worker process ended before its work was done.")
    return line
