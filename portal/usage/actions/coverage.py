"""Keeping on how many cameras of a large cloud the days of its months lack usage."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from portal.billing.period import MonthAt, Period
from portal.db import Transaction
from portal.kit.actions.bulk import copy_rows
from portal.usage.actions.sums import CAMERAS_MAX
from portal.usage.queries import coverage

MONTHS_AT_ONCE: Final = 3
"""Months that have begun to close and are counted with one draft, the newest."""
_FORGET: Final = "delete from missing_days where cloud = $1 and month = any($2::date[])"
_FORGET_ALL: Final = "delete from missing_days where cloud = $1"
_WHOLE: Final = "select month from missing_days where cloud = $1 and begun"
_BEGUN: Final = """
select starts_on from period where cloud = $1 and state <> 'open' order by starts_on desc
"""


async def keep_missing_days(
    tx: Transaction,
    cloud: int,
    cameras: int,
    *,
    open_months: Sequence[Period],
    late_since: date | None,
    today: date,
) -> None:
    """Count anew what may have changed, of a cloud with so many cameras.

    That are the open months, and of the others those that were not counted since their close
    began, and with `late_since` this month and later ones: usage came to it. Of a cloud of few
    cameras none is kept: its pages count.
    """
    if cameras <= CAMERAS_MAX:
        await tx.execute(_FORGET_ALL, cloud)
        return
    kept = {row["month"] for row in await tx.fetch(_WHOLE, cloud)}
    begun = [Period.of(row["starts_on"]) for row in await tx.fetch(_BEGUN, cloud)]
    changed = [
        one
        for one in begun
        if one.start not in kept or (late_since is not None and late_since <= one.start)
    ]
    still_open = [one for one in open_months if one not in begun]
    await tx.execute(_FORGET, cloud, [one.start for one in (*still_open, *changed)])
    for period in (*still_open, *changed[:MONTHS_AT_ONCE]):
        days = period.overlap(period.start, MonthAt(period, today).until)
        if days is not None:
            found = await coverage.count(tx, cloud, days)
            facts = {
                "cloud": cloud,
                "month": period.start,
                "until": days.end,
                "begun": period in changed,
                "subscribed": found.subscribed,
                "missing": found.missing,
            }
            await copy_rows(tx, "missing_days", [facts])
