"""A process that reads and tests hostile Watchers as a web process and a worker do, and says what
became of each and what it cost: `python -m tests.gateways.watcher.victim ADDRESS ATTACK…`."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import replace
from pathlib import Path

import portal.app  # noqa: F401 -- what a web process has in memory
import workers.jobs  # noqa: F401 -- and a worker
from portal.gateways.watcher import Limits, connect
from portal.values.watcher import WatcherAccess, WatcherFailed
from tests.patience import PATIENCE_SECONDS

LIMITS = Limits(attempts_max=1, answer_seconds_max=PATIENCE_SECONDS)
IMPATIENT = Limits(attempts_max=1, answer_seconds_max=0.2)
ENDLESS = {"small-chunks", "not-yet", "chunk-extensions"}
"""Attacks that only a deadline ends, or that take long to come to a bound."""


def peak_mb() -> int:
    """The most memory that this process has had, as the kernel knows it."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) // 1000


async def read(url: str, api: str, limits: Limits) -> str:
    """What a reading says in the end. With a login footage is read too, a request a camera."""
    connection = WatcherAccess("v2", url, api_key="key")
    if api == "v3" or "footage" in url or "cursor" in url:
        connection = WatcherAccess("v2", url, login="nora", password="nora-password")
    if api == "v3":
        connection = replace(connection, api="v3")
    async with connect(connection, allow_private=True, limits=limits) as watcher:
        await watcher.check()
        try:
            _ = [one async for one in watcher.organizations()]
            _ = [one async for one in watcher.presets()]
            found = 0
            async for batch in watcher.cameras():
                if api == "v2" and watcher.reads_ranges:
                    async for _, ranges in watcher.ranges([one.name for one in batch]):
                        found += len(ranges or ())
            watcher.require_ranges()
        except WatcherFailed as error:
            return error.message
    return f"read: {found} ranges"


async def main(address: str, attacks: list[str]) -> None:
    for attack in attacks:
        api, _, name = attack.rpartition(":")
        limits = IMPATIENT if name in ENDLESS else LIMITS
        said = await read(f"{address}/{name}", api or "v2", limits)
        sys.stdout.write(json.dumps([attack, said, peak_mb()]) + "\n")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2:]))
