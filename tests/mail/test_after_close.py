"""Documents that a cloud sends by itself as soon as a month is closed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from portal.access import SYSTEM
from portal.books.actions.sending import due
from portal.db import atomic
from portal.kit.actions.mail import NO_POST
from tests.cast import NORTH
from tests.conftest import Database
from tests.mail.test_deliveries import POST
from tests.mail.test_documents import NOW, rows
from tests.routes.story import close, tell


async def test_a_cloud_that_sends_by_itself_does_so_after_its_next_close(worker: Database) -> None:
    """What was closed before the setting was made is not sent by itself."""

    async def also(_world: object) -> None:
        async with atomic(SYSTEM) as tx:
            await tx.execute("update subscriber set email = 'x' || id || '@home.test'")

    await tell(also)
    async with atomic(SYSTEM) as tx:
        await tx.execute("update cloud set send_after_close = true where id = $1", NORTH)
    await due.write_due(now=NOW, post=POST)
    assert not await rows("select 1 from delivery")
    later = datetime(2026, 12, 5, 12, tzinfo=UTC)
    await close("north", "2026-11", now=later, accept_gaps=True)
    await close("south", "2026-11", now=later, accept_gaps=True)
    await due.write_due(now=later, post=NO_POST)
    assert not await rows("select 1 from delivery"), "without a server the month waits"
    await asyncio.gather(*(due.write_due(now=later, post=POST) for _ in range(3)))
    assert await rows("select distinct cloud from delivery") == [(NORTH,)]
    assert await rows("select count(*)::int from delivery") == [(3,)]
    assert not await rows("select 1 from sending_due")
