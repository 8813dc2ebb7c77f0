"""Setting what a cloud pays for a service."""

from __future__ import annotations

from portal import tables
from portal.access import Actor, Permission
from portal.billing.pricing import pricing_to
from portal.catalog.forms.rate import NewRate
from portal.catalog.queries.rates import Rate, Rates
from portal.db import atomic
from portal.errors import Conflict, Invalid
from portal.kit.actions import audit
from portal.kit.actions.closed import refuse_closed
from portal.kit.actions.permit import require
from portal.kit.actions.rows import insert
from portal.kit.forms.form import values_of
from portal.kit.queries.tenancy import CloudFacts
from portal.words import _

_SERVICE = """
select s.id,
  (select min(r.valid_from) from rate r
   where r.cloud = $2 and r.service = s.id and r.valid_from > $3) as next
from service s where s.code = $1
"""


async def create(actor: Actor, cloud: CloudFacts, new: NewRate) -> Rates:
    """Price a service for a cloud from a day on, until its next rate.

    Raises `Invalid` for an unknown service; `Conflict` for a second rate of one day, and for a rate
    with effect inside a closed period.
    """
    async with atomic(actor) as tx:
        require(actor, Permission.RATES_WRITE)
        service = await tx.fetchrow(_SERVICE, new.service, cloud.id, new.valid_from)
        if service is None:
            raise Invalid(
                {"service": _("there is no service %(service)r") % {"service": new.service}}
            )
        await refuse_closed(tx, cloud.id, new.valid_from, service["next"])
        values = {**values_of(new), "pricing": pricing_to(new.pricing)}
        columns = {**values, "cloud": cloud.id, "service": service["id"]}
        made = await insert(tx, tables.Rate, columns, unless_there=True)
        if made is None:
            raise Conflict(
                _("%(service)r has a rate from %(valid_from)s already.")
                % {"service": new.service, "valid_from": new.valid_from},
                {"valid_from": _("is taken")},
            )
        rate = Rate(**values)
        await audit.record(
            tx, actor, "rate.create", f"rate {new.service}", cloud=cloud.id, after=rate
        )
        return Rates(cloud.currency, [rate])
