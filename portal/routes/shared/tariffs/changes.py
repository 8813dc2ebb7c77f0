"""Offering a tariff, offering it no more, and making it the default."""

from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission
from portal.billing.period import local_date
from portal.books.queries import tariff_sales
from portal.catalog.actions import tariffs as actions
from portal.catalog.forms.tariff import TariffChange
from portal.catalog.queries import tariffs as catalog
from portal.catalog.queries.tariffs import Tariff
from portal.routes.accounts.auth import Answer
from portal.routes.guards import person_of, requires
from portal.routes.middleware.now import books_now
from portal.routes.page import redirect
from portal.routes.reading import get
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.confirm import confirm
from portal.routes.shared.tariffs import said
from portal.words import _

WRITERS: Final = [requires(Permission.TARIFFS_WRITE)]


@get("/{code:str}/stop", guards=WRITERS)
async def ask_stop(request: HTMXRequest, code: FromPath[str]) -> Response[str]:
    """Ask before a tariff is offered no more."""
    scope, row = await _of(request, code)
    person = person_of(request)
    today = local_date(books_now(request), scope.zone)
    on_it = await tariff_sales.count_on(person.actor, scope.cloud, code, today)
    warnings = [_("Nobody new is put on it. Who is on it stays, at the same price.")]
    if row.is_default:
        warnings.append(_("It is the default: no tariff is preselected any more."))
    return confirm(
        request,
        title=_("Stop offering %(name)s") % {"name": row.name},
        question=_("Offer this tariff to nobody new?"),
        submit=_("Stop offering"),
        facts=[(_("Tariff"), row.name), (_("On it"), said.on_it(on_it, person.locale))],
        warnings=warnings,
        action=scope.at("tariffs", code, "stop"),
        cancel=scope.at("tariffs", code),
        crumbs=crumbs_of(scope, row),
        danger=True,
    )


@post("/{code:str}/stop", guards=WRITERS, status_code=HTTPStatus.OK)
async def stop(request: HTMXRequest, code: FromPath[str]) -> Answer:
    """Offer it no more; again changes nothing."""
    scope, row = await _of(request, code)
    await actions.stop_offering(scope.actor, scope.cloud, code)
    return _back(request, scope, code, _("%(name)s is not offered any more."), row)


@post("/{code:str}/offer", guards=WRITERS, status_code=HTTPStatus.OK)
async def offer(request: HTMXRequest, code: FromPath[str]) -> Answer:
    """Offer it; again changes nothing."""
    scope, row = await _of(request, code)
    await actions.change(scope.actor, scope.cloud, code, TariffChange(offered=True))
    return _back(request, scope, code, _("%(name)s is offered."), row)


@get("/{code:str}/default", guards=WRITERS)
async def ask_default(request: HTMXRequest, code: FromPath[str]) -> Response[str]:
    """Ask before another tariff is preselected."""
    scope, row = await _of(request, code)
    before = await catalog.default(scope.actor, scope.cloud)
    facts = [(_("Tariff"), row.name)]
    if before is not None:
        facts.append((_("The default now"), before))
    return confirm(
        request,
        title=_("Make %(name)s the default") % {"name": row.name},
        question=_("Preselect this tariff for new cameras?"),
        submit=_("Make default"),
        facts=facts,
        warnings=[_("Cameras that are on a tariff stay on it.")],
        action=scope.at("tariffs", code, "default"),
        cancel=scope.at("tariffs", code),
        crumbs=crumbs_of(scope, row),
    )


@post("/{code:str}/default", guards=WRITERS, status_code=HTTPStatus.OK)
async def make_default(request: HTMXRequest, code: FromPath[str]) -> Answer:
    """Preselect it; again changes nothing. One that is not offered is 409."""
    scope, row = await _of(request, code)
    await actions.make_default(scope.actor, scope.cloud, code)
    return _back(request, scope, code, _("%(name)s is the default."), row)


def crumbs_of(scope: CloudScope, row: Tariff | None = None) -> tuple[tuple[str, str], ...]:
    """The way back from a page below the list, or below a tariff."""
    above = (*scope.above, (_("Tariffs"), scope.at("tariffs")))
    return above if row is None else (*above, (row.name, scope.at("tariffs", row.code)))


async def _of(request: HTMXRequest, code: str) -> tuple[CloudScope, Tariff]:
    """The cloud and the tariff that the address names. Raises `NotFound`."""
    scope = await CloudScope.of(request)
    (row,) = (await catalog.get(scope.actor, scope.cloud, code)).rows
    return scope, row


def _back(request: HTMXRequest, scope: CloudScope, code: str, text: str, row: Tariff) -> Answer:
    return redirect(request, scope.at("tariffs", code), text % {"name": row.name})


CHANGES: Final = (ask_stop, stop, offer, ask_default, make_default)
