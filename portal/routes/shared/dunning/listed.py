"""Who is reminded, and how far each customer is."""

from typing import Final

from litestar import Response
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Permission, can
from portal.books.queries.dunning import shown
from portal.books.queries.dunning.shown import Listed, ListedPage
from portal.routes.guards import requires
from portal.routes.list_files import read_page
from portal.routes.listing import Column, Listing, read_listing
from portal.routes.page import page
from portal.routes.reading import get
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.dunning.words import ACTIONS, OUTCOMES, TONES
from portal.routes.shared.money.book import BookScope
from portal.routes.shared.subscribers.paths import page_path
from portal.values.amounts import DASH
from portal.words import _

READERS: Final = [requires(Permission.PAYMENTS_READ)]
STEPS: Final = (
    ("waits", _("Waits for a person")),
    ("off", _("Something is off")),
    *ACTIONS.items(),
)


def _off(row: Listed) -> str | None:
    if row.is_over:
        return _("To be switched on by hand")
    found = _("Cameras") if row.recording_off else _("Analytics") if row.analytics_off else None
    return None if found is None else str(found)


def _action(row: Listed) -> str:
    return DASH if row.action is None else ACTIONS[row.action]


def _outcome(row: Listed) -> str:
    return DASH if row.outcome is None else OUTCOMES[row.outcome]


COLUMNS: Final = (
    Column(_("Customer"), of="name"),
    Column(_("Number"), of="number", only_file=True),
    Column(_("Since"), of="opened_at", kind="moment", wide=True),
    Column(
        _("Last step"), of="action", fact=True, says=lambda row: ACTIONS.get(row.action or "", "–")
    ),
    Column(_("When"), of="at", kind="moment", wide=True),
    Column(_("Outcome"), of="outcome", says=_outcome),
    Column(_("Off"), of=_off, wide=True, fact=True),
    Column(_("Paused until"), of="paused_until", kind="day", wide=True),
)


@get("/payments/reminders", guards=READERS)
async def reminded(request: HTMXRequest) -> Response[str] | Stream:
    """Customers with something overdue that counts; what waits for a person can be chosen."""
    scope, book = await CloudScope.of(request), await BookScope.of(request)
    listing = read_listing(
        book.at("payments", "reminders"), request.query_params, COLUMNS, filters=("step",)
    )
    step = listing.filters.get("step") or None
    if step not in dict(STEPS):
        step = None

    async def read(part: Listing) -> ListedPage:
        return await shown.list_for_page(
            scope.actor,
            scope.cloud,
            step=step,
            offset=part.offset,
            limit=part.size,
            counted=part.counted,
        )

    found, listing, file = await read_page(
        request, "reminders", COLUMNS, listing, read, cloud=scope.cloud.slug
    )
    if file is not None:
        return file
    return page(
        request,
        "shared/dunning/list.html",
        block="rows",
        book=book,
        tab_rows=book.tab_rows("payments/reminders"),
        columns=COLUMNS,
        rows=found.rows,
        listing=listing,
        steps=STEPS,
        tones=TONES,
        outcomes=OUTCOMES,
        may_see_steps=can(scope.actor, Permission.SETTINGS_READ),
        customer_path=lambda row: page_path(scope, row.number, "reminders"),
    )


LISTED: Final = (reminded,)
