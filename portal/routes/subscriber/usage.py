"""What one's cameras used: a month camera by camera, and a camera day by day."""

from typing import Final
from urllib.parse import unquote_to_bytes

from litestar import Response
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.billing.money import Money
from portal.errors import NotFound, no_such
from portal.kit.queries import tenancy
from portal.overview.queries import subscriber_dashboard
from portal.routes.format import money
from portal.routes.guards import person_of
from portal.routes.listing import Column, Listing
from portal.routes.reading import get
from portal.routes.shared.camera import camera_page
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.months import chosen_month
from portal.routes.shared.usage import (
    Amounts,
    PageText,
    Report,
    report,
    usage_file,
    usage_listing,
    usage_page,
)
from portal.routes.subscriber.paths import USAGE, camera_path, external_id_of
from portal.usage.queries import usage_sums
from portal.usage.queries.usage_sums import UsageTable
from portal.values.external_id import complaint_of_id
from portal.words import _

COLUMNS: Final = (Column(_("Camera"), "camera"),)
WORDS: Final = PageText(
    title=_("Usage"),
    lead=_("Usage of each camera, the basis of your invoices"),
    search=_("Camera"),
    empty=(
        _("No cameras in this month"),
        _("A camera appears in every month in which it was subscribed for you."),
        "",
        "",
        "video",
    ),
)
CHARGED: Final = _("Charged before discount and tax")


@get("/usage")
async def usage(request: HTMXRequest) -> Response[str] | Stream:
    """A month, camera by camera; one that is closed has what was charged beside it."""
    person = person_of(request)
    chosen = await chosen_month(request)
    listing = usage_listing(request, USAGE, COLUMNS)
    cloud = await tenancy.own_cloud(person.actor)
    number = await subscriber_dashboard.number(person.actor)
    text, amounts = listing.filters["q"], []
    if charged := await subscriber_dashboard.charged(
        person.actor, chosen.period, text=text or None
    ):
        by_key = {camera: Money(amount, person.currency) for camera, amount in charged.items()}
        total = money(sum(charged.values()), person.currency, person.locale)
        amounts.append(Amounts(CHARGED, by_key, total))

    async def read(part: Listing) -> tuple[UsageTable, Report]:
        table = await usage_sums.sum_by_camera(
            person.actor,
            cloud,
            chosen.period,
            until=chosen.until,
            subscriber=number,
            text=text or None,
            sort=part.sort,
            offset=part.offset,
            limit=part.size,
            whole=not part.is_further,
        )
        return table, report(
            table,
            COLUMNS[0],
            locale=person.locale,
            href=lambda line: camera_path(line.key, chosen.period),
            sub=external_id_of,
            amounts=amounts,
        )

    if listing.file:
        return await usage_file(request, "usage", read, listing=listing, chosen=chosen)
    used, rows = await read(listing)
    return usage_page(
        request, WORDS, table=used, rows=rows, listing=listing.found(used.total), chosen=chosen
    )


@get("/usage/{camera:path}")
async def camera(request: HTMXRequest) -> Response[str] | Stream:
    """A camera in a month, day by day, and what was charged for it."""
    external_id = _external_id(request)
    chosen = await chosen_month(request)
    return await camera_page(
        request,
        await CloudScope.of(request),
        external_id,
        path=camera_path(external_id),
        crumbs=((_("Usage"), f"{USAGE}?month={chosen.period.key}"),),
    )


def _external_id(request: HTMXRequest) -> str:
    """The camera of the address as it was sent: "site-1%2Fgate" is one name with a stroke in it.

    The router's own reading joins strokes that follow each other.
    """
    raw: bytes = request.scope["raw_path"].removeprefix(f"{USAGE}/".encode())
    try:
        name = unquote_to_bytes(raw).decode()
    except UnicodeDecodeError:
        raise NotFound(_("There is no such camera.")) from None
    if complaint_of_id(name):
        raise no_such(_("camera"), name)
    return name
