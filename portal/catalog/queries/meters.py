"""Meters: what can be measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from portal import tables
from portal.access import Actor
from portal.catalog.forms.meter import NewMeter
from portal.db import snapshot
from portal.kit.queries.rows import row_of, select_list


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter(NewMeter):
    """One daily fact about a camera, an integer in `base_unit`."""


_SELECT: Final = f"""
select {select_list(Meter, tables.Meter, "m")}
from meter m where m.key > $1 order by m.key limit $2
"""  # noqa: S608 - columns of ours


async def list_page(actor: Actor, *, after: str | None = None, limit: int = 100) -> list[Meter]:
    """Meters by key, those after `after`."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(_SELECT, after or "", limit)
    return [row_of(Meter, row) for row in rows]
