"""Cameras that were read one by one between two walks, because something was written to them."""

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
from portal.watcher.actions.sync.history import Walk, apply

NO_WALK: Final = 0
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
    """Let cameras (by row id) live on as they were read at a time: exact, a walk would come later.

    Their lives alone: facts of a day are a complete reading's to store. A walk that runs meanwhile
    leaves these cameras as they are from now on, it may have met them before.
    """
    if not seen:
        return
    await lock_histories(tx, cloud.id)
    (held,) = await tx.fetch(_HELD, connection)
    walk = Walk(NO_WALK, connection, held["watcher"], cloud.id, at, held["before"])
    changed, _ = await apply(tx, walk, seen)
    await own(tx, cloud.id, connection, changed, local_date(at, cloud.timezone))
