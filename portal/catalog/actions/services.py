"""Offering services."""

from __future__ import annotations

from portal import tables
from portal.access import Actor, Permission
from portal.billing.pricing import Pricing, pricing_to
from portal.catalog.forms.service import MEASURED, NewService, ServiceChange
from portal.catalog.queries import services
from portal.catalog.queries.services import Service
from portal.db import Transaction, atomic
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
        meter = await _meter(tx, new.meter)
        values = {**values_of(new), "list_pricing": _stored(new.list_pricing)}
        columns = {**values, "meter": meter}
        made = None
        if new.code not in services.RESERVED:
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
    """Change how a service is called, its list price, and before it is used what it measures.

    A list price is what new clouds begin with; the rates of those that are there stay. Raises
    `NotFound`, `Conflict` for what a service measures that a cloud or a tariff uses already.
    """
    async with atomic(actor) as tx:
        await services.get_in(tx, code)
        require(actor, Permission.SERVICES_WRITE)
        # For update, so that nobody prices it while what it measures changes.
        await tx.execute("select from service where code = $1 for update", code)
        before = await services.get_in(tx, code)
        wanted = differing(change, before)
        if "list_pricing" in wanted:
            wanted["list_pricing"] = _stored(wanted["list_pricing"])
        if not wanted:
            return before
        fixed = [name for name in MEASURED if name in wanted]
        if fixed and await services.is_used(tx, code):
            raise Conflict(
                _("%(code)s is used by clouds or tariffs: what it measures stays.")
                % {"code": code},
                dict.fromkeys(fixed, _("cannot change any more")),
            )
        columns = dict(wanted)
        if "meter" in wanted:
            columns["meter"] = await _meter(tx, wanted["meter"])
        await update(tx, tables.Service, tables.Service.code == code, columns)
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


async def _meter(tx: Transaction, key: str) -> int:
    found: int | None = await tx.fetchval("select id from meter where key = $1", key)
    if found is None:
        raise Invalid({"meter": _("there is no meter %(meter)r") % {"meter": key}})
    return found


def _stored(pricing: Pricing | None) -> dict[str, object] | None:
    return None if pricing is None else pricing_to(pricing)
