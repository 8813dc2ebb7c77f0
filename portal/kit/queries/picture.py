"""One picture for one request: whatever it reads, it reads in one transaction."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from portal.access import Actor
from portal.db import snapshot

Found = TypeVar("Found")


async def in_one_snapshot(actor: Actor, read: Callable[[], Awaitable[Found]]) -> Found:
    """What `read` finds, all of it at one moment: every query in it joins this transaction.

    A page that shows a sum above its rows would otherwise show the sum of before a close and the
    rows of after it. `read` waits for nothing outside the database, and changes nothing in it.
    """
    async with snapshot(actor):
        return await read()
