"""Looking at a portal as somebody else sees it: why, for how long, and back again."""

from datetime import datetime
from http import HTTPStatus
from typing import Final

from litestar import Response, Router, post
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission, may_view
from portal.accounts.actions import viewing as actions
from portal.accounts.forms.viewing import MINUTES, ViewForm
from portal.accounts.queries.viewing import OPERATOR, Subject, Viewing, subject_of
from portal.errors import Forbidden, Invalid
from portal.kit.forms.form import parse_texts
from portal.routes import STOP_VIEWING_PATH, interface_of
from portal.routes.accounts.auth import Answer
from portal.routes.guards import requires, signed_in, signed_in_of
from portal.routes.listing import FILTER_LENGTH
from portal.routes.middleware.sent import texts
from portal.routes.middleware.sessions import SessionConfig
from portal.routes.page import page, redirect
from portal.routes.reading import get
from portal.routes.shared.cloud_scope import CloudScope
from portal.values.roles import role_label
from portal.words import _, ngettext

GUARDS: Final = [requires(Permission.VIEW_AS)]


@get("/view-as", guards=GUARDS)
async def ask_view(request: HTMXRequest) -> Response[str]:
    """Ask why and for how long: "?kind=subscriber&key=4"."""
    scope, subject = await _find(request)
    return _page(request, scope, subject, {"minutes": MINUTES[1]}, {})


@post("/view-as", guards=GUARDS, status_code=HTTPStatus.OK)
async def view_as(request: HTMXRequest) -> Answer:
    """Begin: the portal of the other one opens."""
    scope, subject = await _find(request)
    sent = await texts(request)
    given = {name: sent.get(name, "").strip() for name in ("reason", "minutes")}
    try:
        form = parse_texts(ViewForm, given)
    except Invalid as invalid:
        return _page(request, scope, subject, given, invalid.fields)
    await actions.start(scope.actor, subject, form, now=SessionConfig.of(request).clock())
    return redirect(
        request,
        interface_of(subject.role).prefix,
        _("You see what %(name)s sees.") % {"name": subject.name},
    )


@post("/", status_code=HTTPStatus.OK)
async def stop_viewing(request: HTMXRequest) -> Answer:
    """Back to one's own portal; again changes nothing."""
    found = signed_in_of(request)
    viewer = found.viewer or found.person
    await actions.stop(viewer.actor, now=SessionConfig.of(request).clock())
    return redirect(
        request, interface_of(viewer.actor.role).prefix, _("You see your own portal again.")
    )


def viewing_as(viewing: Viewing, now: datetime) -> str:
    """The banner: whom one looks at the portal as, why, and how long it lasts."""
    minutes = max(1, round((viewing.ends_at - now).total_seconds() / 60))
    left = ngettext("%(count)s min left", "%(count)s min left", minutes) % {"count": minutes}
    return _("Viewing as %(name)s · %(reason)s · %(left)s") % {
        "name": viewing.name,
        "reason": viewing.reason,
        "left": left,
    }


async def _find(request: HTMXRequest) -> tuple[CloudScope, Subject]:
    scope, asked = await CloudScope.of(request), request.query_params
    kind, key = (asked.get(name, "")[:FILTER_LENGTH] for name in ("kind", "key"))
    subject = await subject_of(scope.actor, scope.cloud, kind or OPERATOR, key)
    if not may_view(scope.actor, subject.role):
        raise Forbidden(_("You may not look at the portal as this person."), Permission.VIEW_AS)
    return scope, subject


def _page(
    request: HTMXRequest,
    scope: CloudScope,
    subject: Subject,
    values: dict[str, str],
    errors: dict[str, str],
) -> Response[str]:
    return page(
        request,
        "shared/accounts/view_as.html",
        block="form",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        scope=scope,
        subject=subject,
        role=role_label(subject.role),
        action=f"{request.url.path}?{request.url.query}",
        back=scope.at(subject.page) if subject.page else scope.base,
        minutes=[
            (one, ngettext("%(count)s minute", "%(count)s minutes", int(one)) % {"count": one})
            for one in MINUTES
        ],
        values=values,
        errors=errors,
    )


VIEW_AS: Final = (ask_view, view_as)
ROUTER: Final = Router(
    STOP_VIEWING_PATH,
    route_handlers=[stop_viewing],
    guards=[signed_in],
    include_in_schema=False,
)
