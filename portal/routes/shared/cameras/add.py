"""Adding cameras to a subscriber: a line each, on a tariff from a day on."""

from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission
from portal.billing.period import local_date, parse_day
from portal.customers.actions import camera_lines as actions
from portal.customers.forms.camera_lines import (
    LINES_BYTES,
    CameraLine,
    NewCameras,
    by_line,
    parse_lines,
)
from portal.errors import Conflict, Invalid
from portal.routes.accounts.auth import Answer
from portal.routes.format import number
from portal.routes.guards import person_of, requires
from portal.routes.middleware.now import books_now
from portal.routes.middleware.sent import texts
from portal.routes.page import form_page, redirect
from portal.routes.reading import get
from portal.routes.shared.choose import choice_of, chosen
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.sending import made_once
from portal.words import _, ngettext

WRITERS: Final = [requires(Permission.SUBSCRIPTIONS_WRITE, Permission.CAMERAS_WRITE)]
KINDS: Final = ("subscriber", "tariff")
FIELDS: Final = (*KINDS, "cameras", "starts_on")
LABELS: Final = {
    "subscriber": _("Subscriber"),
    "cameras": _("Cameras"),
    "tariff": _("Tariff"),
    "starts_on": _("From"),
}


@get("/cameras/new", guards=WRITERS)
async def new_cameras(request: HTMXRequest) -> Response[str]:
    """Whose they are, which they are, and on which tariff from when."""
    scope, query = await CloudScope.of(request), request.query_params
    values = {name: query.get(name, "") for name in KINDS}
    values["starts_on"] = local_date(books_now(request), scope.zone).isoformat()
    return await _page(request, scope, values)


@post(
    "/cameras/new",
    guards=WRITERS,
    status_code=HTTPStatus.OK,
    request_max_body_size=LINES_BYTES,
)
async def add_cameras(request: HTMXRequest) -> Answer:
    """Add all of them, or none."""
    scope, sent = await CloudScope.of(request), await texts(request)
    values = {name: sent.get(name, "") for name in FIELDS}
    try:
        number_of, new = await _parsed(scope, values)
        made = await made_once(
            request,
            partial(actions.add, scope.actor, scope.cloud, number_of, new, now=books_now(request)),
            scope.at("cameras", subscriber=number_of),
        )
    except Invalid as invalid:
        return await _page(request, scope, values, by_line(invalid, values["cameras"]))
    except Conflict as wrong:
        at = {**wrong.fields} or {"starts_on": wrong.message}
        return await _page(request, scope, values, Invalid(at))
    said = ngettext("%(count)s camera is added.", "%(count)s cameras are added.", len(made))
    told = {"count": number(len(made), person_of(request).locale)}
    return redirect(request, scope.at("cameras", subscriber=number_of), said % told)


async def _parsed(scope: CloudScope, values: Mapping[str, str]) -> tuple[int, NewCameras]:
    """What was typed. Raises `Invalid` with every wrong field."""
    problems: dict[str, str] = {}
    meant: dict[str, str] = {}
    ambiguous: Invalid | None = None
    for kind in KINDS:
        try:
            meant[kind] = await chosen(scope, kind, values[kind], kind) or ""
        except Invalid as wrong:
            problems |= wrong.fields
            ambiguous = wrong
    if not problems.get("subscriber") and not meant.get("subscriber"):
        problems["subscriber"] = _("choose a subscriber")
    lines: tuple[CameraLine, ...] = ()
    try:
        lines = parse_lines(values["cameras"])
        if not lines:
            problems["cameras"] = _("type at least one camera")
    except Invalid as wrong:
        problems |= wrong.fields
    starts_on = None
    try:
        starts_on = parse_day(values["starts_on"], "starts_on") if values["starts_on"] else None
    except Invalid as wrong:
        problems |= wrong.fields
    if ambiguous is not None and len(problems) == 1:
        raise ambiguous
    if problems:
        raise Invalid(problems)
    return int(meant["subscriber"]), NewCameras(
        cameras=lines, tariff=meant["tariff"] or None, starts_on=starts_on
    )


async def _page(
    request: HTMXRequest,
    scope: CloudScope,
    values: Mapping[str, str],
    wrong: Invalid | None = None,
) -> Response[str]:
    errors = {} if wrong is None else wrong.fields
    return form_page(
        request,
        "shared/customers/cameras_new.html",
        scope=scope,
        path=scope.at("cameras", "new"),
        back=scope.at("cameras"),
        choices={
            kind: await choice_of(scope, kind, wrong if kind in errors else None) for kind in KINDS
        },
        labels=LABELS,
        values=values,
        errors=errors,
    )
