"""Registering a meter: a further daily fact about cameras, whose usage arrives through the API."""

from functools import partial
from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission
from portal.catalog.actions import meters as actions
from portal.catalog.forms.meter import NewMeter
from portal.errors import Conflict, Invalid
from portal.kit.forms.form import parse_texts
from portal.routes.accounts.auth import Answer
from portal.routes.guards import actor_of, requires
from portal.routes.middleware.sent import texts
from portal.routes.page import form_page, redirect
from portal.routes.reading import get
from portal.routes.shared.realm import filled
from portal.routes.shared.sending import made_once
from portal.routes.system.services.words import KINDS, SERVICES
from portal.words import _

WRITERS: Final = [requires(Permission.METERS_WRITE)]


@get("/services/meters/new", guards=WRITERS)
async def new_meter(request: HTMXRequest) -> Response[str]:
    """The form."""
    return _page(request, {"kind": "gauge"}, {})


@post("/services/meters/new", guards=WRITERS, status_code=HTTPStatus.OK)
async def create_meter(request: HTMXRequest) -> Answer:
    """Register it."""
    sent = await texts(request)
    try:
        form = parse_texts(NewMeter, filled(sent, "key", "base_unit", "kind"))
        make = partial(actions.create, actor_of(request), form)
        made = await made_once(request, make, f"{SERVICES}#meters")
    except Invalid as invalid:
        return _page(request, sent, invalid.fields)
    except Conflict as conflict:
        return _page(request, sent, conflict.fields)
    return redirect(request, f"{SERVICES}#meters", _("%(key)s is added.") % {"key": made.key})


def _page(request: HTMXRequest, values: dict[str, str], errors: dict[str, str]) -> Response[str]:
    return form_page(
        request,
        "system/services/meter.html",
        values=values,
        errors=errors,
        kinds=list(KINDS.items()),
        path=f"{SERVICES}/meters/new",
        back=SERVICES,
    )
