"""Whose turn it is among what waits for Watchers: places that a cloud has, over all machines.

A place is a lock by name in PostgreSQL, held while the work goes on: it goes with the process, and
what waits for one holds nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from portal.db import advisory_lock
from portal.watcher.queries import worklist as watcher_work

READINGS_A_CLOUD: Final = 2
"""Readings of one cloud at a time, by all workers of all machines together."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Work whose turn it is, by row id, and its place, which is given back by `place.aclose()`."""

    id: int
    place: AsyncExitStack


async def next_reading(busy: Collection[int]) -> Turn | None:
    """A reading that waits and may begin; none of those that are `busy` in this process.

    Clouds of which nothing is read come before second readings of others.
    """
    waiting = await watcher_work.readings_waiting()
    for number in range(READINGS_A_CLOUD):
        for cloud, readings in waiting:
            place = AsyncExitStack()
            if await place.enter_async_context(advisory_lock(f"reading {number} of cloud {cloud}")):
                for reading in readings:
                    if reading not in busy and await _is_free(f"reading {reading}"):
                        return Turn(reading, place)
            await place.aclose()
    return None


async def next_provisioning(busy: Collection[int], now: datetime) -> Turn | None:
    """A cloud with a Watcher that something is to be written to, one at a time of each cloud."""
    for cloud in await watcher_work.provisionings(now):
        place = AsyncExitStack()
        if cloud not in busy and await place.enter_async_context(
            advisory_lock(f"provisioning of cloud {cloud}")
        ):
            return Turn(cloud, place)
        await place.aclose()
    return None


async def _is_free(name: str) -> bool:
    async with advisory_lock(name) as mine:
        return mine
