"""Saying that something changed of which something is kept: drafts, and where Watcher differs."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Final

from portal import tables
from portal.billing.period import Period
from portal.db import Transaction
from portal.kit.actions.rows import insert

NAMED_MAX: Final = 5_000


async def mark_drafts(tx: Transaction, cloud: int, since: date | None = None) -> None:
    """Leave a mark for the workers: drafts of the month of `since` and later ones, or all of them.

    Usage is marked here. What is written less often, the database marks by itself.
    """
    month = None if since is None else Period.of(since).start
    await insert(tx, tables.DraftMark, {"cloud": cloud, "month": month})


async def mark_usage(tx: Transaction, cloud: int, cameras: Collection[int], since: date) -> None:
    """Leave marks that usage of cameras (row ids) changed, on a day of the month of `since` first.

    Of so many cameras that all are looked at anew, none is named.
    """
    await mark_drafts(tx, cloud, since)
    named = sorted(cameras) if len(cameras) <= NAMED_MAX else None
    await insert(tx, tables.DifferenceMark, {"cloud": cloud, "cameras": named})
