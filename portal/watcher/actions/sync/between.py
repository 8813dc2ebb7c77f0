"""Cameras that were read one by one between sync runs, because something was written to them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from portal.billing.period import local_date
from portal.billing.readings import CameraReading
from portal.db import Transaction
from portal.kit.actions.locks import lock_histories
from portal.kit.queries.tenancy import CloudFacts
from portal.watcher.actions.sync.complete import own
from portal.watcher.actions.sync.history import SyncRun, apply

NO_READING: Final = 0
_HELD: Final = """
select coalesce(c.same_as, c.id) as watcher,
       (select max(r.started_at) from reading r
        where r.connection = c.id and r.state = 'complete') as before
from connection c where c.id = $1 for no key update of c
"""


async def take(
    tx: Transaction,
    cloud: CloudFacts,
    connection: int,
    seen: Mapping[int, CameraReading],
    at: datetime,
) -> None:
    """Continue histories of cameras (by row id) as they were read at a time.

    That time is exact; the next sync run would give a later one.

    Their histories alone: facts of a day are a complete reading's to store. A run that is under way
    leaves these cameras as they are from now on, it may have met them before.
    """
    if not seen:
        return
    await lock_histories(tx, cloud.id)
    (held,) = await tx.fetch(_HELD, connection)
    run = SyncRun(
        reading=NO_READING,
        connection=connection,
        watcher=held["watcher"],
        cloud=cloud.id,
        at=at,
        before=held["before"],
    )
    changed, _ = await apply(tx, run, seen)
    await own(tx, cloud.id, connection, changed, local_date(at, cloud.timezone))
