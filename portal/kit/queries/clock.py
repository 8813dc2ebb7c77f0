"""What time it is: the machine's, or an installation's under test."""

from __future__ import annotations

from datetime import UTC, datetime

from portal.access import SYSTEM
from portal.db import snapshot
from portal.errors import Conflict
from portal.ports import Clock


def wall_clock() -> datetime:
    """What time it is by this machine's clock, in UTC."""
    return datetime.now(UTC)


class WallClock:
    """This machine's clock."""

    def __call__(self) -> datetime:
        """The time now."""
        return wall_clock()

    async def refresh(self) -> None:
        """Always right."""


class TestClock:
    """The time that stands in PostgreSQL, the same for every process of an installation."""

    __test__ = False

    def __init__(self, start: datetime) -> None:
        self._now = start

    def __call__(self) -> datetime:
        """The time as of the last look."""
        return self._now

    async def refresh(self) -> None:
        """Read it anew."""
        async with snapshot(SYSTEM) as tx:
            now = await tx.fetchval("select now from test_clock")
        if now is not None:
            self._now = now


async def check_clock_matches(test_clock: datetime | None) -> None:
    """Raise `Conflict` unless the database has a test clock exactly where one is told of.

    Books by one clock never go on by the other. `test_clock` is what a process was started with.
    """
    async with snapshot(SYSTEM) as tx:
        if await tx.fetchval("select to_regclass('test_clock') is null"):
            return  # not migrated yet: there are no books
        standing = await tx.fetchval("select now from test_clock")
    if standing is not None and test_clock is None:
        raise Conflict(
            f"These books go by a test clock, which stands at {standing:%Y-%m-%dT%H:%M:%SZ}:"
            " start with --test-clock, or use another database."
        )
    if standing is None and test_clock is not None:
        raise Conflict("These books go by the machine's clock: start without --test-clock.")


async def books_time() -> datetime:
    """What time it is for the books of this database: its test clock's, or the machine's."""
    async with snapshot(SYSTEM) as tx:
        standing: datetime | None = await tx.fetchval("select now from test_clock")
    return standing or wall_clock()


def clock_of(test_clock: datetime | None) -> Clock:
    """The clock of an installation: `test_clock` is the time it was started with, if it has one."""
    return WallClock() if test_clock is None else TestClock(test_clock)
