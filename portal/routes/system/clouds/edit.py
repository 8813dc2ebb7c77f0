"""Changing a cloud, and suspending one."""

from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.plugins.htmx import HTMXRequest

from portal.access import Actor, Permission, can
from portal.accounts.queries import people
from portal.customers.actions import clouds as actions
from portal.customers.forms import territories
from portal.customers.forms.closing import MODES
from portal.customers.forms.cloud import CloudChange
from portal.customers.queries import clouds as reads
from portal.customers.queries.clouds import Cloud
from portal.errors import Conflict, Invalid
from portal.kit.forms.boxes import boxes_of, parse_boxes, texts_of
from portal.overview.queries.clouds import cloud_overview
from portal.routes.accounts.auth import Answer
from portal.routes.format import number
from portal.routes.guards import person_of, requires
from portal.routes.middleware.now import books_now
from portal.routes.middleware.sent import texts
from portal.routes.page import form_page, redirect
from portal.routes.reading import get
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.confirm import confirm
from portal.words import _

WRITERS: Final = [requires(Permission.CLOUDS_WRITE, Permission.RATES_WRITE)]
ADMINISTRATORS: Final = [requires(Permission.CLOUDS_CREATE)]
TAX: Final = ("tax_category", "exemption_reason")
"""How the platform taxes what the cloud pays."""
BOXES: Final = (
    *("name", "address", "tax_number", "email", "bank", "locale", "tax_percent"),
    *("wholesale_discount_percent", "wholesale_tax_percent"),
    *("invoice_prefix", "payment_days", "close_mode", "close_after_days"),
    *TAX,
)
"""What everybody who changes clouds may; currency and zone only before anything is priced."""


@get("/clouds/{cloud:str}/edit", guards=WRITERS)
async def edit(request: HTMXRequest) -> Response[str]:
    """The form, as the cloud is."""
    scope = await CloudScope.of(request)
    row = await reads.get(scope.actor, scope.cloud)
    values = texts_of(CloudChange, row, person_of(request).locale)
    return await _page(request, scope, row, values, {})


@post("/clouds/{cloud:str}/edit", guards=WRITERS, status_code=HTTPStatus.OK)
async def change(request: HTMXRequest) -> Answer:
    """Store what its boxes hold now."""
    scope, sent = await CloudScope.of(request), await texts(request)
    row = await reads.get(scope.actor, scope.cloud)
    keeps = await reads.keeps_currency(scope.actor, scope.cloud)
    try:
        wanted = parse_boxes(CloudChange, sent, _boxes(scope.actor, keeps=keeps))
        after = await actions.change(scope.actor, scope.cloud, wanted)
    except Invalid as invalid:
        return await _page(request, scope, row, sent, invalid.fields)
    except Conflict as conflict:
        if not conflict.fields:
            raise
        return await _page(request, scope, row, sent, conflict.fields)
    return redirect(request, scope.base, _("%(name)s is saved.") % {"name": after.name})


def _boxes(actor: Actor, *, keeps: bool) -> tuple[str, ...]:
    manager = ("manager",) if can(actor, Permission.CLOUDS_CREATE) else ()
    return (*BOXES, *manager, *(() if keeps else ("currency", "timezone")))


async def _page(
    request: HTMXRequest,
    scope: CloudScope,
    row: Cloud,
    values: dict[str, str],
    errors: dict[str, str],
) -> Response[str]:
    locale = person_of(request).locale
    names_manager = can(scope.actor, Permission.CLOUDS_CREATE)
    return form_page(
        request,
        "system/clouds/edit.html",
        scope=scope,
        cloud=row,
        values=values,
        errors=errors,
        keeps=await reads.keeps_currency(scope.actor, scope.cloud),
        currencies=territories.currencies(locale),
        timezones=territories.timezones(),
        locales=territories.locale_choices("", row.locale, locale),
        modes=[(mode, label) for mode, (label, _hint) in MODES.items()],
        tax=[box for box in boxes_of(CloudChange) if box.name in TAX],
        managers=await people.may_be_responsible(scope.actor) if names_manager else None,
    )


@get("/clouds/{cloud:str}/suspension", guards=ADMINISTRATORS)
async def ask(request: HTMXRequest) -> Response[str]:
    """Ask before the cloud is suspended, or goes on."""
    scope = await CloudScope.of(request)
    row = await reads.get(scope.actor, scope.cloud)
    affected = await cloud_overview.affected(scope.actor, scope.cloud, now=books_now(request))
    locale = person_of(request).locale
    verb = _("Resume cloud") if row.suspended else _("Suspend cloud")
    return confirm(
        request,
        title=verb,
        question=(_("Resume %(name)s?") if row.suspended else _("Suspend %(name)s?"))
        % {"name": row.name},
        action=scope.at("suspension"),
        cancel=scope.base,
        crumbs=scope.above,
        facts=[
            (_("People who sign in"), number(affected.people, locale)),
            (_("Open sessions"), number(affected.sessions, locale)),
            (_("Months not closed"), number(affected.months, locale)),
            (_("Subscribed cameras"), number(affected.cameras, locale)),
        ],
        warnings=_resumed() if row.suspended else _suspended(),
        danger=not row.suspended,
        values={"suspended": "false" if row.suspended else "true"},
    )


def _suspended() -> list[str]:
    return [
        _("Nobody of the cloud can sign in, its subscribers and referrals included."),
        _("None of its months is closed; a close that runs is finished."),
        _("Watcher is read and API keys deliver usage as before, so that no day is missing."),
    ]


def _resumed() -> list[str]:
    return [
        _("Its people can sign in again."),
        _("Months that are due by now are closed automatically where that is set."),
    ]


@post("/clouds/{cloud:str}/suspension", guards=ADMINISTRATORS, status_code=HTTPStatus.OK)
async def suspend(request: HTMXRequest) -> Answer:
    """Suspend the cloud or let it go on, as the form says; again changes nothing."""
    scope, sent = await CloudScope.of(request), await texts(request)
    try:
        wanted = parse_boxes(CloudChange, sent, ("suspended",))
    except Invalid as invalid:
        raise Conflict(_("Load the page again: it does not say what is meant.")) from invalid
    after = await actions.change(scope.actor, scope.cloud, wanted)
    said = _("%(name)s is suspended.") if after.suspended else _("%(name)s goes on.")
    return redirect(request, scope.base, said % {"name": after.name})
