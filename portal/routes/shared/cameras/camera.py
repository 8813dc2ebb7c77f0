"""One camera's month, day by day, as every portal shows it: permissions say which part is seen.

Whoever reads subscriptions sees what was read of the camera, meter by meter, and its history
(`readings`); the subscriber sees the services of its own tariffs and what they were charged
(`services`).
"""

from litestar import Response
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Permission, shows
from portal.routes.format import month
from portal.routes.guards import person_of, requires
from portal.routes.list_files import list_file
from portal.routes.listing import read_listing
from portal.routes.page import page
from portal.routes.reading import get
from portal.routes.shared.cameras import readings, services
from portal.routes.shared.cameras.suspension import camera_id
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.months import chosen_month, month_options
from portal.usage.queries import camera_month
from portal.words import _


async def camera_page(
    request: HTMXRequest,
    scope: CloudScope,
    external_id: str,
    *,
    path: str,
    crumbs: tuple[tuple[str, str], ...],
) -> Response[str] | Stream:
    """A month of a camera of the cloud that the address is about; `path` is the page's own.

    With "?format=" the days as a file, or with "?list=" another list of the page.
    """
    person = person_of(request)
    chosen = await chosen_month(request, scope.cloud)
    found = await camera_month.get(person.actor, scope.cloud, chosen, external_id)
    listing = read_listing(path, request.query_params, (), filters=("id", "month", "service"))
    is_read = shows(person.actor, "camera month", "readings")
    if is_read:
        part = await readings.part_of(scope, found, person.locale)
    else:
        part = await services.part_of(request, found, chosen, listing.filters["service"])
    if listing.file:
        file = part.files.get(listing.part, part.files[""])
        return await list_file(
            request,
            file.name,
            file.columns,
            file.rows,
            listing,
            cloud=scope.cloud.slug,
            period=chosen.period.key,
            zone=scope.zone,
        )
    locale = person.locale
    days = chosen.days(locale) if chosen.running else month(chosen.period.start, locale)
    return page(
        request,
        "shared/customers/camera.html",
        block="camera",
        camera=found,
        readings=is_read,
        path=path,
        crumbs=crumbs,
        chosen=chosen,
        days=days,
        months=month_options(chosen, person.locale),
        zone=scope.zone,
        listing=listing,
        **part.context,
    )


@get("/camera", guards=[requires(Permission.USAGE_READ)])
async def camera(request: HTMXRequest) -> Response[str] | Stream:
    """A month of one camera ("?id="), day by day."""
    scope = await CloudScope.of(request)
    return await camera_page(
        request,
        scope,
        camera_id(request),
        path=scope.camera,
        crumbs=((_("Usage"), scope.usage),),
    )
