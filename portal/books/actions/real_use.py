"""Summing what cameras cost in a month that has been closed, so that pages need not."""

from __future__ import annotations

from typing import Final

from portal.access import SYSTEM
from portal.billing.period import Period
from portal.books.queries.sums import real_use
from portal.books.queries.sums.real_use import MADE, ClosedMonth
from portal.db import atomic

_CLOSED: Final = "select cloud, starts_on from period where id = $1 and state = 'closed'"
_LOCK: Final = "select pg_advisory_xact_lock(hashtextextended('real use of ' || $1::bigint, 0))"
_KEEP: Final = f"""
insert into real_use
  (cloud, period, kind, of, service, cameras, amount, numerators, denominators)
select $1, $2, one.* from ({MADE}) one
"""  # noqa: S608 - a query of ours


async def keep(period_id: int) -> bool:
    """Make the sums of a closed period, once; whether this made them."""
    async with atomic(SYSTEM) as tx:
        row = await tx.fetchrow(_CLOSED, period_id)
        if row is None:
            return False
        month = ClosedMonth(cloud=row["cloud"], id=period_id, period=Period.of(row["starts_on"]))
        await tx.execute(_LOCK, period_id)
        if await real_use.is_kept(tx, month):
            return False
        await tx.execute(_KEEP, *month.facts)
        return True
