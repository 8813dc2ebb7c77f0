"""Registering meters."""

from __future__ import annotations

from portal.access import Actor, Permission
from portal.catalog.forms.meter import NewMeter
from portal.catalog.queries.meters import Meter
from portal.db import atomic
from portal.errors import Conflict
from portal.kit.actions import audit
from portal.kit.actions.permit import require


async def create(actor: Actor, new: NewMeter) -> Meter:
    """Register a meter of the platform. Raises `Conflict` when there is one of that key."""
    require(actor, Permission.METERS_WRITE)
    async with atomic(actor) as tx:
        made = await tx.fetchval(
            "insert into meter (key, base_unit, kind) values ($1, $2, $3)"
            " on conflict do nothing returning id",
            new.key,
            new.base_unit,
            new.kind,
        )
        if made is None:
            raise Conflict(f"There is a meter {new.key!r} already.", {"key": "is taken"})
        meter = Meter(new.key, new.base_unit, new.kind)
        await audit.record(tx, actor, "meter.create", f"meter {new.key}", cloud=None, after=meter)
        return meter
