"""What tests of worker processes share."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from typing import Any

from portal.access import SYSTEM
from portal.db import atomic
from tests import patience
from tests.services import TestServices

Start = Callable[..., "subprocess.Popen[bytes]"]
"""Its keywords are what the environment has beside the usual."""


def redis_of(services: TestServices, worker_id: str) -> str:
    """A Redis database of this test process's own."""
    return services.redis(int(worker_id.removeprefix("gw")) if worker_id != "master" else 0)


async def until(sql: str) -> None:
    """Wait until a query answers true."""

    async def true() -> Any:
        async with atomic(SYSTEM) as tx:
            return await tx.fetchval(sql)

    await patience.until(true, sql, every=0.02)
