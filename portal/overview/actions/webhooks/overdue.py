"""Telling that invoices are overdue: each once, on the day after it was due."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from portal.access import SYSTEM
from portal.billing.period import local_date
from portal.db import atomic, snapshot
from portal.kit.actions import events
from portal.kit.queries import zones
from portal.values.webhooks import EventType

# Clouds whose day has changed since they were told, or that want to know since today.
_CLOUDS: Final = """
select c.id, c.timezone, o.told_to from cloud c
left join webhook_overdue o on o.cloud = c.id
where wants_events(c.id, $1) and c.timezone = any($2)
  and exists (select from webhook_endpoint e where e.cloud = c.id)
order by c.id
"""
_STARTED: Final = """
insert into webhook_overdue (cloud, told_to) values ($1, $2)
on conflict (cloud) do update set told_to = excluded.told_to
where webhook_overdue.told_to < excluded.told_to
returning told_to
"""
_HOLD: Final = "select told_to from webhook_overdue where cloud = $1 for update"
_LATE: Final = """
select i.id from invoice i join document_balance b on b.invoice = i.id
where i.cloud = $1 and i.issuer = $1 and i.side = 'retail' and i.due_on >= $2 and i.due_on < $3
  and b.left > 0
order by i.id
"""


async def tell_due(*, now: datetime) -> None:
    """Write down which invoices have become overdue since clouds were told; `now` is the books'.

    What was overdue before a cloud wanted to know is not told.
    """
    async with snapshot(SYSTEM) as tx:
        known = await zones.in_use(tx)
        rows = await tx.fetch(_CLOUDS, EventType.INVOICE_OVERDUE, known)
    for row in rows:
        today = local_date(now, row["timezone"])
        if row["told_to"] is None or row["told_to"] < today:
            await _tell(row["id"], today, now)


async def _tell(cloud: int, today: date, now: datetime) -> None:
    async with atomic(SYSTEM) as tx:
        before = await tx.fetchval(_HOLD, cloud)
        if await tx.fetchval(_STARTED, cloud, today) is None or before is None:
            return
        late = [row["id"] for row in await tx.fetch(_LATE, cloud, before, today)]
        events.note_documents(tx, cloud, EventType.INVOICE_OVERDUE, late, now=now, today=today)
