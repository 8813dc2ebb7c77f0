"""The months of all clouds: whether the books of each are closed."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from litestar import Response
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Permission
from portal.overview.queries.clouds import cloud_months
from portal.overview.queries.clouds.cloud_months import STATES, CloudMonths
from portal.routes.format import month as month_name
from portal.routes.guards import person_of, requires
from portal.routes.list_files import list_file
from portal.routes.listing import Column, Listing, read_listing
from portal.routes.middleware.now import books_now
from portal.routes.page import page
from portal.routes.reading import get
from portal.routes.system.managers import fits_manager, manager_choices
from portal.values.states import state_word
from portal.words import _

GUARDS: Final = [requires(Permission.PERIODS_READ, Permission.MARGINS_READ)]
PATH: Final = "/system/periods"
CLOUD: Final = (
    Column(_("Cloud"), "name", of="name"),
    Column(_("Short name"), of="slug", only_file=True),
    Column(_("Manager"), of="manager", only_file=True),
)
KEYS: Final[Mapping[str, Callable[[CloudMonths], Any]]] = {
    "name": lambda row: (row.name.casefold(), row.slug),
}


@get("/periods", guards=GUARDS)
async def periods(request: HTMXRequest) -> Response[str] | Stream:
    """The matrix: a row a cloud, a column a month, the latest first."""
    person = person_of(request)
    found = await cloud_months.get(person.actor, now=books_now(request))
    columns = (*CLOUD, *_months(found.axis, person.locale))
    listing = read_listing(
        PATH,
        request.query_params,
        columns,
        filters=("q", "manager", "state"),
        default_sort="name",
    )
    rows = listing.in_order((row for row in found.clouds if _fits(row, listing)), KEYS)
    listing = listing.found(len(rows))
    if listing.file:
        return await list_file(request, "months", columns, rows, listing)
    return page(
        request,
        "system/periods.html",
        block="rows",
        columns=columns,
        rows=listing.of_page(rows),
        listing=listing,
        axis=found.axis,
        managers=manager_choices(row.manager for row in found.clouds),
        states=[(one, state_word(one)) for one in STATES],
    )


def _months(axis: Sequence[date], locale: str) -> list[Column]:
    """A column a month; a phone has the two latest."""
    return [
        Column(month_name(one, locale), of=_state_in(one), kind="state", wide=place > 1)
        for place, one in enumerate(axis)
    ]


def _state_in(month: date) -> Callable[[CloudMonths], str | None]:
    def of(row: CloudMonths) -> str | None:
        cell = row.months.get(month)
        return None if cell is None else cell.state

    return of


def _fits(row: CloudMonths, listing: Listing) -> bool:
    text, state = listing.filters["q"].casefold(), listing.filters["state"]
    return (
        (text in row.name.casefold() or text in row.slug)
        and fits_manager(listing.filters["manager"], row.manager, is_mine=row.is_mine)
        and (not state or any(cell.state == state for cell in row.months.values()))
    )
