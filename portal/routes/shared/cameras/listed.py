"""The list of a cloud's cameras: which is where, and whether it is paid for."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from litestar import Response
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Permission, can, shows
from portal.billing.period import parse_day
from portal.errors import Invalid
from portal.overview.forms.camera_filters import KEEPS, LOSES, STATES, WITHOUT, Filters
from portal.overview.queries import cameras
from portal.overview.queries.cameras import CameraRow, Cameras
from portal.routes import selection
from portal.routes.format import month as month_name
from portal.routes.guards import person_of, requires
from portal.routes.list_files import read_page
from portal.routes.listing import Column, Listing, read_listing
from portal.routes.middleware.now import books_now
from portal.routes.page import page
from portal.routes.reading import get
from portal.routes.selection import Selection
from portal.routes.shared.choose import choice_of
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.overview.causes import Cure, cures_of, excess_of
from portal.values.numbers import number_in
from portal.words import _

READERS: Final = [requires(Permission.CAMERAS_READ, Permission.SUBSCRIPTIONS_READ)]
FILTERS: Final = ("q", "subscriber", "tariff", "state", "off", "missing")
STATE_NAMES: Final = {
    "on_tariff": _("On a tariff"),
    "without": _("Without a tariff"),
    "suspended": _("Suspended"),
    "unowned": _("Nobody's"),
}
VERBS: Final = (("tariff", _("Put on tariff")), ("move", _("Move")), ("end", _("End")))
NAME: Final = Column(_("Name"), "name", of="name")
COLUMNS: Final = (
    NAME,
    Column(_("Id"), "external_id", of="external_id", only_file=True),
    Column(_("Customer"), of="subscriber", kind="number", only_file=True),
    Column(_("Subscriber"), of="owner", wide=True, fact=True),
    Column(_("Tariff"), of="tariff_name", wide=True, fact=True),
    Column(_("Since"), of="since", kind="day", only_file=True),
    Column(_("State"), of="state", says=lambda row: STATE_NAMES[row.state], wide=True),
    Column(_("Days of archive kept"), of="kept", kind="quantity", only_file=True),
    Column(_("Days of archive sold"), of="sold", kind="quantity", only_file=True),
    Column(_("Archive"), of="", wide=True),
    Column(_("This month so far"), of="so_far", kind="money", wide=True),
)
MARGIN: Final = Column(_("Margin"), of="margin", kind="money")


def columns_for(scope: CloudScope) -> tuple[Column, ...]:
    """The headings, as far as this person may know what stands below them."""
    if shows(scope.actor, "sales", "margin"):
        return (*COLUMNS, MARGIN)
    # A phone keeps what the list is about: without a margin what the month comes to.
    *kept, so_far = COLUMNS
    return (*kept, Column(so_far.label, of=so_far.of, kind="money"))


def listing_of(request: HTMXRequest, scope: CloudScope) -> Listing:
    """What the address asks for."""
    return read_listing(
        scope.at("cameras"),
        request.query_params,
        columns_for(scope),
        filters=FILTERS,
        default_sort="name",
    )


def selected_url(listing: Listing) -> str:
    """Where the chosen rows of a list are sent, with its filters."""
    return listing.url(sort=None).replace(listing.path, f"{listing.path}/selected", 1)


def filters_of(listing: Listing) -> Filters:
    """The filters; a word that means nothing narrows nothing."""
    chosen = listing.filters
    return Filters(
        text=chosen["q"] or None,
        subscriber=number_in(chosen["subscriber"]) if chosen["subscriber"] else None,
        tariff=chosen["tariff"] or None,
        state=chosen["state"] if chosen["state"] in STATES else None,
        off=chosen["off"] if chosen["off"] in {KEEPS, LOSES} else None,
        missing=_day(chosen["missing"]),
    )


def _day(text: str) -> date | None:
    try:
        return parse_day(text)
    except Invalid:
        return None


@get("/cameras", guards=READERS)
async def cameras_page(request: HTMXRequest) -> Response[str] | Stream:
    """The list, by name."""
    scope, person = await CloudScope.of(request), person_of(request)
    columns, listing = columns_for(scope), listing_of(request, scope)
    filters = filters_of(listing)

    async def read(part: Listing) -> Cameras:
        return await cameras.list_page(
            scope.actor,
            scope.cloud,
            filters,
            now=books_now(request),
            sort=part.sort,
            offset=part.offset,
            limit=part.size,
            counted=part.counted,
        )

    found, listing, file = await read_page(
        request, "cameras", columns, listing, read, cloud=scope.cloud.slug
    )
    if file is not None:
        return file
    return page(
        request,
        "shared/customers/cameras.html",
        block="rows",
        scope=scope,
        columns=columns,
        rows=found.rows,
        listing=listing,
        month=month_name(found.month, person.locale)
        if found.month is not None and MARGIN in columns
        else "",
        paths={row.external_id: scope.at("camera", id=row.external_id) for row in found.rows},
        cures=await _cures(request, scope, found.rows),
        may_connect=can(scope.actor, Permission.CONNECTIONS_READ),
        **await _filters(scope),
        **_deeds(request, scope, listing),
    )


async def _cures(
    request: HTMXRequest, scope: CloudScope, rows: Sequence[CameraRow]
) -> dict[str, Sequence[Cure]]:
    """By external id, what is done about cameras that keep more than is sold."""
    keeping = [row.external_id for row in rows if row.keeps_more]
    excess = await excess_of(scope, keeping, books_now(request))
    return {key: cures_of(scope, "cameras", key, "keeps_more", excess) for key in keeping}


async def _filters(scope: CloudScope) -> Mapping[str, Any]:
    """What the list may be narrowed by."""
    tariffs = await choice_of(scope, "tariff")
    offs = [(KEEPS, _("Keeps more than sold"))]
    if shows(scope.actor, "sales", "margin"):
        offs.append((LOSES, _("Loses money")))
    return {
        "subscribers": await choice_of(scope, "subscriber"),
        "tariffs": None
        if tariffs.options is None
        else [(WITHOUT, _("Without a tariff")), *tariffs.options],
        "states": list(STATE_NAMES.items()),
        "state_names": STATE_NAMES,
        "offs": offs,
    }


def _deeds(request: HTMXRequest, scope: CloudScope, listing: Listing) -> Mapping[str, Any]:
    """What may be done here, for who may do it."""
    if not can(scope.actor, Permission.CAMERAS_WRITE):
        return {"new_path": "", "select": None}
    return {
        "new_path": scope.at("cameras", "new"),
        "select": Selection(
            selected_url(listing),
            VERBS,
            "external_id",
            everything=selection.selects_everything(request.query_params, listing),
        ),
    }
