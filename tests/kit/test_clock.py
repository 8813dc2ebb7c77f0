"""A test clock stands in books of its own: those of real time never get one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from portal.errors import Conflict
from portal.kit.actions import clock
from portal.kit.queries.clock import books_time, check_clock_matches
from tests.conftest import Database
from tests.factories import two_clouds

JANUARY, FEBRUARY = (datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2))


async def test_books_of_real_time_get_no_test_clock(worker: Database) -> None:
    await two_clouds()
    with pytest.raises(Conflict, match="database of its own"):
        await clock.start(JANUARY)
    assert await books_time() > JANUARY
    await check_clock_matches(None)
    with pytest.raises(Conflict, match="start without --test-clock"):
        await check_clock_matches(JANUARY)


async def test_books_that_began_with_one_keep_it(worker: Database) -> None:
    await clock.start(FEBRUARY)
    await two_clouds()
    await clock.start(JANUARY)
    assert await books_time() == FEBRUARY
    with pytest.raises(Conflict, match="start with --test-clock"):
        await check_clock_matches(None)
