"""Places for work that waits for others' servers, beside those of a worker's jobs.

A Watcher may take hours to answer, a mail server minutes. Readings, provisioning and mail never
take one of the places of closes, documents and estimates: a job for them only makes a worker look
whether one of their own places is free, and whose turn it is. What finds no free place stays in
PostgreSQL and holds nothing, neither a place nor a connection of the database.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection

import structlog

from portal.watcher.actions.turns import Turn

log = structlog.get_logger()
LOOK_SECONDS = 5
"""After so long a worker looks again by itself: the job may have come where no place was free."""


class Places:
    """So many places; `take` says whose turn it is, `run` does it.

    `take` is told what runs here already; `run` says whether something came of it. Then the next
    one is looked for at once, otherwise only when it is enqueued or some seconds have gone by.
    """

    def __init__(
        self,
        count: int,
        take: Callable[[Collection[int]], Awaitable[Turn | None]],
        run: Callable[[int], Awaitable[object]],
        *,
        seconds_max: float,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._count, self._take, self._run = count, take, run
        self._seconds_max, self._look_seconds = seconds_max, look_seconds
        self._running: dict[int, asyncio.Task[None]] = {}
        self._looking = asyncio.Lock()
        self._looker: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin to look for work by itself."""
        self._looker = asyncio.create_task(self._look())

    async def fill(self) -> None:
        """Start what may start now."""
        async with self._looking:
            while len(self._running) < self._count:
                turn = await self._take(self._running.keys())
                if turn is None:
                    return
                self._running[turn.id] = asyncio.create_task(self._do(turn))

    async def close(self) -> None:
        """Break off what runs: it is found again by whoever looks next."""
        tasks = [*self._running.values(), *([] if self._looker is None else [self._looker])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _look(self) -> None:
        while True:
            await self._safely(self.fill())
            await asyncio.sleep(self._look_seconds)

    async def _do(self, turn: Turn) -> None:
        came = None
        try:
            came = await self._safely(self._in_time(turn.id))
        finally:
            await turn.place.aclose()
            del self._running[turn.id]
        if came:
            await self._safely(self.fill())

    async def _in_time(self, id_: int) -> object:
        async with asyncio.timeout(self._seconds_max):
            return await self._run(id_)

    async def _safely(self, work: Awaitable[object]) -> object:
        """Do it; what goes wrong is said, and no reason to look for no more work."""
        try:
            return await work
        except Exception:
            log.exception("Work that waits for another server broke off")
            return None
