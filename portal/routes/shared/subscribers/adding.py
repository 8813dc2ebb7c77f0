"""Giving a customer cameras, and somebody who may sign in."""

from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission
from portal.accounts.actions import invitations
from portal.customers.actions import camera_lines
from portal.customers.forms.camera_lines import (
    LINES_BYTES,
    CameraLine,
    NewCameras,
    by_line,
    parse_lines,
)
from portal.customers.queries.subscribers import Subscriber
from portal.errors import Conflict, Invalid
from portal.kit.forms.nested import intent_of
from portal.overview.queries import offers
from portal.routes.accounts.auth import Answer
from portal.routes.format import day as day_text
from portal.routes.guards import person_of, requires
from portal.routes.middleware.now import books_now
from portal.routes.middleware.sent import texts
from portal.routes.middleware.sessions import SessionConfig
from portal.routes.page import form_page, redirect
from portal.routes.reading import get
from portal.routes.shared.accounts.once import invited
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.sending import made_once
from portal.routes.shared.subscribers.new import TARIFFS_MAX, estimate_of
from portal.routes.shared.subscribers.paths import crumbs_to, named, page_path
from portal.values.kinds import Day
from portal.words import _, ngettext

WRITERS: Final = [requires(Permission.CAMERAS_WRITE, Permission.SUBSCRIPTIONS_WRITE)]
INVITERS: Final = [requires(Permission.USERS_WRITE)]


@get("/subscribers/{number:str}/cameras/new", guards=WRITERS)
async def ask_cameras(request: HTMXRequest, number: FromPath[str]) -> Response[str]:
    """The form; the tariff is the one that was asked for, or the default."""
    scope, row = await named(request, number)
    return await _page(request, scope, row, {}, {})


@post(
    "/subscribers/{number:str}/cameras/new",
    guards=WRITERS,
    status_code=HTTPStatus.OK,
    request_max_body_size=LINES_BYTES,
)
async def add_cameras(request: HTMXRequest, number: FromPath[str]) -> Answer:
    """Recalculate, or add them: all of them or none."""
    scope, row = await named(request, number)
    sent = await texts(request)
    if not intent_of(sent).saves:
        return await _page(request, scope, row, sent, {}, block="computed")
    try:
        add = partial(camera_lines.add, scope.actor, scope.cloud, row.number, _parsed(sent))
        made = await made_once(
            request, partial(add, now=books_now(request)), page_path(scope, row.number)
        )
    except Invalid as invalid:
        wrong = by_line(invalid, sent.get("cameras", ""))
        return await _page(request, scope, row, sent, wrong.fields)
    except Conflict as conflict:
        if not conflict.fields:
            raise
        return await _page(request, scope, row, sent, conflict.fields)
    told = ngettext("%(count)s camera is added.", "%(count)s cameras are added.", len(made))
    return redirect(request, page_path(scope, row.number), told % {"count": len(made)})


def _parsed(sent: Mapping[str, str]) -> NewCameras:
    problems: dict[str, str] = {}
    lines: tuple[CameraLine, ...] = ()
    starts_on = None
    try:
        lines = parse_lines(sent.get("cameras", ""))
        if not lines:
            problems["cameras"] = _("is required")
    except Invalid as wrong:
        problems.update(wrong.fields)
    try:
        starts_on = Day().read_text(sent.get("starts_on", ""), "starts_on")
    except Invalid as wrong:
        problems.update(wrong.fields)
    if not sent.get("tariff"):
        problems["tariff"] = _("is required")
    if problems:
        raise Invalid(problems)
    return NewCameras(cameras=lines, tariff=sent["tariff"], starts_on=starts_on)


async def _page(
    request: HTMXRequest,
    scope: CloudScope,
    row: Subscriber,
    values: Mapping[str, str],
    errors: Mapping[str, str],
    *,
    block: str = "form",
) -> Response[str]:
    begin = await offers.beginning(
        scope.actor, scope.cloud, now=books_now(request), limit=TARIFFS_MAX
    )
    start = {"tariff": row.wanted_tariff or begin.tariff, "starts_on": begin.today.isoformat()}
    shown = {**start, **values}
    return form_page(
        request,
        "shared/subscribers/cameras.html",
        errors=errors,
        block=block,
        row=row,
        crumbs=crumbs_to(scope, row),
        action=page_path(scope, row.number, "cameras", "new"),
        back=page_path(scope, row.number),
        values=shown,
        tariffs=[(one.value, one.label) for one in begin.tariffs],
        first=day_text(begin.first, person_of(request).locale) if begin.first else "",
        computed=await estimate_of(request, scope, shown, row.discount_percent, row.referral),
    )


@get("/subscribers/{number:str}/people/new", guards=INVITERS)
async def ask_person(request: HTMXRequest, number: FromPath[str]) -> Response[str]:
    """The form, filled with what is known of the customer."""
    scope, row = await named(request, number)
    return _person_page(request, scope, row, {"email": row.email, "name": row.name}, {})


@post("/subscribers/{number:str}/people/new", guards=INVITERS, status_code=HTTPStatus.OK)
async def invite_person(request: HTMXRequest, number: FromPath[str]) -> Answer:
    """Invite one more; without a mail server the link is shown, once."""
    scope, row = await named(request, number)
    sent = await texts(request)
    try:
        make = partial(
            invitations.invite,
            scope.actor,
            email=sent.get("email", "").strip(),
            name=sent.get("name", "").strip() or None,
            role="subscriber",
            cloud=scope.cloud,
            subscriber=row.number,
            now=SessionConfig.of(request).clock(),
            post=request.app.state.post,
        )
        person, link = await made_once(request, make, page_path(scope, row.number))
    except Invalid as invalid:
        return _person_page(request, scope, row, sent, invalid.fields)
    except Conflict as conflict:
        if not conflict.fields:
            raise
        return _person_page(request, scope, row, sent, conflict.fields)
    back = page_path(scope, row.number)
    return invited(request, link, person, crumbs=crumbs_to(scope), back=back)


def _person_page(
    request: HTMXRequest,
    scope: CloudScope,
    row: Subscriber,
    values: Mapping[str, str],
    errors: Mapping[str, str],
) -> Response[str]:
    return form_page(
        request,
        "shared/subscribers/person.html",
        errors=errors,
        lead=_("Sees the cameras and invoices of %(name)s.") % {"name": row.name},
        crumbs=crumbs_to(scope, row),
        action=page_path(scope, row.number, "people", "new"),
        back=page_path(scope, row.number),
        values=dict(values),
        mailed=request.app.state.post.is_set_up,
    )
