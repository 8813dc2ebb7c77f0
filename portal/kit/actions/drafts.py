"""Saying that drafts of a cloud's open months are no longer what their close would issue."""

from __future__ import annotations

from datetime import date

from portal import tables
from portal.billing.period import Period
from portal.db import Transaction
from portal.kit.actions.rows import insert


async def mark_drafts(tx: Transaction, cloud: int, since: date | None = None) -> None:
    """Leave a mark for the workers: drafts of the month of `since` and later ones, or all of them.

    Usage is marked here. What is written less often, the database marks by itself.
    """
    month = None if since is None else Period.of(since).start
    await insert(tx, tables.DraftMark, {"cloud": cloud, "month": month})
