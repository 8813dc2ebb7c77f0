"""Rates: what a cloud pays for what, from which day on."""

from datetime import date
from typing import Final

from portal.access import Permission
from portal.catalog.actions import rates as rate_actions
from portal.catalog.forms.rate import NewRate
from portal.catalog.queries import rates
from portal.routes.api import answers
from portal.routes.api.kit.endpoint import Call, Register
from portal.routes.api.kit.paging import cut
from portal.routes.api.kit.rows import answer

rate_register: Final = Register("Rates")


@rate_register(
    "GET",
    "/clouds/{cloud}/rates",
    Permission.RATES_READ,
    summary="List rates",
    answer=answers.Page[answers.Rate],
    paged=True,
)
async def list_rates(call: Call) -> answers.Page[answers.Rate]:
    """By service and day."""
    found = await rates.list_page(
        call.actor, call.cloud, after=call.after(tuple[str, date]), limit=call.limit + 1
    )
    page, following = cut(found.rows, call.limit, lambda row: (row.service, row.valid_from))
    return answers.Page(
        [answer(answers.Rate, row, currency=found.currency) for row in page], following
    )


@rate_register(
    "POST",
    "/clouds/{cloud}/rates",
    Permission.RATES_WRITE,
    summary="Set a rate",
    answer=answers.Rate,
    form=NewRate,
    status=201,
    conflicts="the service has a rate of that day, or a closed period would change",
)
async def create_rate(call: Call, form: NewRate) -> answers.Rate:
    """What the cloud pays for a service from a day on, until its next rate."""
    made = await rate_actions.create(call.actor, call.cloud, form)
    return answer(answers.Rate, made.rows[0], currency=made.currency)
