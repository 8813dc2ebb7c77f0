"""Accepting that a camera keeps more than its tariff includes, and withdrawing that."""

from __future__ import annotations

from datetime import datetime

from portal import tables
from portal.access import Actor, Permission
from portal.customers.forms.excess import NewExcess
from portal.customers.queries import cameras
from portal.customers.queries.excess import Excess
from portal.db import Transaction, atomic
from portal.errors import Conflict, Invalid, no_such
from portal.kit.actions import audit
from portal.kit.actions.permit import require
from portal.kit.actions.rows import insert, update
from portal.kit.queries.tenancy import CloudFacts
from portal.words import _


async def accept(
    actor: Actor, cloud: CloudFacts, external_id: str, new: NewExcess, *, now: datetime
) -> Excess:
    """Be quiet about a camera's excess of a meter until that is withdrawn.

    Raises `NotFound`, `Invalid` for an unknown meter, `Conflict` where it is accepted already.
    """
    async with atomic(actor) as tx:
        camera = await cameras.get_in(tx, cloud.id, external_id)
        require(actor, Permission.CAMERAS_WRITE)
        meter = await _meter(tx, new.meter)
        if meter is None:
            raise Invalid({"meter": _("there is no meter %(meter)r") % {"meter": new.meter}})
        columns = {
            "cloud": cloud.id,
            "camera": camera.id,
            "meter": meter,
            "reason": new.reason,
            "accepted_by": actor.name,
            "accepted_at": now,
        }
        if await insert(tx, tables.AcceptedExcess, columns, unless_there=True) is None:
            raise Conflict(
                _("An excess of %(meter)r is accepted of this camera already.")
                % {"meter": new.meter},
                {"meter": _("is accepted")},
            )
        made = Excess(meter=new.meter, reason=new.reason, accepted_by=actor.name, accepted_at=now)
        what = f"camera {external_id}"
        await audit.record(tx, actor, "camera.accept-excess", what, cloud=cloud.id, after=made)
        return made


async def withdraw(
    actor: Actor, cloud: CloudFacts, external_id: str, meter: str, *, now: datetime
) -> None:
    """Tell of a camera's excess again. Raises `NotFound` where none is accepted."""
    async with atomic(actor) as tx:
        camera = await cameras.get_in(tx, cloud.id, external_id)
        require(actor, Permission.CAMERAS_WRITE)
        found = await tx.fetchval(
            "select id from accepted_excess"
            " where cloud = $1 and camera = $2 and meter = $3 and withdrawn_at is null for update",
            cloud.id,
            camera.id,
            await _meter(tx, meter),
        )
        if found is None:
            raise no_such(_("accepted excess"), meter)
        await update(
            tx,
            tables.AcceptedExcess,
            found,
            {"withdrawn_by": actor.name, "withdrawn_at": now},
        )
        what = f"camera {external_id}"
        before = {"meter": meter}
        await audit.record(tx, actor, "camera.withdraw-excess", what, cloud=cloud.id, before=before)


async def _meter(tx: Transaction, key: str) -> int | None:
    found: int | None = await tx.fetchval("select id from meter where key = $1", key)
    return found
