"""Tariffs: what a subscriber pays, from which day on, and what that leaves."""

from typing import Final

from portal.access import Actor, Permission
from portal.billing.money import format_minor
from portal.billing.outlook.preview import Money
from portal.books.actions import composing
from portal.books.queries import composer, preview
from portal.catalog.actions import tariffs as tariff_actions
from portal.catalog.forms.tariff import Costing, NewTariff, NewVersion, TariffChange, Trial
from portal.catalog.queries import tariffs
from portal.routes.api import answers, costs
from portal.routes.api.kit.endpoint import Call, Register
from portal.routes.api.kit.fields import shown
from portal.routes.api.kit.paging import cut
from portal.routes.api.kit.rows import answer

tariff_register: Final = Register("Tariffs")


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
    judged = await composer.judge(
        call.actor, call.cloud, tariffs.Tariffs(found.currency, list(page)), now=call.now
    )
    return answers.Page(_tariffs(call.actor, judged), following)


@tariff_register(
    "POST",
    "/clouds/{cloud}/tariffs",
    Permission.TARIFFS_WRITE,
    summary="Make a tariff",
    answer=answers.Tariff,
    form=NewTariff,
    status=201,
    conflicts="the code is taken, or it would be the default without being offered",
)
async def create_tariff(call: Call, form: NewTariff) -> answers.Tariff:
    """A retail plan, with its first version's fields beside its code and name.

    One below cost is stored, too: `below_cost` says so, and `below_cost_reason` may say why.
    """
    saved = await composing.create(call.actor, call.cloud, form, strict=False, now=call.now)
    return _tariffs(call.actor, saved)[0]


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
    judged = await composer.judge(call.actor, call.cloud, found, now=call.now)
    return _tariffs(call.actor, judged)[0]


@tariff_register(
    "PATCH",
    "/clouds/{cloud}/tariffs/{code}",
    Permission.TARIFFS_WRITE,
    summary="Change a tariff",
    answer=answers.Tariff,
    form=TariffChange,
    conflicts="it would be the default without being offered",
)
async def change_tariff(call: Call, form: TariffChange) -> answers.Tariff:
    """Its name and note, whether it is offered, and whether it is the default, in another's place.

    Who is on a tariff that is not offered any more stays on it.
    """
    changed = await tariff_actions.change(call.actor, call.cloud, call.path["code"], form)
    judged = await composer.judge(call.actor, call.cloud, changed, now=call.now)
    return _tariffs(call.actor, judged)[0]


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
    code = call.path["code"]
    saved = await composing.add_version(
        call.actor, call.cloud, code, form, strict=False, now=call.now
    )
    return _tariffs(call.actor, saved)[0].versions[0]


@tariff_register(
    "POST",
    "/clouds/{cloud}/tariffs/cost",
    Permission.MARGINS_READ,
    summary="Cost of a tariff that is being made",
    answer=costs.Cost,
    form=Costing,
)
async def cost_new_tariff(call: Call, form: Costing) -> costs.Cost:
    """What one camera would cost and leave in a full month. Nothing is stored."""
    return await _cost(call, form, None)


@tariff_register(
    "POST",
    "/clouds/{cloud}/tariffs/{code}/cost",
    Permission.MARGINS_READ,
    summary="Cost of a tariff's version",
    answer=costs.Cost,
    form=Costing,
)
async def cost_tariff(call: Call, form: Costing) -> costs.Cost:
    """As for a new tariff; real use is that of its own cameras, where it has had some."""
    return await _cost(call, form, call.path["code"])


@tariff_register(
    "POST",
    "/clouds/{cloud}/tariffs/{code}/preview",
    Permission.MARGINS_READ,
    summary="Try a tariff's version on a closed month",
    answer=costs.Preview,
    form=Trial,
    conflicts="the month is not closed, or the tariff has too many cameras to try at once",
)
async def preview_tariff(call: Call, form: Trial) -> costs.Preview:
    """What its subscribers were charged, and would have been at the version, on every day.

    After discount, before tax, without corrections; trial and set-up included. Nothing is stored.
    """
    scope = preview.Scope(preview.Reach.OWN, call.path["code"])
    found = await preview.try_version(call.actor, call.cloud, form.period, form.version, scope)
    return costs.Preview(
        found.period.key,
        found.currency,
        [answer(costs.PreviewRow, row) for row in found.rows],
        _money(found.total.before, found.currency),
        _money(found.total.after, found.currency),
    )


def _money(of: Money, currency: str) -> costs.Money:
    return answer(costs.Money, of, currency=currency)


async def _cost(call: Call, form: Costing, code: str | None) -> costs.Cost:
    found = await composer.compose_version(
        call.actor, call.cloud, form.version, code=code, now=call.now
    )
    figures = found.figures

    def money(minor: int) -> str:
        return format_minor(minor, found.currency)

    return costs.Cost(
        found.currency,
        money(figures.price),
        money(figures.included_cost),
        None if figures.real_cost is None else money(figures.real_cost),
        money(figures.commission),
        money(figures.margin_full),
        None if figures.margin_real is None else money(figures.margin_real),
        figures.below_cost,
        list(found.unpriced),
    )


def _tariffs(actor: Actor, found: tariffs.Tariffs) -> list[answers.Tariff]:
    """Answers without what the key is not shown of each version."""
    return [
        answer(
            answers.Tariff,
            row,
            versions=[
                shown(actor, answer(answers.Version, one, currency=found.currency))
                for one in row.versions
            ],
        )
        for row in found.rows
    ]
