"""Signing in: who needs a second factor, and how long a session stays open."""

from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission
from portal.accounts.actions import second_factor as actions
from portal.accounts.forms.audit import Requirement as Form
from portal.accounts.queries import second_factor as reads
from portal.accounts.queries.second_factor import Requirement
from portal.customers.actions.platform import change as change_platform
from portal.customers.forms.platform import CompanyChange
from portal.customers.queries import platform
from portal.errors import Conflict, Invalid
from portal.kit.forms.boxes import parse_boxes
from portal.kit.forms.form import parse_texts
from portal.routes.accounts.auth import Answer
from portal.routes.guards import requires
from portal.routes.middleware.sent import texts
from portal.routes.page import form_page, page, redirect
from portal.routes.reading import get
from portal.routes.shared.confirm import confirm
from portal.routes.shared.realm import Realm, filled
from portal.words import _, and_more

READERS: Final = [requires(Permission.USERS_READ)]
WRITERS: Final = [requires(Permission.USERS_WRITE)]


@get("/settings/security", guards=READERS)
async def security(request: HTMXRequest) -> Response[str]:
    """What is asked of the people here."""
    realm = await Realm.of(request)
    return page(
        request,
        "shared/settings/security.html",
        realm=realm,
        requirement=await reads.requirement(realm.actor, realm.cloud),
        values=await _hours(realm),
        errors={},
    )


async def _hours(realm: Realm) -> dict[str, str]:
    """What stands in the box of the platform's sessions; a cloud's are as long."""
    if realm.cloud is not None:
        return {}
    return {"session_hours": str((await platform.get(realm.actor)).session_hours)}


@post("/settings/security", guards=[requires(Permission.STAFF_WRITE)], status_code=HTTPStatus.OK)
async def change_sessions(request: HTMXRequest) -> Answer:
    """How many hours without a page end a session, anybody's."""
    realm, sent = await Realm.of(request), await texts(request)
    try:
        await change_platform(realm.actor, parse_boxes(CompanyChange, sent, ("session_hours",)))
    except Invalid as invalid:
        return form_page(
            request,
            "shared/settings/security.html",
            realm=realm,
            requirement=await reads.requirement(realm.actor, realm.cloud),
            values=sent,
            errors=invalid.fields,
        )
    return redirect(request, realm.at("settings", "security"), _("The settings are saved."))


@get("/settings/second-factor", guards=WRITERS)
async def ask_second_factor(request: HTMXRequest) -> Response[str]:
    """Ask before it is required, or no longer."""
    realm = await Realm.of(request)
    found = await reads.requirement(realm.actor, realm.cloud)
    verb = _("Require no longer") if found.required else _("Require second factor")
    question = (
        (_("Let %(realm)s sign in with the password alone?") % {"realm": _whom(realm)})
        if found.required
        else (_("Require a second factor of %(realm)s?") % {"realm": _whom(realm)})
    )
    return confirm(
        request,
        crumbs=(*realm.above, (_("Settings"), realm.at("settings", "security"))),
        title=verb,
        question=question,
        facts=[
            (_("People"), str(found.people)),
            (_("Second factor set up"), str(found.people - found.without)),
            (_("None yet"), str(found.without)),
        ],
        warnings=_warnings(found),
        action=f"{realm.settings}/second-factor",
        submit=verb,
        cancel=realm.at("settings", "security"),
        danger=found.required,
        values={"second_factor": "false" if found.required else "true"},
    )


@post(
    "/settings/second-factor",
    guards=WRITERS,
    status_code=HTTPStatus.OK,
)
async def require_second_factor(request: HTMXRequest) -> Answer:
    """Require it from now on, or no longer."""
    realm = await Realm.of(request)
    try:
        form = parse_texts(Form, filled(await texts(request), "second_factor"))
    except Invalid as invalid:
        raise Conflict(_("Load the page again: it does not say what is meant.")) from invalid
    await actions.set_requirement(realm.actor, realm.cloud, required=form.second_factor)
    said = (
        _("A second factor is required.")
        if form.second_factor
        else _("A second factor is optional.")
    )
    return redirect(request, realm.at("settings", "security"), said)


def _whom(realm: Realm) -> str:
    return (
        _("the platform's people")
        if realm.cloud is None
        else (_("administrators of %(name)s") % {"name": realm.name})
    )


def _warnings(found: Requirement) -> list[str]:
    """What becomes of those who have none, or of those who have one."""
    if found.required:
        return [
            _("Whoever has one keeps it and signs in with it, and may turn it off from now on.")
        ]
    if not found.without:
        return []
    more = found.without - len(found.names)
    who = ", ".join(found.names)
    if more > 0:
        who = and_more(who, more)
    led = _(
        "Their next page leads to setting one up, in open sessions too. Nothing else opens before."
    )
    effects = [_("Without a second factor: %(who)s. %(led)s") % {"who": who, "led": led}]
    if found.oneself:
        effects.append(_("You have none: your next page leads to setting it up."))
    return effects


SECURITY: Final = (security, change_sessions, ask_second_factor, require_second_factor)
