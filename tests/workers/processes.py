"""What tests of worker processes share."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Callable

import pytest

from portal.access import SYSTEM
from portal.db import atomic
from tests.services import TestServices

PATIENCE_SECONDS = 180

Start = Callable[[], "subprocess.Popen[bytes]"]


def redis_of(services: TestServices, worker_id: str) -> str:
    """A Redis database of this test process's own."""
    return services.redis(int(worker_id.removeprefix("gw")) if worker_id != "master" else 0)


async def until(sql: str, *, every: float = 0.02) -> None:
    """Wait until a query answers true."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        async with atomic(SYSTEM) as tx:
            if await tx.fetchval(sql):
                return
        await asyncio.sleep(every)
    pytest.fail(f"this did not come true in {PATIENCE_SECONDS} s: {sql}")
