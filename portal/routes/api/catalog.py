"""Rates and tariffs: what is paid for what, from which day on."""

from datetime import date
from typing import Final

from portal.access import Permission
from portal.catalog.actions import rates as rate_actions
from portal.catalog.actions import tariffs as tariff_actions
from portal.catalog.forms.rate import NewRate
from portal.catalog.forms.tariff import NewTariff, NewVersion
from portal.catalog.queries import rates, tariffs
from portal.routes.api import answers
from portal.routes.api.kit.endpoint import Call, Register
from portal.routes.api.kit.paging import cut
from portal.routes.api.kit.rows import answer

rate_register: Final = Register("Rates")
tariff_register: Final = Register("Tariffs")


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


@tariff_register(
    "GET",
    "/clouds/{cloud}/tariffs",
    Permission.TARIFFS_READ,
    summary="List tariffs",
    answer=answers.Page[answers.Tariff],
    paged=True,
)
async def list_tariffs(call: Call) -> answers.Page[answers.Tariff]:
    """By code, with all their versions."""
    found = await tariffs.list_page(
        call.actor, call.cloud, after=call.after(str), limit=call.limit + 1
    )
    page, following = cut(found.rows, call.limit, lambda row: row.code)
    return answers.Page(
        [answer(answers.Tariff, row, currency=found.currency) for row in page], following
    )


@tariff_register(
    "POST",
    "/clouds/{cloud}/tariffs",
    Permission.TARIFFS_WRITE,
    summary="Make a tariff",
    answer=answers.Tariff,
    form=NewTariff,
    status=201,
    conflicts="the code is taken",
)
async def create_tariff(call: Call, form: NewTariff) -> answers.Tariff:
    """A retail plan, with its first version's fields beside its code and name."""
    made = await tariff_actions.create(call.actor, call.cloud, form)
    return answer(answers.Tariff, made.rows[0], currency=made.currency)


@tariff_register(
    "GET",
    "/clouds/{cloud}/tariffs/{code}",
    Permission.TARIFFS_READ,
    summary="Read a tariff",
    answer=answers.Tariff,
)
async def read_tariff(call: Call) -> answers.Tariff:
    """One retail plan by its code."""
    found = await tariffs.get(call.actor, call.cloud, call.path["code"])
    return answer(answers.Tariff, found.rows[0], currency=found.currency)


@tariff_register(
    "POST",
    "/clouds/{cloud}/tariffs/{code}/versions",
    Permission.TARIFFS_WRITE,
    summary="Give a tariff a new version",
    answer=answers.Version,
    form=NewVersion,
    status=201,
    conflicts="the tariff has a version of that day, or a closed period would change",
)
async def create_version(call: Call, form: NewVersion) -> answers.Version:
    """Another price from a day on. A day is priced by the version in force on it."""
    made = await tariff_actions.add_version(call.actor, call.cloud, call.path["code"], form)
    return answer(answers.Version, made.rows[0].versions[0], currency=made.currency)
