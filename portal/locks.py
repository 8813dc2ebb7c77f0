"""Locks by name that a process holds across transactions, all of them on one connection."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

Take: TypeAlias = Callable[[], Awaitable[Any]]
Give: TypeAlias = Callable[[Any], Awaitable[None]]

_LOCK_KEY = "hashtextextended($1, 0)"


class HeldLocks:
    """The locks that a process holds by name: all on one connection of its pool.

    What is held may be held for an hour, by a sync run of a slow Watcher. With a connection
    each a few of those would leave none for everything else. `acquire` and `release` are those of
    the pool.
    """

    def __init__(self, acquire: Take, release: Give) -> None:
        self._acquire, self._release = acquire, release
        self._names: set[str] = set()
        self._turn = asyncio.Lock()
        self._connection: Any = None

    async def take(self, name: str) -> bool:
        """Whether the lock is ours now; False while anybody else has it, or we have it already."""
        async with self._turn:
            # PostgreSQL gives a lock to the connection that has it a second time.
            if name in self._names:
                return False
            if self._connection is None or self._connection.is_closed():
                await self._give_back()
                self._connection = await self._acquire()
            try:
                query = f"select pg_try_advisory_lock({_LOCK_KEY})"
                if await self._connection.fetchval(query, name):
                    self._names.add(name)
            except BaseException:
                await asyncio.shield(self._unlock(name))
                raise
            finally:
                await asyncio.shield(self._give_back())
            return name in self._names

    async def give(self, name: str) -> None:
        """Let go of a lock that was taken."""
        async with self._turn:
            self._names.discard(name)
            try:
                await self._unlock(name)
            finally:
                await self._give_back()

    async def _unlock(self, name: str) -> None:
        if self._connection is not None and not self._connection.is_closed():
            await self._connection.execute(f"select pg_advisory_unlock({_LOCK_KEY})", name)

    async def _give_back(self) -> None:
        """Return the connection once nothing is held on it; one that broke holds nothing."""
        if self._connection is None or (self._names and not self._connection.is_closed()):
            return
        connection, self._connection = self._connection, None
        await self._release(connection)
