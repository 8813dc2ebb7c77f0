"""The web application in a process of its own, asked over HTTP."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import httpx

from portal.errors import PortalError

if TYPE_CHECKING:
    from portal.bench.database import Installation

APPLICATION: Final = "portal.app:create_app"
READY_SECONDS: Final = 60
STOP_SECONDS: Final = 10
HOST: Final = "127.0.0.1"


class NoAnswer(PortalError):
    """What is measured did not come up, or did not answer as it should."""

    status = 500
    title = "Benchmark stopped"


@contextmanager
def served(found: Installation, factory: str = APPLICATION) -> Iterator[str]:
    """The address of a single web process, as `camledger serve` runs it."""
    port = _free_port()
    command = [sys.executable, "-m", "uvicorn", factory, "--factory", "--host", HOST]
    command += ["--port", str(port), "--no-access-log", "--log-level", "warning"]
    url = f"http://{HOST}:{port}"
    environment = found.environment() | {
        "CAMLEDGER_PUBLIC_URL": url,
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    process = subprocess.Popen(command, env=environment)  # noqa: S603 - our own interpreter
    try:
        _wait(process, url)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{url}/login").status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise NoAnswer("The web process does not answer.")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind((HOST, 0))
        port: int = found.getsockname()[1]
        return port
