"""What is due by the clock and the database. Running it twice, or on ten machines, is harmless."""

from __future__ import annotations

import structlog

from portal import jobs
from portal.access import SYSTEM
from portal.accounts.actions import sessions
from portal.books.actions.periods import note_attempt, start_close
from portal.books.queries import worklist as books_work
from portal.errors import PortalError
from portal.kit.actions import idempotency
from portal.kit.queries.clock import WallClock
from portal.watcher.actions.sync.request import request_due
from portal.watcher.queries import worklist as watcher_work
from workers.context import Context

log = structlog.get_logger()


async def sweep(ctx: Context) -> None:
    """Begin readings and closes that are due, enqueue everything unfinished, and tidy up."""
    now, queue = ctx["clock"](), ctx["queue"]
    for cloud_id, connection in await watcher_work.readings(now):
        await request_due(cloud_id, connection, now=now, queue=queue)
    for slug, month in await books_work.periods(now):
        try:
            await start_close(SYSTEM, slug, month, accept_gaps=False, now=now, queue=queue)
        except PortalError as error:
            await note_attempt(slug, month, now=now)
            log.info("A period cannot close yet", cloud=slug, period=month, why=error.message)
    for period_id in await books_work.closings():
        await queue.enqueue(jobs.CLOSE_PERIOD, period_id)
    if await books_work.documents_waiting():
        await queue.enqueue(jobs.RENDER_DOCUMENTS)
    for cloud_id in await books_work.estimates(now):
        await queue.enqueue(jobs.ESTIMATE, cloud_id)
    for reading_id in await watcher_work.readings_running():
        await queue.enqueue(jobs.READ_CONNECTION, reading_id)
    for cloud_id in await watcher_work.mappings():
        await queue.enqueue(jobs.FOLLOW_MAPPINGS, cloud_id)
    for cloud_id in await watcher_work.provisionings(now):
        await queue.enqueue(jobs.PROVISION, cloud_id)
    # Sessions go on by the machine's clock, also where a test clock stands.
    wall = WallClock()()
    await sessions.purge(wall)
    await idempotency.purge(wall)
