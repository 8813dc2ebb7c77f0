"""What one's cameras used: a month camera by camera, and a camera day by day."""

from typing import Final

from litestar import Response
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.billing.money import Money
from portal.kit.queries import tenancy
from portal.overview.queries import subscriber_dashboard
from portal.routes.format import money
from portal.routes.guards import person_of
from portal.routes.listing import Column, Listing
from portal.routes.reading import get
from portal.routes.shared.cameras.camera import camera_page
from portal.routes.shared.cameras.suspension import camera_id
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
from portal.routes.subscriber.paths import CAMERA, CAMERAS, camera_path, external_id_of
from portal.usage.queries import usage_sums
from portal.usage.queries.usage_sums import UsageTable
from portal.words import _

COLUMNS: Final = (Column(_("Camera"), "camera"),)
WORDS: Final = PageText(
    title=_("Cameras"),
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


@get("/cameras")
async def cameras(request: HTMXRequest) -> Response[str] | Stream:
    """A month, camera by camera; one that is closed has what was charged beside it."""
    person = person_of(request)
    chosen = await chosen_month(request)
    listing = usage_listing(request, CAMERAS, COLUMNS)
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


@get("/camera")
async def camera(request: HTMXRequest) -> Response[str] | Stream:
    """A camera in a month, day by day, and what was charged for it."""
    external_id = camera_id(request)
    chosen = await chosen_month(request)
    return await camera_page(
        request,
        await CloudScope.of(request),
        external_id,
        path=CAMERA,
        crumbs=((_("Cameras"), f"{CAMERAS}?month={chosen.period.key}"),),
    )
