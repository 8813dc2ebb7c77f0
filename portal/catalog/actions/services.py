"""Offering services."""

from __future__ import annotations

from portal import tables
from portal.access import Actor, Permission
from portal.catalog.forms.service import NewService
from portal.catalog.queries.services import Service
from portal.db import atomic
from portal.errors import Conflict, Invalid
from portal.kit.actions import audit
from portal.kit.actions.permit import require
from portal.kit.actions.rows import insert
from portal.kit.forms.form import values_of
from portal.words import _


async def create(actor: Actor, new: NewService) -> Service:
    """Offer a service. Raises `Invalid` for an unknown meter, `Conflict` for a code taken."""
    require(actor, Permission.SERVICES_WRITE)
    async with atomic(actor) as tx:
        meter = await tx.fetchval("select id from meter where key = $1", new.meter)
        if meter is None:
            raise Invalid({"meter": _("there is no meter %(meter)r") % {"meter": new.meter}})
        columns = {**values_of(new), "meter": meter}
        made = await insert(tx, tables.Service, columns, unless_there=True)
        if made is None:
            raise Conflict(
                _("There is a service %(code)r already.") % {"code": new.code},
                {"code": _("is taken")},
            )
        service = Service(**values_of(new))
        await audit.record(
            tx, actor, "service.create", f"service {new.code}", cloud=None, after=service
        )
        return service
