"""What time it is: the machine's, or an installation's under test."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol

from portal.access import SYSTEM
from portal.db import reading


class Clock(Protocol):
    """Tells the time in UTC. What happens at one time asks once and hands it on."""

    def __call__(self) -> datetime:
        """The time now."""
        ...

    async def refresh(self) -> None:
        """Look again, before a request or a job."""


class WallClock:
    """This machine's clock."""

    def __call__(self) -> datetime:
        """The time now."""
        return datetime.now(UTC)

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
        async with reading(SYSTEM) as tx:
            now = await tx.fetchval("select now from test_clock")
        if now is not None:
            self._now = now


def clock_of(test_clock: datetime | None) -> Clock:
    """The clock of an installation: `test_clock` is the time it was started with, if it has one."""
    return WallClock() if test_clock is None else TestClock(test_clock)
