"""Connections of a cloud and one of them: how it is doing, trying it, reading it now."""

from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission
from portal.billing.period import Period, local_date
from portal.errors import Conflict
from portal.routes.accounts.auth import Answer
from portal.routes.guards import requires
from portal.routes.listing import Column, read_listing
from portal.routes.middleware.now import books_now
from portal.routes.page import Toast, fragment, is_partial, redirect
from portal.routes.reading import get
from portal.routes.shared.ages import took
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.watcher.health import line_of
from portal.watcher.actions import connections as actions
from portal.watcher.actions.sync.request import request as ask_for_reading
from portal.watcher.queries import connection_health as reads
from portal.words import _, joined

READERS: Final = [requires(Permission.CONNECTIONS_READ)]
WRITERS: Final = [requires(Permission.CONNECTIONS_WRITE)]
READINGS_A_PAGE: Final = 20
COLUMNS: Final = (
    Column(_("Watcher")),
    Column(_("State")),
    Column(_("Last complete reading"), wide=True),
    Column(_("Cameras in Watcher"), kind="number", wide=True),
    Column(_("Next reading"), wide=True),
)
READINGS: Final = (
    Column(_("Began")),
    Column(_("State")),
    Column(_("Took"), kind="number", wide=True),
    Column(_("Pages"), kind="number", wide=True),
    Column(_("Cameras"), kind="number"),
)
CREDENTIALS: Final = (
    ("api_key", _("key")),
    ("login", _("login")),
    ("password", _("password")),
)


@get("/", guards=READERS)
async def connections(request: HTMXRequest) -> Response[str]:
    """The connections of a cloud, and what waits for a person."""
    scope, now = await CloudScope.of(request), books_now(request)
    found = await reads.of_cloud(scope.actor, scope.cloud)
    today = local_date(now, scope.zone)
    return scope.page(
        request,
        "connections.html",
        columns=COLUMNS,
        lines=[line_of(one, scope.path, now) for one in found],
        waiting=await reads.waiting(scope.actor, scope.cloud),
        month=Period.of(today).start,
        today=today,
    )


@get("/{connection_id:int}", guards=READERS)
async def connection(request: HTMXRequest, connection_id: FromPath[int]) -> Response[str]:
    """One connection: its settings, how it is doing, and its readings."""
    return await _detail(request, await CloudScope.of(request), connection_id)


@post("/{connection_id:int}/read", guards=WRITERS)
async def read_now(request: HTMXRequest, connection_id: FromPath[int]) -> Answer:
    """Ask for a reading; where one runs already, that one is shown."""
    scope = await CloudScope.of(request)
    await ask_for_reading(
        scope.actor,
        scope.cloud,
        connection_id,
        now=books_now(request),
        queue=request.app.state.queue,
    )
    said = _("A reading has been asked for.")
    if is_partial(request):
        return await _detail(request, scope, connection_id, toast=Toast(said))
    return redirect(request, f"{scope.path}/{connection_id}", said)


@get("/{connection_id:int}/progress", guards=READERS)
async def progress(request: HTMXRequest, connection_id: FromPath[int]) -> Response[str]:
    """How far a reading has come: a part of a page, asked for while it runs."""
    scope = await CloudScope.of(request)
    found = await reads.of_connection(scope.actor, scope.cloud, connection_id)
    line = line_of(found, scope.path, books_now(request))
    return fragment(
        request,
        "shared/watcher/progress.html",
        "progress",
        line=line,
        scope=scope,
        zone=scope.zone,
    )


@post(
    "/{connection_id:int}/test",
    guards=WRITERS,
    status_code=HTTPStatus.OK,
)
async def test_connection(request: HTMXRequest, connection_id: FromPath[int]) -> Response[str]:
    """Try everything that a reading needs, and say what works."""
    scope = await CloudScope.of(request)
    found = await reads.of_connection(scope.actor, scope.cloud, connection_id)
    checks = await actions.test(
        scope.actor, scope.cloud, connection_id, integrations=request.app.state.integrations
    )
    return scope.page(
        request,
        "checks.html",
        block="checks",
        line=line_of(found, scope.path, books_now(request)),
        checks=checks,
        tested_at=books_now(request),
    )


async def _detail(
    request: HTMXRequest, scope: CloudScope, connection_id: int, *, toast: Toast | None = None
) -> Response[str]:
    found = await reads.of_connection(scope.actor, scope.cloud, connection_id)
    listing = read_listing(
        f"{scope.path}/{connection_id}", request.query_params, READINGS, size=READINGS_A_PAGE
    )
    readings = await reads.readings(
        scope.actor, scope.cloud, connection_id, offset=listing.offset, limit=listing.size
    )
    return scope.page(
        request,
        "connection.html",
        block="report",
        toast=toast,
        line=line_of(found, scope.path, books_now(request)),
        stored=await _stored(request, scope, connection_id),
        columns=READINGS,
        rows=[(one, took(one.started_at, one.finished_at)) for one in readings.rows],
        listing=listing.found(readings.total),
    )


async def _stored(request: HTMXRequest, scope: CloudScope, connection_id: int) -> str:
    """Which credentials are stored, in words: "Key, login and password"."""
    try:
        names = await reads.credentials(
            scope.actor, scope.cloud, connection_id, vault=request.app.state.integrations.vault
        )
    except Conflict as conflict:
        return conflict.message
    words = [word for name, word in CREDENTIALS if name in names]
    if len(words) > 1:
        both = {"names": joined(words[:-1], ", "), "last": words[-1]}
        return (_("%(names)s and %(last)s") % both).capitalize()
    return words[0].capitalize() if words else _("None")
