"""Asking for a reading: by a person, or by the clock."""

from __future__ import annotations

from datetime import datetime

from portal import jobs, tables
from portal.access import SYSTEM, Actor, Permission
from portal.db import Transaction, atomic
from portal.kit.actions.permit import require
from portal.kit.actions.queueing import enqueue_after_commit
from portal.kit.actions.rows import insert
from portal.kit.queries.tenancy import CloudFacts
from portal.ports import Queue
from portal.watcher.queries import connections
from portal.watcher.queries import worklist as watcher_work
from portal.watcher.queries.connections import Reading


async def request(
    actor: Actor, cloud: CloudFacts, connection: int, *, now: datetime, queue: Queue
) -> Reading:
    """Read a connection now; the reading that runs already, if one does."""
    async with atomic(actor) as tx:
        await connections.get_in(tx, cloud.id, connection)
        require(actor, Permission.CONNECTIONS_WRITE)
        reading = await _ask(tx, cloud.id, connection, now, queue)
        return await connections.get_reading(tx, cloud.id, reading)


async def request_due(cloud: int, connection: int, *, now: datetime, queue: Queue) -> None:
    """The same by the clock, for a connection whose last reading is long enough ago.

    Where that is not so (any more), nothing is asked for.
    """
    async with atomic(SYSTEM) as tx:
        # Looked at after the lock was waited for: two sweeps at one time ask for one reading.
        await tx.execute("select from connection where id = $1 for no key update", connection)
        if (cloud, connection) in await watcher_work.readings(now, connection=connection):
            await _ask(tx, cloud, connection, now, queue)


async def _ask(tx: Transaction, cloud: int, connection: int, now: datetime, queue: Queue) -> int:
    columns = {"cloud": cloud, "connection": connection, "started_at": now}
    made = await insert(tx, tables.Reading, columns, unless_there=True)
    reading: int = made or await tx.fetchval(
        "select id from reading where cloud = $1 and connection = $2 and state = 'running'",
        cloud,
        connection,
    )

    enqueue_after_commit(queue, jobs.READ_CONNECTION, reading)
    return reading
