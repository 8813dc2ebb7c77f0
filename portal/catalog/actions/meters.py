"""Registering meters."""

from __future__ import annotations

from portal import tables
from portal.access import Actor, Permission
from portal.catalog.forms.meter import NewMeter
from portal.catalog.queries.meters import Meter
from portal.db import atomic
from portal.errors import Conflict
from portal.kit.actions import audit
from portal.kit.actions.permit import require
from portal.kit.actions.rows import insert
from portal.kit.forms.form import values_of
from portal.words import _


async def create(actor: Actor, new: NewMeter) -> Meter:
    """Register a meter of the platform. Raises `Conflict` when there is one of that key."""
    require(actor, Permission.METERS_WRITE)
    async with atomic(actor) as tx:
        made = await insert(tx, tables.Meter, values_of(new), unless_there=True)
        if made is None:
            raise Conflict(
                _("There is a meter %(key)r already.") % {"key": new.key}, {"key": _("is taken")}
            )
        meter = Meter(**values_of(new))
        await audit.record(tx, actor, "meter.create", f"meter {new.key}", cloud=None, after=meter)
        return meter
