"""What a month corrects of months before it: old and new, quantity and amount, and why."""

from collections.abc import Callable
from decimal import Decimal
from typing import Final

from litestar import Response
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Permission
from portal.billing.money import rounded
from portal.books.actions.corrected import Correction, corrections_of
from portal.routes.format import days_said
from portal.routes.guards import person_of, requires
from portal.routes.list_files import list_file
from portal.routes.listing import Column, in_currency, read_listing
from portal.routes.page import page
from portal.routes.reading import get
from portal.routes.shared.books.lines import units_of
from portal.routes.shared.books.periods import find_month
from portal.values.amounts import money
from portal.words import _

READERS: Final = [requires(Permission.MARGINS_READ)]
SIDES: Final = {"retail": _("Subscriber"), "wholesale": _("Platform")}


def why(row: Correction) -> str:
    """Why it is corrected."""
    return _("Usage corrected") if row.by_hand else _("Late usage")


def unit(row: Correction) -> str:
    """What its quantities are counted in."""
    return units_of(row.kind, row.unit_plural)


def _rounded(of: str) -> Callable[[Correction], Decimal]:
    return lambda row: rounded(getattr(row, of))


def _days(row: Correction) -> str:
    return days_said(row.days)


# A page says two columns of the file in one: from what to what.
COLUMNS: Final = (
    Column(_("Camera"), of="camera"),
    Column(_("Month"), of="original_period", kind="month", wide=True, fact=True),
    Column(_("Subscriber"), of="customer", wide=True),
    Column(_("Charged by"), of="side", wide=True, says=lambda row: SIDES[row.side]),
    Column(_("What"), of="what", wide=True, fact=True),
    Column(_("Because"), of="by_hand", only_file=True, says=why),
    Column(_("Days"), of=_days, wide=True),
    Column(_("Quantity so far"), of=_rounded("quantity_before"), kind="quantity", only_file=True),
    Column(_("Right quantity"), of=_rounded("quantity_after"), kind="quantity", only_file=True),
    Column(_("Unit"), of=unit, only_file=True),
    Column(_("Charged so far"), of="before", kind="money", only_file=True),
    Column(_("Right is"), of="after", kind="money", only_file=True),
    Column(_("Quantity"), kind="quantity", wide=True),
    Column(_("Charged"), kind="money", wide=True),
    Column(_("Difference"), of="amount", kind="money"),
)


@get("/periods/{month:str}/corrections", guards=READERS)
async def corrections_page(request: HTMXRequest, month: FromPath[str]) -> Response[str] | Stream:
    """The list, of an open month as its close would make it now."""
    scope, found = await find_month(request, month)
    path = scope.at("periods", found.key, "corrections")
    listing = read_listing(path, request.query_params, COLUMNS)
    columns = in_currency(COLUMNS, scope.cloud.currency)
    rows = await corrections_of(scope.actor, scope.cloud, found.period)
    if listing.file:
        return await list_file(request, "corrections", columns, rows, listing, period=found.key)
    listing = listing.found(len(rows))
    locale, currency = person_of(request).locale, scope.cloud.currency
    sums = [
        (label, money(sum(row.amount for row in rows if row.side == side), currency, locale))
        for side, label in (
            ("retail", _("Subscribers are charged")),
            ("wholesale", _("The platform charges")),
        )
    ]
    return page(
        request,
        "shared/books/corrections.html",
        block="rows",
        scope=scope,
        month=found,
        crumbs=(
            *scope.above,
            (_("Months"), scope.at("periods")),
            (found.name, scope.at("periods", found.key)),
        ),
        columns=columns,
        rows=listing.of_page(rows),
        listing=listing,
        sums=sums,
        why=why,
        unit=unit,
    )


CORRECTIONS: Final = (corrections_page,)
