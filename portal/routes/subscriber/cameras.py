"""One's cameras in a month: on which tariff, what was used of it, and what that costs."""

from collections.abc import Sequence
from typing import Final

from litestar import Response
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.kit.queries import tenancy
from portal.overview.queries import own_cameras
from portal.overview.queries.own_cameras import OwnCamera, OwnCameras, Used
from portal.routes.format import number, quantity
from portal.routes.guards import person_of
from portal.routes.list_files import list_file
from portal.routes.listing import Column, Listing, read_listing
from portal.routes.page import page
from portal.routes.reading import get
from portal.routes.shared.cameras.camera import camera_page
from portal.routes.shared.cameras.suspension import camera_id
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.months import chosen_month, ended_state, open_month, period_line
from portal.routes.subscriber.paths import CAMERA, CAMERAS, camera_path
from portal.values.amounts import money
from portal.words import _, joined


def _told(row: OwnCamera) -> str:
    """What was used of what is included, for a file: "Motion archive 7 of 7; Plates 1 of 1"."""
    return joined(
        [f"{one.service} {one.used.normalize():f} / {one.included:f}" for one in row.used], "; "
    )


COLUMNS: Final = (
    Column(_("Camera"), "camera", of="name"),
    Column(_("Id"), of="external_id", only_file=True),
    Column(_("Tariff"), of="tariff", wide=True, fact=True),
    Column(_("Days"), of="days", kind="number", wide=True, fact=True),
    Column(_("Used of what is included"), of=_told, wide=True),
    Column(_("Beyond it"), of="beyond", kind="money", wide=True),
    Column(_("Amount"), of="amount", kind="money"),
)


@get("/cameras")
async def cameras(request: HTMXRequest) -> Response[str] | Stream:
    """A month, camera by camera: billed once it is closed, an estimate until then."""
    person, chosen = person_of(request), await chosen_month(request)
    cloud = await tenancy.own_cloud(person.actor)
    listing = read_listing(
        CAMERAS, request.query_params, COLUMNS, filters=("q", "month"), default_sort="camera"
    )

    async def read(part: Listing) -> OwnCameras:
        return await own_cameras.list_page(
            person.actor,
            cloud,
            chosen,
            text=part.filters["q"] or None,
            sort=part.sort,
            offset=part.offset,
            limit=part.size,
        )

    async def more(part: Listing) -> Sequence[OwnCamera]:
        return (await read(part)).rows

    found = await read(listing)
    listing = listing.found(found.total)
    if listing.file:
        return await list_file(
            request, "cameras", COLUMNS, found.rows, listing, more=more, period=chosen.period.key
        )
    state = await ended_state(person.actor, cloud, chosen, person.locale, closed=found.closed)
    total = None if found.amount is None else money(found.amount, cloud.currency, person.locale)
    return page(
        request,
        "subscriber/cameras.html",
        block="cameras",
        columns=COLUMNS,
        rows=found.rows,
        totals=None if total is None else ["", "", "", "", "", "", total],
        listing=listing,
        line=period_line(request, chosen, person.locale, state),
        waits=await open_month(request, chosen, _("Charges are made when it closes.")),
        closed=found.closed,
        chosen=chosen,
        paths={row.external_id: camera_path(row.external_id, chosen.period) for row in found.rows},
        used={
            row.external_id: [_in_words(one, person.locale) for one in row.used]
            for row in found.rows
        },
    )


def _in_words(one: Used, locale: str) -> tuple[str, str]:
    """The service, and how much: "7 of 7 days"."""
    told = {
        "used": number(round(one.used, 2), locale),
        "included": quantity(one.included, one.unit, locale),
    }
    return one.service, _("%(used)s of %(included)s") % told


@get("/camera")
async def camera(request: HTMXRequest) -> Response[str] | Stream:
    """A camera in a month, day by day, and what was charged for it."""
    chosen = await chosen_month(request)
    return await camera_page(
        request,
        await CloudScope.of(request),
        camera_id(request),
        path=CAMERA,
        crumbs=((_("Cameras"), f"{CAMERAS}?month={chosen.period.key}"),),
    )
