"""The last backup that workers made, for a page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from portal.access import Actor
from portal.db import snapshot

_LAST: Final = """
select (select max(ended_at) from backup where file <> '') as made_at,
       (select size from backup where file <> '' order by id desc limit 1) as size,
       (select count(*)::int from backup where file <> '' and removed_at is null) as kept,
       coalesce((select error from backup where ended_at is not null order by id desc limit 1), '')
         as error
"""


@dataclass(frozen=True, slots=True)
class LastBackup:
    """When one was made last, how large it is in bytes, and how many are kept.

    `error` is why the last try failed, "" where it did not. `made_at` is None before the first.
    """

    made_at: datetime | None
    size: int | None
    kept: int
    error: str


async def last(actor: Actor) -> LastBackup:
    """The last one."""
    async with snapshot(actor) as tx:
        row = await tx.fetchrow(_LAST)
    assert row is not None, "an aggregate has a row"
    return LastBackup(**row)
