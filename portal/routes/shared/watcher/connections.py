"""Connections of a cloud and one of them: how it is doing, trying it, reading it now."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Permission
from portal.billing.period import Period, local_date
from portal.errors import Conflict
from portal.routes.accounts.auth import Answer
from portal.routes.guards import requires
from portal.routes.list_files import list_file
from portal.routes.listing import Column, Listing, read_listing
from portal.routes.middleware.now import books_now
from portal.routes.page import Toast, fragment, is_partial, redirect
from portal.routes.reading import get
from portal.routes.shared.ages import took
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.watcher.deciding import LABELS as DECISIONS
from portal.routes.shared.watcher.health import CONNECTION, cameras, completed, line_of
from portal.watcher.actions import connections as actions
from portal.watcher.actions.sync.request import request as ask_for_reading
from portal.watcher.forms.connection import decision_of
from portal.watcher.queries import connection_health as reads
from portal.watcher.queries.connection_health import Readings
from portal.watcher.queries.connections import Reading
from portal.words import _, joined

READERS: Final = [requires(Permission.CONNECTIONS_READ)]
WRITERS: Final = [requires(Permission.CONNECTIONS_WRITE)]
READINGS_A_PAGE: Final = 20
COLUMNS: Final = (
    Column(_("Watcher"), of="address"),
    *CONNECTION,
    Column(_("State"), of="health.state", kind="state"),
    Column(_("Last complete reading"), of=completed, kind="moment", wide=True, fact=True),
    Column(_("Cameras in Watcher"), of=cameras, kind="number", wide=True, fact=True),
    Column(_("Next reading"), of="health.due_at", kind="moment", wide=True),
)
READINGS: Final = (
    Column(_("Began"), of="started_at", kind="moment"),
    Column(_("Ended"), of="finished_at", kind="moment", only_file=True),
    Column(_("State"), of="state", kind="state"),
    Column(_("Message"), of="message", only_file=True),
    Column(_("Warnings"), of=lambda reading: "; ".join(reading.warnings), only_file=True),
    Column(_("Took"), kind="number", wide=True),
    Column(_("Pages"), of="pages", kind="number", wide=True, fact=True),
    Column(_("Cameras"), of="cameras", kind="number"),
)
CREDENTIALS: Final = (
    ("api_key", _("key")),
    ("login", _("login")),
    ("password", _("password")),
)


@get("/", guards=READERS)
async def connections(request: HTMXRequest) -> Response[str] | Stream:
    """The connections of a cloud, and what waits for a person."""
    scope, now = await CloudScope.of(request), books_now(request)
    found = await reads.of_cloud(scope.actor, scope.cloud)
    lines = [line_of(one, scope.path, now) for one in found]
    listing = read_listing(scope.path, request.query_params, COLUMNS).found(len(lines))
    if listing.file:
        slug = scope.cloud.slug
        return await list_file(
            request, "watchers", COLUMNS, lines, listing, cloud=slug, zone=scope.zone
        )
    today = local_date(now, scope.zone)
    return scope.page(
        request,
        "connections.html",
        columns=COLUMNS,
        lines=lines,
        listing=listing,
        waiting=await reads.waiting(scope.actor, scope.cloud),
        month=Period.of(today).start,
        today=today,
    )


@get("/{connection_id:int}", guards=READERS)
async def connection(request: HTMXRequest, connection_id: FromPath[int]) -> Response[str] | Stream:
    """One connection: its settings, how it is doing, and its readings."""
    scope = await CloudScope.of(request)
    listing = _readings(request, scope, connection_id)
    if listing.file:
        return await _readings_file(request, scope, connection_id, listing)
    return await _detail(request, scope, connection_id)


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
    listing = _readings(request, scope, connection_id)
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
        decides=DECISIONS[decision_of(found.connection)],
        columns=READINGS,
        rows=[(one, took(one.started_at, one.finished_at)) for one in readings.rows],
        listing=listing.found(readings.total),
    )


def _readings(request: HTMXRequest, scope: CloudScope, connection_id: int) -> Listing:
    path = f"{scope.path}/{connection_id}"
    return read_listing(path, request.query_params, READINGS, size=READINGS_A_PAGE)


async def _readings_file(
    request: HTMXRequest, scope: CloudScope, connection_id: int, listing: Listing
) -> Stream:
    async def read(part: Listing) -> Readings:
        return await reads.readings(
            scope.actor, scope.cloud, connection_id, offset=part.offset, limit=part.size
        )

    async def more(part: Listing) -> Sequence[Reading]:
        return (await read(part)).rows

    found = await read(listing)
    return await list_file(
        request,
        f"readings-{connection_id}",
        READINGS,
        found.rows,
        listing.found(found.total),
        more=more,
        cloud=scope.cloud.slug,
        zone=scope.zone,
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
