"""A worker process of the close that is measured: the job of the real workers, without a queue.

Says "ready", reads a period's row id, helps to close it, and answers one JSON object.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
from datetime import datetime
from pathlib import Path

from portal.bench.world import NOW
from portal.db import close_pool, open_pool
from portal.gateways.queue import NullQueue


def clock() -> datetime:
    """The measurement's time."""
    return NOW


def peak_mb() -> float:
    """The most memory this process ever had, in MB of 10^6 bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0


async def work(database_url: str) -> None:
    """Wait for the word, then do what a worker does about a period that is closing."""
    # By name, as the command line knows the workers.
    jobs = importlib.import_module("workers.jobs")
    await open_pool(database_url, size=2)
    try:
        print("ready", flush=True)
        period = int(await asyncio.to_thread(sys.stdin.readline))
        closed = await jobs.close_period({"clock": clock, "queue": NullQueue()}, period)
    finally:
        await close_pool()
    print(json.dumps({"closed": closed, "peak_mb": peak_mb()}), flush=True)


if __name__ == "__main__":
    asyncio.run(work(os.environ["CAMLEDGER_DATABASE_URL"]))
