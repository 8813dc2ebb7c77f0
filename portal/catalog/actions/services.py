"""Offering services."""

from __future__ import annotations

from portal.access import Actor, Permission
from portal.catalog.forms.service import NewService
from portal.catalog.queries.services import Service
from portal.db import atomic
from portal.errors import Conflict, Invalid
from portal.kit.actions import audit
from portal.kit.actions.permit import require


async def create(actor: Actor, new: NewService) -> Service:
    """Offer a service. Raises `Invalid` for an unknown meter, `Conflict` for a code taken."""
    require(actor, Permission.SERVICES_WRITE)
    async with atomic(actor) as tx:
        meter = await tx.fetchval("select id from meter where key = $1", new.meter)
        if meter is None:
            raise Invalid({"meter": f"there is no meter {new.meter!r}"})
        made = await tx.fetchval(
            "insert into service (code, name, meter, unit, unit_size, measure)"
            " values ($1, $2, $3, $4, $5, $6) on conflict do nothing returning id",
            new.code,
            new.name,
            meter,
            new.unit,
            new.unit_size,
            new.measure,
        )
        if made is None:
            raise Conflict(f"There is a service {new.code!r} already.", {"code": "is taken"})
        service = Service(new.code, new.name, new.meter, new.unit, new.unit_size, new.measure)
        await audit.record(
            tx, actor, "service.create", f"service {new.code}", cloud=None, after=service
        )
        return service
