"""The last backup that workers made, for pages and the doctor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from portal.access import Actor
from portal.db import snapshot

OLD_HOURS: Final = 36
"""One is made each day: after so long without one somebody has to look."""
STATE: Final = f"""
select b.made_at, b.size, b.kept, coalesce(b.error, '') as error, b.planned_at,
       coalesce(coalesce(b.made_at, b.planned_at) < now() - interval '{OLD_HOURS} hours', false)
         as is_old
from (
  select max(ended_at) filter (where file <> '') as made_at,
         (array_agg(size order by id desc) filter (where file <> '' and ended_at is not null))[1]
           as size,
         (count(*) filter (where file <> '' and ended_at is not null and removed_at is null))::int
           as kept,
         (array_agg(error order by id desc) filter (where ended_at is not null))[1] as error,
         min(due_at) as planned_at
  from backup
) b
"""  # noqa: S608 - a number of ours
"""How backups stand, in one row, by the machine's clock."""


@dataclass(frozen=True, slots=True)
class LastBackup:
    """When one was made last, how large it is in bytes, and how many are kept.

    `error` is why the last try failed, "" where it did not. `made_at` is None before the first,
    `planned_at` where none was ever to be made. `is_old` says that one is missing.
    """

    made_at: datetime | None
    size: int | None
    kept: int
    error: str
    planned_at: datetime | None
    is_old: bool


async def last(actor: Actor) -> LastBackup:
    """The last one."""
    async with snapshot(actor) as tx:
        row = await tx.fetchrow(STATE)
    assert row is not None, "an aggregate has a row"
    return LastBackup(**row)
