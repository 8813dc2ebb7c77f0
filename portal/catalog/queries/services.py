"""Services: what the platform sells."""

from __future__ import annotations

from dataclasses import dataclass

from portal.access import Actor
from portal.db import snapshot


@dataclass(frozen=True, slots=True)
class Service:
    """A meter, measured in units of `unit_size` base units."""

    code: str
    name: str
    meter: str
    unit: str
    unit_size: int
    measure: str


async def list_page(actor: Actor, *, after: str | None = None, limit: int = 100) -> list[Service]:
    """Services by code, those after `after`."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(
            "select s.code, s.name, m.key as meter, s.unit, s.unit_size, s.measure"
            " from service s join meter m on m.id = s.meter"
            " where s.code > $1 order by s.code limit $2",
            after or "",
            limit,
        )
    return [Service(**row) for row in rows]
