"""Services: what the platform sells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from portal import tables
from portal.access import Actor
from portal.catalog.forms.service import NewService
from portal.db import snapshot
from portal.kit.queries.rows import row_of, select_list


@dataclass(frozen=True, slots=True, kw_only=True)
class Service(NewService):
    """A meter, measured in units of `unit_size` base units."""


_SELECT: Final = f"""
select {select_list(Service, tables.Service, "s", meter="m.key")}
from service s join meter m on m.id = s.meter where s.code > $1 order by s.code limit $2
"""  # noqa: S608 - columns of ours


async def list_page(actor: Actor, *, after: str | None = None, limit: int = 100) -> list[Service]:
    """Services by code, those after `after`."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(_SELECT, after or "", limit)
    return [row_of(Service, row) for row in rows]
