"""Whether anything is left to do."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from portal.access import Actor, Role
from portal.books.queries import worklist as books_work
from portal.books.queries.dunning import standing
from portal.db import snapshot
from portal.watcher.queries import worklist as watcher_work

# Whoever may ask whether all is done is told yes or no about every cloud, and nothing else.
_OVERSEER: Final = Actor(Role.ADMINISTRATOR, "Camledger")


async def is_settled(now: datetime) -> bool:
    """Whether all work that is due by now is done. For web and workers alike.

    All of it is read in one transaction: one picture of everything.
    """
    async with snapshot(_OVERSEER):
        found = (
            await watcher_work.readings(now, _OVERSEER),
            await watcher_work.readings_running(_OVERSEER),
            await watcher_work.mappings(_OVERSEER),
            await watcher_work.provisionings(now, _OVERSEER),
            await books_work.periods(now, _OVERSEER),
            await books_work.closings(_OVERSEER, also_parked=False),
            await books_work.documents_waiting(_OVERSEER, also_for_fonts=False),
            await books_work.estimates(now, _OVERSEER),
            await standing.turns(now, _OVERSEER),
        )
    return not any(found)
