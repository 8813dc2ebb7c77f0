"""Meters: what can be measured."""

from __future__ import annotations

from dataclasses import dataclass

from portal.access import Actor
from portal.db import snapshot


@dataclass(frozen=True, slots=True)
class Meter:
    """One daily fact about a camera, an integer in `base_unit`."""

    key: str
    base_unit: str
    kind: str


async def list_page(actor: Actor, *, after: str | None = None, limit: int = 100) -> list[Meter]:
    """Meters by key, those after `after`."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(
            "select key, base_unit, kind from meter where key > $1 order by key limit $2",
            after or "",
            limit,
        )
    return [Meter(**row) for row in rows]
