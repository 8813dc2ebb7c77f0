"""How tests wait: until something has come true, never for a time to pass.

`PATIENCE_SECONDS` is reached by what hangs, not by what is slow: a machine may be busy. A house test
refuses sleeps and shorter limits everywhere else.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable
from typing import Any, Final

import asyncpg

PATIENCE_SECONDS: Final = 180


def eventually(condition: Callable[[], Any], what: str, *, every: float = 0.05) -> Any:
    """Wait until a condition is true; what it gave then. It is looked at `every` so many seconds:
    seldom, where a look keeps those busy who are waited for."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {PATIENCE_SECONDS} s: {what}"
        time.sleep(every)
    return found


async def until(condition: Callable[[], Any], what: str, *, every: float = 0.01) -> Any:
    """The same in a loop of asyncio, where a condition may be awaited; it is looked at `every` so
    many seconds."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not (found := await _given(condition)):  # noqa: ASYNC110 -- any condition
                await asyncio.sleep(every)
    except TimeoutError as over:
        raise AssertionError(f"not within {PATIENCE_SECONDS} s: {what}") from over
    return found


async def _given(condition: Callable[[], Any]) -> Any:
    found = condition()
    return await found if inspect.isawaitable(found) else found


async def somebody_waits(owner_url: str) -> None:
    """Wait until somebody waits for a lock in a database."""
    connection = await asyncpg.connect(owner_url)
    try:
        await until(
            lambda: connection.fetchval(
                # What a session waits for is its own role's secret; that a lock is not granted is not.
                "select exists (select from pg_locks join pg_stat_activity using (pid)"
                " where not granted and datname = current_database())"
            ),
            "somebody waits for a lock",
        )
    finally:
        await connection.close()
