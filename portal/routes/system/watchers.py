"""The Watchers of all clouds: which are read, how, and which are not connected."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from litestar import Response
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Permission, can
from portal.routes.format import moment
from portal.routes.guards import person_of, requires
from portal.routes.list_files import list_file
from portal.routes.listing import Column, Listing, read_listing
from portal.routes.middleware.now import books_now
from portal.routes.page import page
from portal.routes.reading import get
from portal.routes.shared.cloud_scope import CLOUDS, WATCHERS
from portal.routes.shared.watcher.health import CONNECTION, Line, cameras, completed, line_of
from portal.watcher.queries import connection_health
from portal.watcher.queries.connection_health import Health
from portal.words import _

GUARDS: Final = [requires(Permission.CONNECTIONS_READ)]
LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
COLUMNS: Final = (
    Column(_("Cloud"), "cloud", of="health.name"),
    *CONNECTION,
    Column(_("State"), "trouble", of="health.state", kind="state"),
    Column(
        _("Last complete reading"),
        "complete",
        of=completed,
        kind="moment",
        zone="health.zone",
        wide=True,
        fact=True,
    ),
    Column(_("Cameras in Watcher"), "cameras", of=cameras, kind="number", wide=True, fact=True),
    Column(_("Next reading"), of="health.due_at", kind="moment", zone="health.zone", wide=True),
    Column(_("To map"), "waiting", of="health.waiting", kind="number", wide=True, fact=True),
)
TROUBLE: Final = {"failed": 8, "unconnected": 6, "unread": 4, "running": 2, "complete": 0}
"""How much a state needs somebody: what fails stands first."""
KEYS: Final[Mapping[str, Callable[[Health], Any]]] = {
    "trouble": lambda one: (TROUBLE.get(one.state, 0) + bool(one.warnings), one.name.casefold()),
    "cloud": lambda one: one.name.casefold(),
    "complete": lambda one: one.complete.started_at if one.complete else LONG_AGO,
    "cameras": lambda one: one.complete.cameras if one.complete else -1,
    "waiting": lambda one: one.waiting,
}
STATES: Final = (
    ("running", _("Running")),
    ("complete", _("Complete")),
    ("failed", _("Failed")),
    ("unread", _("Not read yet")),
    ("unconnected", _("Not connected")),
)


@get("/watchers", guards=GUARDS)
async def watchers(request: HTMXRequest) -> Response[str] | Stream:
    """Every connection, and every cloud that has none."""
    person, now = person_of(request), books_now(request)
    found = await connection_health.of_clouds(person.actor)
    listing = read_listing(
        WATCHERS, request.query_params, COLUMNS, filters=("cloud", "state"), default_sort="-trouble"
    )
    shown = listing.in_order((one for one in found if _fits(one, listing)), KEYS)
    listing = listing.found(len(shown))
    lines = [line_of(one, f"{CLOUDS}/{one.cloud}/watcher", now) for one in listing.of_page(shown)]
    if listing.file:
        return await list_file(request, "watchers", COLUMNS, lines, listing)
    return page(
        request,
        "system/watchers.html",
        block="rows",
        columns=COLUMNS,
        rows=[(line, _when(line, person.locale)) for line in lines],
        listing=listing,
        states=STATES,
        clouds=list({one.cloud: (one.cloud, one.name) for one in found}.values()),
        may_write=can(person.actor, Permission.CONNECTIONS_WRITE),
        failed=sum(one.state == "failed" for one in found),
    )


def _fits(one: Health, listing: Listing) -> bool:
    cloud, state = listing.filters["cloud"], listing.filters["state"]
    return cloud in {"", one.cloud} and state in {"", one.state}


def _when(line: Line, locale: str) -> str:
    """The last complete reading, in the zone of its cloud."""
    complete = line.health.complete
    return moment(complete.finished_at, locale, line.health.zone) if complete else ""
