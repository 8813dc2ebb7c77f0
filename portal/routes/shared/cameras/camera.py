"""One camera's month, as every portal shows it: permissions say which part is seen.

What it was charged and why stands for everybody. Whoever reads subscriptions sees what was read of
the camera, meter by meter, and its history in Watcher (`readings`); the subscriber sees services
of its own tariffs (`services`).
"""

from collections.abc import Mapping
from typing import Any

from litestar import Response
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Permission, can, shows
from portal.books.queries import camera_books, camera_terms
from portal.books.queries.camera_books import CameraBooks
from portal.routes.format import month
from portal.routes.guards import person_of, requires
from portal.routes.list_files import list_file
from portal.routes.listing import in_currency, read_listing
from portal.routes.middleware.now import books_now
from portal.routes.page import page
from portal.routes.reading import get
from portal.routes.shared.cameras import readings, services, why
from portal.routes.shared.cameras.days import strips_of
from portal.routes.shared.cameras.notices import Facts, notices_of
from portal.routes.shared.cameras.part import PartFile
from portal.routes.shared.cameras.suspension import camera_id
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.months import Chosen, chosen_month, ended_state, open_month, period_line
from portal.usage.queries import camera_month
from portal.usage.queries.camera_month import CameraMonth, Served
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
    person, now = person_of(request), books_now(request)
    locale = person.locale
    chosen = await chosen_month(request, scope.cloud)
    found = await camera_month.get(person.actor, scope.cloud, chosen, external_id)
    of = person.actor, scope.cloud, external_id
    books = await camera_books.get(*of, chosen.period, now=now)
    history = await camera_month.history(*of)
    listing = read_listing(path, request.query_params, (), filters=("id", "month"))
    is_read = shows(person.actor, "camera month", "readings")
    if is_read:
        part = await readings.part_of(scope, found, locale)
    else:
        part = services.part_of(found, chosen, locale)
    if listing.file:
        files = {**part.files, **_files(books, scope)}
        file = files.get(listing.part, files[""])
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
    terms = await camera_terms.get(*of, chosen.period, now=now)
    facts = Facts(scope, found, chosen, books, terms, part.context["suspension"], locale)
    waits = await open_month(request, chosen, _("Charges are made when it closes."))
    state = await ended_state(scope.actor, scope.cloud, chosen, locale, closed=books.closed)
    return page(
        request,
        "shared/customers/camera.html",
        block="camera",
        readings=is_read,
        path=path,
        crumbs=crumbs,
        line=period_line(request, chosen, locale, state),
        listing=listing,
        waits=waits,
        **_context(facts, history),
        **part.context,
    )


def _files(books: CameraBooks, scope: CloudScope) -> Mapping[str, PartFile]:
    columns = in_currency(why.COLUMNS, scope.cloud.currency)
    charged = [*books.retail.rows, *books.later]
    paid = books.cost.rows if books.cost else []
    return {
        "charges": PartFile("camera-charges", columns, charged),
        "costs": PartFile("camera-costs", columns, paid),
    }


def _context(facts: Facts, history: list[Served]) -> Mapping[str, Any]:
    """What the page shows of a camera, whoever looks at it."""
    scope, chosen, locale, books = facts.scope, facts.chosen, facts.locale, facts.books
    is_read = shows(scope.actor, "camera month", "readings")
    return {
        "camera": facts.found,
        "scope": scope,
        "chosen": chosen,
        "days": chosen.days(locale) if chosen.running else month(chosen.period.start, locale),
        "zone": scope.zone,
        "notices": notices_of(facts) if is_read else [],
        "strips": strips_of(facts.found, facts.terms.sold, locale),
        "history": history,
        "now_on": next((one for one in history if one.holds(chosen.today)), None),
        "currency": scope.cloud.currency,
        "books": books,
        **_why(books, facts.found, history, chosen, locale),
        **_links(scope, facts),
    }


def _why(
    books: CameraBooks, found: CameraMonth, history: list[Served], chosen: Chosen, locale: str
) -> Mapping[str, Any]:
    names = {one.code: one.tariff for one in [*history, *found.subscriptions]}

    def lines(rows: Any) -> list[why.WhyLine]:
        return why.lines_of(rows, chosen.period, names, locale)

    billed = [row.days or 0 for row in books.retail.rows if row.kind == "recurring"]
    return {
        "charged": lines(books.retail.rows),
        "paid": lines(books.cost.rows) if books.cost else [],
        "corrected": lines(books.later),
        "billed_days": sum(billed),
    }


def _links(scope: CloudScope, facts: Facts) -> Mapping[str, Any]:
    """Where the page's actions are, for who may do them; "" for who may not."""

    def link(permission: Permission, name: str) -> str:
        return facts.at(name) if can(scope.actor, permission) else ""

    return {
        "tariff_path": link(Permission.SUBSCRIPTIONS_WRITE, "tariff"),
        "move_path": link(Permission.SUBSCRIPTIONS_WRITE, "move"),
        "correct_path": link(Permission.USAGE_WRITE, "correct"),
        "audit_path": scope.history("camera", facts.found.external_id),
    }


@get("/camera", guards=[requires(Permission.USAGE_READ)])
async def camera(request: HTMXRequest) -> Response[str] | Stream:
    """A month of one camera ("?id="), day by day."""
    scope = await CloudScope.of(request)
    return await camera_page(
        request,
        scope,
        camera_id(request),
        path=scope.camera,
        crumbs=(*scope.above, (_("Cameras"), scope.at("cameras"))),
    )
