"""The list of services: what is sold, and whether it sells."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from litestar import Response
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Actor, Permission, can
from portal.billing.pricing import pricing_from
from portal.catalog.queries import meters
from portal.catalog.queries.meters import Meter
from portal.overview.queries import service_list
from portal.overview.queries.service_list import ServiceRow
from portal.routes.guards import person_of, requires
from portal.routes.list_files import list_file
from portal.routes.listing import Column, Listing, read_listing
from portal.routes.middleware.now import books_now
from portal.routes.page import page
from portal.routes.pricing_words import price_in_words
from portal.routes.reading import get
from portal.routes.shared.currencies import each_currency
from portal.routes.system.services.words import KINDS, SERVICES, measured_as
from portal.words import _

READERS: Final = [requires(Permission.SERVICES_READ, Permission.RATES_READ)]
METERS_MAX: Final = 500
COLUMNS: Final = (
    Column(_("Service"), "name", of="service.name"),
    Column(_("Code"), of="service.code", only_file=True),
    Column(_("Short"), of="service.short", wide=True),
    Column(
        _("Measured as"),
        of=lambda row: measured_as(
            row.service.measure, row.service.unit_plural or row.service.unit, row.service.meter
        ),
        wide=True,
    ),
    Column(_("List price"), wide=True, fact=True),
    Column(_("Clouds"), "clouds", of="clouds", kind="number", wide=True, fact=True),
    Column(_("Cameras last month"), "cameras", of="cameras", kind="number", wide=True),
    Column(_("Quantity"), "quantity", of="quantity", kind="quantity", wide=True),
    Column(_("Revenue"), "revenue", of="revenue", kind="money"),
    Column(_("In tariffs"), "tariffs", of="tariffs", kind="number", wide=True),
)
LIST_PRICE: Final = 4
METERS: Final = "meters"
"""The list of meters below, as it is asked for as a file."""
METER_COLUMNS: Final = (
    Column(_("Meter"), of="meter.key"),
    Column(_("Base unit"), of="meter.base_unit"),
    Column(_("Counts"), of="kind", wide=True),
    Column(_("Last value"), of="seen", kind="day"),
)
KEYS: Final[Mapping[str, Callable[[ServiceRow], Any]]] = {
    "name": lambda row: (row.service.name.casefold(), row.service.code, row.currency),
    "clouds": lambda row: (row.clouds, row.service.code, row.currency),
    "cameras": lambda row: (row.cameras or 0, row.service.code, row.currency),
    "quantity": lambda row: (row.service.unit, row.quantity or 0, row.service.code),
    "revenue": lambda row: (row.currency, row.revenue or 0, row.service.code),
    "tariffs": lambda row: (row.tariffs, row.service.code, row.currency),
}


@dataclass(frozen=True, slots=True)
class MeterLine:
    """A meter with what it counts in words, and the last day with a value."""

    meter: Meter
    kind: str
    seen: date | None


@get("/services", guards=READERS)
async def services(request: HTMXRequest) -> Response[str] | Stream:
    """The page with the meters below, its table, or the file of it."""
    person, now = person_of(request), books_now(request)
    found = await service_list.get(person.actor, now=now)
    columns = _columns(person.locale)
    listing = read_listing(
        SERVICES, request.query_params, columns, filters=("q",), default_sort="name"
    )
    rows = listing.in_order((row for row in found.rows if _fits(row, listing)), KEYS)
    listing = listing.found(len(rows))
    if listing.wants():
        return await list_file(request, "services", columns, rows, listing)
    meter_lines = await _meters(person.actor, now)
    if listing.wants(METERS):
        part = listing.found(len(meter_lines))
        return await list_file(request, METERS, METER_COLUMNS, meter_lines, part)
    sums: dict[str, int] = {}
    for row in rows:
        if row.revenue is not None:
            sums[row.currency] = sums.get(row.currency, 0) + row.revenue
    return page(
        request,
        "system/services/list.html",
        block="rows",
        columns=columns,
        rows=listing.of_page(rows),
        listing=listing,
        month=found.month,
        totals=[
            each_currency(sums, person.locale) if column.key == "revenue" else ""
            for column in columns
        ],
        meters=meter_lines,
        meter_columns=METER_COLUMNS,
        may_write=can(person.actor, Permission.SERVICES_WRITE),
    )


async def _meters(actor: Actor, now: datetime) -> list[MeterLine]:
    seen = await service_list.last_seen(actor, now=now)
    known = await meters.list_page(actor, limit=METERS_MAX)
    return [MeterLine(one, KINDS[one.kind], seen.get(one.key)) for one in known]


def _columns(locale: str) -> tuple[Column, ...]:
    """The columns, with list prices as people of a locale read them."""

    def list_price(row: ServiceRow) -> str:
        stored = row.service.list_pricing
        if stored is None:
            return ""
        return price_in_words(pricing_from(stored), "", row.service.unit, locale)

    told = Column(_("List price"), of=list_price, wide=True, fact=True)
    return (*COLUMNS[:LIST_PRICE], told, *COLUMNS[LIST_PRICE + 1 :])


def _fits(row: ServiceRow, listing: Listing) -> bool:
    text, one = listing.filters["q"].casefold(), row.service
    return any(text in name.casefold() for name in (one.name, one.short, one.code))
