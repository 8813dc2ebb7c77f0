"""The list of invoices and one invoice, as every portal shows them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
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
from portal.books.queries.invoices import SETTLED, STATES, Filters, InvoiceRow, Listed, Sums
from portal.errors import no_such
from portal.kit.queries.tenancy import CloudFacts
from portal.routes.files import document_file
from portal.routes.format import money
from portal.routes.guards import actor_of, person_of
from portal.routes.list_files import list_file
from portal.routes.listing import Column, Listing, in_currency, read_listing
from portal.routes.middleware.now import books_now
from portal.routes.page import page
from portal.routes.reading import in_snapshot
from portal.routes.shared.currencies import each_currency
from portal.routes.shared.months import month_filter, options_of
from portal.words import _

STATE_LABELS: Final[tuple[tuple[str, str], ...]] = (
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
LINES: Final = (
    Column(_("Description"), of="description"),
    Column(_("Detail"), of="detail"),
    Column(_("Kind"), of="kind"),
    Column(_("Month"), of="original_period", kind="month"),
    Column(_("Quantity"), of="quantity", kind="quantity"),
    Column(_("Unit"), of="unit"),
    Column(_("Unit price"), of="unit_price", kind="price"),
    Column(_("Amount"), of="amount", kind="money"),
)
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
            shown.append(Column(_("Customer"), "name", of="name", wide=True, fact=True))
        shown += [
            Column(_("Month"), "month", of="month", kind="month", wide=True, fact=True),
            Column(_("Issued"), "issued", of="issued_on", kind="day", wide=True),
            Column(_("Due"), "due", of="due_on", kind="day", wide=True),
            Column(_("State"), of="state", kind="state", wide=True, fact=True),
            Column(_("Credited"), of="credited", kind="money", only_file=True),
            Column(_("Paid"), of="paid", kind="money", only_file=True),
            Column(_("Total"), "total", of="total", kind="money"),
            Column(_("Open"), of="left", kind="money", wide=True),
            Column(_("PDF"), kind="action"),
        ]
        return tuple(shown)


@dataclass(frozen=True, slots=True)
class StateTotal:
    """The documents of a state in one sum a currency, and where they are listed.

    What is open or overdue counts as what is left of it, all else as it was issued. `chosen` where
    the list is narrowed to it: the address then takes that off again.
    """

    label: str
    count: int
    amount: str
    href: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class DocumentList:
    """One side's documents: a page of them, and the sums of all, each currency by itself.

    `title` is "" where there is no other list to tell it from; `total` is what its sums are called,
    `states` are the totals by state.
    """

    side: Side
    title: str
    total: str
    rows: Sequence[InvoiceRow]
    totals: Sequence[str]
    listing: Listing
    states: Sequence[StateTotal]


async def invoice_list(request: HTMXRequest, config: InvoiceListConfig) -> Response[str] | Stream:
    """The page, its rows or a file: a list for each side that the config has, never one of both."""
    person = person_of(request)
    columns = config.columns()
    listing = read_listing(
        config.path, request.query_params, columns, filters=FILTERS, default_sort="-number"
    )
    filters, lists = await _filters(request, listing), []

    async def read(side: Side, part: Listing) -> Listed:
        return await invoices.list_for_portal(
            person.actor,
            side,
            filters,
            now=books_now(request),
            sort=part.sort,
            offset=part.offset,
            limit=part.size,
        )

    sides = _sides(listing, config)
    if listing.file:
        return await _file(request, config, sides[0], listing, read)
    for side in sides:
        found = await read(side, listing)
        title, total = (SIDES[side], TOTALS[side]) if len(config.sides) > 1 else ("", _("Total"))
        totals, own = _totals(columns, found.sums, person.locale), listing.found(found.total)
        states = _states(found.states, own, side if title else "", person.locale)
        lists.append(DocumentList(side, title, total, found.rows, totals, own, states))
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


async def _file(
    request: HTMXRequest,
    config: InvoiceListConfig,
    side: Side,
    listing: Listing,
    read: Callable[[Side, Listing], Awaitable[Listed]],
) -> Stream:
    """One side's documents; the name says which, where there are two."""

    async def more(part: Listing) -> Sequence[InvoiceRow]:
        return (await read(side, part)).rows

    found = await read(side, listing)
    name = f"invoices-{side}" if len(config.sides) > 1 else "invoices"
    cloud, listing = listing.filters["cloud"], listing.found(found.total)
    return await list_file(
        request, name, config.columns(), found.rows, listing, more=more, cloud=cloud
    )


async def invoice_detail(
    request: HTMXRequest, number: str, config: InvoiceListConfig, *, usage: str = ""
) -> Response[str] | Response[bytes] | Stream:
    """One document; "….pdf" is its file, "….csv" the cameras attached to that.

    `usage` is the address of the page of its month's usage, if there is one; "{cloud}" and
    "{subscriber}" in it become the slug and the number of the buyer.
    """
    if invoice_files.is_file(number):
        return await document_file(request, number)
    cloud, invoice = await _find(request, number=number)
    if invoice.side not in config.sides:
        raise no_such(_("document"), number)
    lines = in_currency(LINES, invoice.currency)
    listing = read_listing(f"{config.path}/{number}", request.query_params, lines)
    listing = listing.found(len(invoice.lines))
    if listing.file:
        return await list_file(
            request, f"lines-{number}", lines, invoice.lines, listing, cloud=cloud.slug
        )
    return page(
        request,
        "shared/books/invoice.html",
        config=config,
        invoice=invoice,
        listing=listing,
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
    amounts = {
        "total": each_currency({of.currency: of.total for of in sums}, locale),
        "left": each_currency({of.currency: of.left for of in sums}, locale),
    }
    return [amounts.get(str(column.of), "") for column in columns]


def _states(
    sums: Sequence[tuple[str, Sequence[Sums]]], listing: Listing, side: str, locale: str
) -> list[StateTotal]:
    """The totals by state, those that there are; a link goes on with the other filters."""
    labels, chosen = dict(STATE_LABELS), listing.filters["state"]
    return [
        StateTotal(
            labels[state],
            sum(one.count for one in of),
            ", ".join(money(_due(state, one), one.currency, locale) for one in of),
            listing.url(state=None if state == chosen else state, side=side or None, page=None),
            state == chosen,
        )
        for state, of in sums
        if of
    ]


def _due(state: str, of: Sums) -> int:
    return of.left if state in {State.OPEN, State.OVERDUE} else of.total
