"""The list of invoices and one invoice, as every portal shows them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from litestar import Response
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.billing.balance import State
from portal.billing.period import Period
from portal.billing.rating import Side
from portal.books.queries import invoice_files, invoices
from portal.books.queries.invoices import SETTLED, STATES, Filters, InvoiceRow, Sums
from portal.errors import no_such
from portal.kit.queries.tenancy import CloudFacts
from portal.routes.files import document_file
from portal.routes.guards import actor_of, person_of
from portal.routes.list_files import list_file
from portal.routes.listing import Column, Listing, read_listing
from portal.routes.middleware.now import books_now
from portal.routes.page import page
from portal.routes.reading import in_snapshot
from portal.routes.shared.currencies import each_currency
from portal.routes.shared.months import month_filter, options_of
from portal.words import _

STATE_LABELS: Final = (
    (State.OPEN, _("Open")),
    (State.OVERDUE, _("Overdue")),
    (SETTLED, _("Settled")),
    (State.CREDIT_NOTE, _("Credit notes")),
)
SIDES: Final[Mapping[Side, str]] = {
    "retail": _("To subscribers"),
    "wholesale": _("From the platform"),
}
TOTALS: Final[Mapping[Side, str]] = {
    "retail": _("Total to subscribers"),
    "wholesale": _("Total from the platform"),
}
FILTERS: Final = ("q", "cloud", "month", "side", "state")


@dataclass(frozen=True, slots=True)
class InvoiceListConfig:
    """How a portal keeps its invoices: where, of which sides (a list each), and which columns.

    `clouds` are the choices of the filter by cloud, (slug, name); none for those who have one.
    `names` shows who a document is to. `empty_action` is what to do while there are none.
    """

    prefix: str
    lead: str
    sides: tuple[Side, ...] = ("retail",)
    clouds: tuple[tuple[str, str], ...] = ()
    names: bool = True
    empty: str = _("They appear when a month is closed.")
    empty_action: str = ""
    empty_path: str = ""

    @property
    def path(self) -> str:
        """The list's address."""
        return f"{self.prefix}/invoices"

    def columns(self) -> tuple[Column, ...]:
        """The headings, in the order of the template's cells."""
        shown = [Column(_("Number"), "number", of="number")]
        if self.names:
            shown.append(Column(_("Customer"), "name", of="name", wide=True))
        shown += [
            Column(_("Month"), "month", of="month", kind="month", wide=True),
            Column(_("Issued"), "issued", of="issued_on", kind="day", wide=True),
            Column(_("Due"), "due", of="due_on", kind="day", wide=True),
            Column(_("State"), of="state", kind="state", wide=True),
            Column(_("Total"), "total", of="total", kind="money"),
            Column(_("Open"), of="left", kind="money", only_file=True),
            Column(_("PDF"), kind="action"),
        ]
        return tuple(shown)


@dataclass(frozen=True, slots=True)
class DocumentList:
    """One side's documents: a page of them, and the sums of all, each currency by itself.

    `title` is "" where there is no other list to tell it from; `total` is what its sums are called.
    """

    side: Side
    title: str
    total: str
    rows: Sequence[InvoiceRow]
    totals: Sequence[str]
    listing: Listing


async def invoice_list(request: HTMXRequest, config: InvoiceListConfig) -> Response[str] | Stream:
    """The page, its rows or a file: a list for each side that the config has, never one of both."""
    person = person_of(request)
    columns = config.columns()
    listing = read_listing(
        config.path, request.query_params, columns, filters=FILTERS, default_sort="-number"
    )
    filters, lists = await _filters(request, listing), []
    for side in _sides(listing, config):
        found = await invoices.list_for_portal(
            person.actor,
            side,
            filters,
            now=books_now(request),
            sort=listing.sort,
            offset=listing.offset,
            limit=listing.size,
        )
        title, total = (SIDES[side], TOTALS[side]) if len(config.sides) > 1 else ("", _("Total"))
        totals = _totals(columns, found.sums, person.locale)
        lists.append(
            DocumentList(side, title, total, found.rows, totals, listing.found(found.total))
        )
    if listing.file:
        one = lists[0]
        name = f"invoices-{one.side}" if one.title else "invoices"
        return await list_file(request, name, columns, one.rows, one.listing)
    months = await invoices.months(person.actor)
    return page(
        request,
        "shared/books/invoices.html",
        block="rows",
        config=config,
        columns=columns,
        lists=lists,
        listing=listing,
        months=options_of(months, person.locale),
        states=STATE_LABELS,
        sides=[(side, SIDES[side]) for side in config.sides] if len(config.sides) > 1 else (),
    )


async def invoice_detail(
    request: HTMXRequest, number: str, config: InvoiceListConfig, *, usage: str = ""
) -> Response[str] | Response[bytes]:
    """One document; "….pdf" is its file, "….csv" the cameras attached to that.

    `usage` is the address of the page of its month's usage, if there is one; "{cloud}" and
    "{subscriber}" in it become the slug and the number of the buyer.
    """
    if invoice_files.is_file(number):
        return await document_file(request, number)
    cloud, invoice = await _find(request, number=number)
    if invoice.side not in config.sides:
        raise no_such(_("document"), number)
    return page(
        request,
        "shared/books/invoice.html",
        config=config,
        invoice=invoice,
        usage=_usage_path(usage, cloud, invoice, invoice.month),
        usage_of={
            line.original_period: _usage_path(usage, cloud, invoice, line.original_period)
            for line in invoice.lines
        },
    )


@in_snapshot
async def _find(request: HTMXRequest, number: str) -> tuple[CloudFacts, invoices.Invoice]:
    """The cloud whose books hold a document, and the document."""
    actor = actor_of(request)
    cloud = await invoices.cloud_of(actor, number)
    return cloud, await invoices.get(actor, cloud, number, now=books_now(request))


def _usage_path(usage: str, cloud: CloudFacts, invoice: invoices.Invoice, month: date) -> str:
    if not usage:
        return ""
    number = "" if invoice.subscriber is None else str(invoice.subscriber)
    path = usage.replace("{cloud}", cloud.slug).replace("{subscriber}", number)
    return f"{path}{'&' if '?' in path else '?'}month={Period.of(month).key}"


def _sides(listing: Listing, config: InvoiceListConfig) -> Sequence[Side]:
    """Those of the config, or the one of them that the address asks for."""
    chosen = [side for side in config.sides if side == listing.filters["side"]]
    return chosen or config.sides


async def _filters(request: HTMXRequest, listing: Listing) -> Filters:
    """What the address asks for; a word that means nothing narrows nothing.

    Raises `NotFound` for a month that has no page.
    """
    chosen = listing.filters
    return Filters(
        cloud=chosen["cloud"] or None,
        period=await month_filter(request),
        text=chosen["q"] or None,
        state=chosen["state"] if chosen["state"] in STATES else None,
    )


def _totals(columns: tuple[Column, ...], sums: Sequence[Sums], locale: str) -> list[str]:
    """The row of totals: each currency by itself, for they cannot be added."""
    texts = [""] * len(columns)
    texts[-3] = each_currency({of.currency: of.total for of in sums}, locale)
    return texts
