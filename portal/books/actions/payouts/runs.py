"""Statements that are drafted by the clock, once a month."""

from __future__ import annotations

from datetime import datetime

from portal import tables
from portal.access import SYSTEM
from portal.books.actions.payouts.statements import draft_in, lock
from portal.books.queries.payouts.statements import DueRun
from portal.db import atomic
from portal.kit.actions.rows import insert
from portal.kit.queries import tenancy


async def draft_due(run: DueRun, *, now: datetime) -> None:
    """Draft the statements of a month once, when their day has come."""
    async with atomic(SYSTEM) as tx:
        await lock(tx, run.cloud)
        columns = {"cloud": run.cloud, "month": run.period.start}
        if await insert(tx, tables.StatementRun, columns, unless_there=True) is None:
            return
        cloud = await tenancy.cloud_facts_by_id(tx, run.cloud)
        await draft_in(tx, SYSTEM, cloud, run.period, referral=None, now=now)
