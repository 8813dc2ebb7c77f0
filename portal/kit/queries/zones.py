"""What day it is where: zones are interpreted in Python, SQL is handed dates and instants.

PostgreSQL has zone files of its own, of another age, and reads some names otherwise: CET has summer
time in Python and none there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from portal.access import SYSTEM, Actor
from portal.billing.period import day_starts, is_zone, local_date
from portal.db import Transaction, snapshot

COMPARED_DAYS: Final = 366
"""So many days before and after today are compared with PostgreSQL's."""


async def in_use(tx: Transaction) -> list[str]:
    """The zones of the clouds and the platform that the actor sees.

    One that the zone database does not know, though it is stored, is not among them: where it is
    looked up, it is nothing, and nothing is due there. `camledger doctor` says so.
    """
    return list(filter(is_zone, await _stored(tx)))


async def _stored(tx: Transaction) -> list[str]:
    rows = await tx.fetch(
        "select timezone from cloud union select timezone from platform order by timezone"
    )
    return [row["timezone"] for row in rows]


async def todays(tx: Transaction, now: datetime) -> dict[str, str]:
    """The zones in use → the date there, for a parameter: `($1::jsonb->>timezone)::date`."""
    return {zone: local_date(now, zone).isoformat() for zone in await in_use(tx)}


async def tell_todays(tx: Transaction, now: datetime) -> None:
    """Tell SQL which day it is in each zone in use, up to the end of the transaction.

    `document_balance` asks for it where it says what is overdue, and fails where it was not told.
    """
    days = json.dumps(await todays(tx, now))
    await tx.execute("select set_config('app.todays', $1, true)", days)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The zones in use, and those of them that PostgreSQL has not, or reads otherwise.

    `others` has the first day that begins at another instant there; `unknown` are stored names that
    are no zones here.
    """

    in_use: list[str]
    unknown: list[str]
    missing: list[str]
    others: dict[str, date]


_MISSING: Final = """
select name from unnest($1::text[]) as z(name)
where name not in (select n.name from pg_timezone_names n) order by name
"""
# The one place where PostgreSQL is asked for its opinion, to tell a person.
_OTHERS: Final = """
select d.name, min(d.day) as day
from unnest($1::text[], $2::date[], $3::timestamptz[]) as d(name, day, starts_at)
where d.day::timestamp at time zone d.name <> d.starts_at
group by d.name order by d.name
"""


async def compare(now: datetime, actor: Actor = SYSTEM) -> Comparison:
    """How PostgreSQL reads the zones in use, beside how we do, a year back and a year ahead."""
    async with snapshot(actor) as tx:
        stored = await _stored(tx)
        names = list(filter(is_zone, stored))
        missing = [row["name"] for row in await tx.fetch(_MISSING, names)]
        days: list[tuple[str, date, datetime]] = []
        for name in names:
            if name not in missing:
                first = local_date(now, name) - timedelta(days=COMPARED_DAYS)
                starts = day_starts(first, first + timedelta(days=2 * COMPARED_DAYS), name)
                days += [(name, first + timedelta(days=n), start) for n, start in enumerate(starts)]
        columns = [list(column) for column in zip(*days, strict=True)] or [[], [], []]
        others = {row["name"]: row["day"] for row in await tx.fetch(_OTHERS, *columns)}
    return Comparison(names, [name for name in stored if not is_zone(name)], missing, others)
