"""The list of clouds: who our customers are, and which of them needs somebody."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from litestar import Response
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Permission, can
from portal.overview.queries import attention
from portal.overview.queries.clouds import cloud_list
from portal.overview.queries.clouds.cloud_list import STATES, CloudRow
from portal.routes.format import change, number
from portal.routes.guards import person_of, requires
from portal.routes.list_files import list_file
from portal.routes.listing import Column, Listing, read_listing
from portal.routes.middleware.now import books_now
from portal.routes.page import page
from portal.routes.reading import get
from portal.routes.shared.cloud_scope import CLOUDS
from portal.routes.shared.currencies import each_currency
from portal.routes.system.managers import fits_manager, manager_choices
from portal.values.states import state_word
from portal.words import _

READERS: Final = [requires(Permission.CLOUDS_READ, Permission.MARGINS_READ)]
COLUMNS: Final = (
    Column(_("Cloud"), "name", of="line.name"),
    Column(_("Short name"), of="line.slug", only_file=True),
    Column(_("State"), of="state", kind="state", only_file=True),
    Column(_("Manager"), "manager", of="manager", wide=True, fact=True),
    Column(_("Cameras"), "cameras", of="line.cameras", kind="number", wide=True, fact=True),
    Column(_("Last month"), of="line.state", kind="state", wide=True, fact=True),
    Column(_("Wholesale last month"), "last", of="line.last", kind="money"),
    Column(_("Change"), "change", of="change_percent", kind="percent", wide=True),
    Column(_("Discount"), "discount", of="discount_percent", kind="percent", wide=True),
    Column(_("Watcher"), of="watcher", kind="state", wide=True),
    Column(_("Open"), "open", of="open", kind="money", wide=True, fact=True),
)
# Amounts of several currencies by currency first.
KEYS: Final[Mapping[str, Callable[[CloudRow], Any]]] = {
    "name": lambda row: (row.line.name.casefold(), row.line.slug),
    "manager": lambda row: (row.manager or "", row.line.slug),
    "cameras": lambda row: (row.line.cameras, row.line.slug),
    "last": lambda row: (row.currency, row.line.last or 0, row.line.slug),
    "change": lambda row: (row.change_percent is not None, row.change_percent or 0, row.line.slug),
    "discount": lambda row: (row.discount_percent, row.line.slug),
    "open": lambda row: (row.currency, row.open, row.line.slug),
}


@get("/clouds", guards=READERS)
async def clouds(request: HTMXRequest) -> Response[str] | Stream:
    """The page, its table, or the file of it."""
    person = person_of(request)
    now = books_now(request)
    needs = await attention.of_platform(person.actor, now=now)
    found = (await cloud_list.get(person.actor, needs, now=now)).rows
    listing = read_listing(
        CLOUDS,
        request.query_params,
        COLUMNS,
        filters=("q", "manager", "state"),
        default_sort="name",
    )
    rows = listing.in_order((row for row in found if _fits(row, listing)), KEYS)
    listing = listing.found(len(rows))
    if listing.file:
        return await list_file(request, "clouds", COLUMNS, rows, listing)
    return page(
        request,
        "system/clouds/list.html",
        block="rows",
        columns=COLUMNS,
        rows=[(row, change(row.line.last or 0, row.before)) for row in listing.of_page(rows)],
        listing=listing,
        totals=_totals(rows, person.locale),
        managers=manager_choices(row.manager for row in found),
        states=[(one, state_word(one)) for one in STATES],
        may_create=can(person.actor, Permission.CLOUDS_CREATE),
        may_see_people=can(person.actor, Permission.STAFF_READ),
    )


def _fits(row: CloudRow, listing: Listing) -> bool:
    text = listing.filters["q"].casefold()
    return (
        (text in row.line.name.casefold() or text in row.line.slug)
        and fits_manager(listing.filters["manager"], row.manager, is_mine=row.is_mine)
        and listing.filters["state"] in {"", row.state}
    )


def _totals(rows: Sequence[CloudRow], locale: str) -> list[str]:
    """Below each column; each currency by itself."""

    def sums(amounts: Sequence[tuple[str, int | None]]) -> str:
        found: dict[str, int] = defaultdict(int)
        for currency, amount in amounts:
            if amount is not None:
                found[currency] += amount
        return each_currency(found, locale)

    figures = {
        "cameras": number(sum(row.line.cameras for row in rows), locale),
        "last": sums([(row.currency, row.line.last) for row in rows]),
        "open": sums([(row.currency, row.open) for row in rows]),
    }
    return [figures.get(column.key or "", "") for column in COLUMNS]
