"""A process that reads a Watcher as the real workers do, without a queue.

Says "ready"; for each line, a reading's row id and the time, it carries that reading out and
answers one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from datetime import datetime
from functools import partial

from portal import logs
from portal.bench.close_worker import peak_mb
from portal.bench.database import WORDS
from portal.db import close_pool, open_pool
from portal.gateways.vault import Vault
from portal.gateways.watcher import connect
from portal.watcher.actions.sync.fetch import fetch


async def work(database_url: str) -> None:
    """Wait for the word, then do what a worker does about a reading that is asked for."""
    logs.configure(as_json=False)
    await open_pool(database_url, size=2)
    try:
        print("ready", flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            reading, now = line.split()
            await carry_out(int(reading), datetime.fromisoformat(now))
    finally:
        await close_pool()


async def carry_out(reading: int, now: datetime) -> None:
    """One reading at a time that stands; says its CPU seconds and the most memory so far."""
    started = time.process_time()
    await fetch(
        reading,
        connect=partial(connect, allow_private=True),
        vault=Vault([WORDS]),
        clock=lambda: now,
    )
    cpu_seconds = time.process_time() - started
    print(json.dumps({"cpu_seconds": cpu_seconds, "peak_mb": peak_mb()}), flush=True)


if __name__ == "__main__":
    asyncio.run(work(os.environ["CAMLEDGER_DATABASE_URL"]))
