"""Rates: what a cloud pays for what, from which day on."""

from datetime import date
from typing import Final

from portal.access import Permission
from portal.billing.money import format_minor
from portal.billing.pricing import pricing_to
from portal.books.queries import prices
from portal.catalog.actions import price_lists
from portal.catalog.actions import rates as rate_actions
from portal.catalog.forms.rate import NewPrices, NewRate, TriedPrices
from portal.catalog.queries import rates
from portal.errors import Conflict
from portal.routes.api import answers, costs
from portal.routes.api.kit.endpoint import Call, Register
from portal.routes.api.kit.paging import cut
from portal.routes.api.kit.rows import answer, month_key
from portal.words import _

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
    "/clouds/{cloud}/rates/all",
    Permission.RATES_WRITE,
    summary="Set several rates",
    answer=answers.Page[answers.Rate],
    form=NewPrices,
    status=201,
    conflicts="a service has a rate of that day, or a closed period would change",
)
async def set_rates(call: Call, form: NewPrices) -> answers.Page[answers.Rate]:
    """What the cloud pays for several services from one day on: all of them or none."""
    wanted = {one.service: one.pricing for one in form.prices}
    await price_lists.set_prices(call.actor, call.cloud, wanted, valid_from=form.valid_from)
    made = [
        rates.Rate(service=code, valid_from=form.valid_from, pricing=pricing_to(wanted[code]))
        for code in sorted(wanted)
    ]
    return answers.Page(
        [answer(answers.Rate, row, currency=call.cloud.currency) for row in made], None
    )


@rate_register(
    "POST",
    "/clouds/{cloud}/rates/preview",
    Permission.RATES_READ,
    Permission.MARGINS_READ,
    summary="Try rates on the last closed month",
    answer=costs.TriedRates,
    form=TriedPrices,
    conflicts="no month is closed yet",
)
async def preview_rates(call: Call, form: TriedPrices) -> costs.TriedRates:
    """What that month would have cost, after discount and before tax. Nothing is stored."""
    wanted = {one.service: one.pricing for one in form.prices}
    found = await prices.effect(call.actor, call.cloud, wanted)
    if found is None:
        raise Conflict(_("No month is closed yet: rates are tried on a closed month."))
    return costs.TriedRates(
        month_key(found.month),
        call.cloud.currency,
        *(
            format_minor(amount, call.cloud.currency)
            for amount in (found.before, found.after, found.difference)
        ),
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
