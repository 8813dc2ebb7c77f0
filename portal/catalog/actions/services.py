"""Offering services."""

from __future__ import annotations

from portal import tables
from portal.access import Actor, Permission
from portal.billing.pricing import Pricing, pricing_to
from portal.catalog.forms.service import NewService, ServiceChange
from portal.catalog.queries import services
from portal.catalog.queries.services import Service
from portal.db import atomic
from portal.errors import Conflict, Invalid
from portal.kit.actions import audit
from portal.kit.actions.permit import require
from portal.kit.actions.rows import insert, update
from portal.kit.forms.form import differing, values_of
from portal.words import _


async def create(actor: Actor, new: NewService) -> Service:
    """Offer a service. Raises `Invalid` for an unknown meter, `Conflict` for a code taken."""
    require(actor, Permission.SERVICES_WRITE)
    async with atomic(actor) as tx:
        meter = await tx.fetchval("select id from meter where key = $1", new.meter)
        if meter is None:
            raise Invalid({"meter": _("there is no meter %(meter)r") % {"meter": new.meter}})
        values = {**values_of(new), "list_pricing": _stored(new.list_pricing)}
        columns = {**values, "meter": meter}
        made = await insert(tx, tables.Service, columns, unless_there=True)
        if made is None:
            raise Conflict(
                _("There is a service %(code)r already.") % {"code": new.code},
                {"code": _("is taken")},
            )
        service = Service(**values)
        await audit.record(
            tx, actor, "service.create", f"service {new.code}", cloud=None, after=service
        )
        return service


async def change(actor: Actor, code: str, change: ServiceChange) -> Service:
    """Change how a service is called, and its list price. Raises `NotFound`.

    A list price is what new clouds begin with; the rates of those that are there stay.
    """
    async with atomic(actor) as tx:
        await services.get_in(tx, code)
        require(actor, Permission.SERVICES_WRITE)
        before = await services.get_in(tx, code, lock=True)
        wanted = differing(change, before)
        if "list_pricing" in wanted:
            wanted["list_pricing"] = _stored(wanted["list_pricing"])
        if not wanted:
            return before
        await update(tx, tables.Service, tables.Service.code == code, wanted)
        after = await services.get_in(tx, code)
        await audit.record_change(
            tx,
            actor,
            "service.change",
            f"service {code}",
            cloud=None,
            before=before,
            after=after,
            fields=wanted,
        )
        return after


def _stored(pricing: Pricing | None) -> dict[str, object] | None:
    return None if pricing is None else pricing_to(pricing)
