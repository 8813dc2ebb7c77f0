"""The list of invoices, as every portal shows it: one side at a time, the other a tab."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from litestar import Response
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Permission, can
from portal.billing.balance import State
from portal.billing.rating import Side
from portal.books.queries import invoices
from portal.books.queries.invoices import STATES, Filters, InvoiceRow, Listed
from portal.books.queries.sending.listed import CONDITIONS, NOT_SENT
from portal.books.queries.sums.invoice_sums import SETTLED, Sums
from portal.kit.queries.tenancy import CloudFacts
from portal.routes import selection
from portal.routes.guards import person_of
from portal.routes.list_files import list_file
from portal.routes.listing import Column, Listing, read_listing
from portal.routes.middleware.now import books_now
from portal.routes.page import page
from portal.routes.selection import Selection
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.currencies import each_currency
from portal.routes.shared.months import month_filter, options_of
from portal.values.amounts import money
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
SENT_LABELS: Final[tuple[tuple[str, str], ...]] = (
    (NOT_SENT, _("Not sent")),
    ("waiting", _("On its way")),
    ("sent", _("Sent")),
    ("failed", _("Failed")),
)
FILTERS: Final = ("q", "cloud", "month", "manager", "state", "sent")
KEPT: Final = ("side",)


PDF: Final = Column(_("PDF"), kind="action")
SENT: Final = Column(
    _("Sent"), of=lambda row: row.sent or NOT_SENT, kind="state", wide=True, fact=True
)


@dataclass(frozen=True, slots=True)
class InvoiceListConfig:
    """How a portal keeps its invoices: where, of which sides (a tab each), and which columns.

    `clouds` are the choices of the filter by cloud, (slug, name); none for those who have one.
    `managers` are those of the filter by account manager, (e-mail, name).
    `cloud` is whose documents these are alone, None where the portal's policies say it. `names`
    shows who a document is to. `empty_action` is what to do while there are none. `customer`,
    `camera`, `month` and `log` are addresses, "" where there is no such page: "{cloud}" and
    "{subscriber}" in them become the slug and the number of the buyer. With `mailed` it is told how
    far the mail of each is. `drafts` is where those of the running month are, "" where nowhere.
    `ask` is where one asks about a document, and `beside` are tabs of other pages, (label, path).
    `claims` is where documents are credited, given up and disputed, "" in a portal without that.
    `outage` is where an outage is credited, "" for who may not.
    """

    prefix: str
    lead: str
    sides: tuple[Side, ...] = ("retail",)
    clouds: tuple[tuple[str, str], ...] = ()
    managers: tuple[tuple[str, str], ...] = ()
    cloud: CloudFacts | None = None
    scope: CloudScope | None = None
    customer: Mapping[str, str] = field(default_factory=dict)
    camera: str = ""
    month: str = ""
    log: str = ""
    names: bool = True
    mailed: bool = False
    empty: str = _("They appear when a month is closed.")
    empty_action: str = ""
    empty_path: str = ""
    drafts: str = ""
    claims: str = ""
    outage: str = ""
    ask: str = ""
    beside: tuple[tuple[str, str], ...] = ()

    @property
    def path(self) -> str:
        """The list's address."""
        return f"{self.prefix}/invoices"

    def listing(self, request: HTMXRequest) -> Listing:
        """What an address asks of the list; a document's keeps the words of the list it is in."""
        return read_listing(
            self.path,
            request.query_params,
            self.columns(),
            filters=FILTERS,
            kept=KEPT if len(self.sides) > 1 else (),
            default_sort="-number",
        )

    def of(self, address: str, cloud: CloudFacts, subscriber: int | None) -> str:
        """One of the addresses, of a buyer."""
        number = "" if subscriber is None else str(subscriber)
        return address.replace("{cloud}", cloud.slug).replace("{subscriber}", number)

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
            *([SENT] if self.mailed else []),
            PDF,
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


async def invoice_list(request: HTMXRequest, config: InvoiceListConfig) -> Response[str] | Stream:
    """The page, its rows or a file: of one side, which the tabs choose, never of both."""
    person = person_of(request)
    columns, listing = config.columns(), config.listing(request)
    filters, side = await filters_of(request, config, listing), _side(config, listing)
    mailed = config.mailed and side == "retail"
    # A table has room for one of the two: where a document's mail is told, its page has the PDF.
    left_out = PDF if mailed else SENT
    columns = tuple(one for one in columns if one is not left_out)

    async def read(part: Listing) -> Listed:
        return await invoices.list_for_portal(
            person.actor,
            side,
            filters,
            now=books_now(request),
            sort=part.sort,
            offset=part.offset,
            limit=part.size,
        )

    async def more(part: Listing) -> Sequence[InvoiceRow]:
        return (await read(part)).rows

    found = await read(listing)
    listing = listing.found(found.total)
    if listing.file:
        name = f"invoices-{side}" if len(config.sides) > 1 else "invoices"
        return await list_file(
            request, name, columns, found.rows, listing, more=more, cloud=filters.cloud or ""
        )
    several = len(config.sides) > 1
    return page(
        request,
        "shared/books/invoices.html",
        block="rows",
        config=config,
        columns=columns,
        side=side,
        caption=SIDES[side] if several else _("Invoices"),
        total=TOTALS[side] if several else _("Total"),
        rows=found.rows,
        totals=_totals(columns, found.sums, person.locale),
        sums=_states(found.states, listing, person.locale),
        listing=listing,
        months=options_of(await invoices.months(person.actor), person.locale),
        states=STATE_LABELS,
        sent=SENT_LABELS if mailed else (),
        select=_selection(request, config, listing) if mailed else None,
        tabs=_tabs(config, side) if several or config.drafts or config.beside else (),
    )


def selected_path(listing: Listing) -> str:
    """Where the boxes of the list are sent, with its filters."""
    return listing.url(sort=None).replace(listing.path, f"{listing.path}/selected", 1)


def _selection(
    request: HTMXRequest, config: InvoiceListConfig, listing: Listing
) -> Selection | None:
    """The boxes of the list and what is done with them; None for who may not."""
    if config.scope is None or not can(config.scope.actor, Permission.INVOICES_SEND):
        return None
    return Selection(
        selected_path(listing),
        (("send", _("Send")), ("zip", _("PDFs as ZIP")), ("csv", _("Hand over as CSV"))),
        "number",
        everything=selection.selects_everything(request.query_params, listing),
    )


def _tabs(config: InvoiceListConfig, here: Side) -> list[tuple[str, str, bool, int]]:
    """A tab each side; the first is the list's own address. Drafts are pages of their month."""
    first = config.sides[0]
    sides = [
        (SIDES[one], config.path if one == first else f"{config.path}?side={one}", one == here, 0)
        for one in config.sides
    ]
    if config.beside:
        sides = [(_("Invoices"), config.path, True, 0)]
    sides += [(label, path, False, 0) for label, path in config.beside]
    return [*sides, (_("Drafts"), config.drafts, False, 0)] if config.drafts else sides


def _side(config: InvoiceListConfig, listing: Listing) -> Side:
    """The side that the address asks for, or the first."""
    chosen = (side for side in config.sides if side == listing.kept.get("side"))
    return next(chosen, config.sides[0])


async def filters_of(request: HTMXRequest, config: InvoiceListConfig, listing: Listing) -> Filters:
    """What the address asks for; a word that means nothing narrows nothing.

    Raises `NotFound` for a month that has no page.
    """
    chosen = listing.filters
    return Filters(
        cloud=config.cloud.slug if config.cloud else chosen["cloud"] or None,
        period=await month_filter(request),
        text=chosen["q"] or None,
        state=chosen["state"] if chosen["state"] in STATES else None,
        account_manager=chosen["manager"] or None if config.managers else None,
        sent=chosen["sent"] if config.mailed and chosen["sent"] in CONDITIONS else None,
    )


def _totals(columns: tuple[Column, ...], sums: Sequence[Sums], locale: str) -> list[str]:
    """The row of totals: each currency by itself, for they cannot be added."""
    amounts = {
        "total": each_currency({of.currency: of.total for of in sums}, locale),
        "left": each_currency({of.currency: of.left for of in sums}, locale),
    }
    return [amounts.get(str(column.of), "") for column in columns]


def _states(
    sums: Sequence[tuple[str, Sequence[Sums]]], listing: Listing, locale: str
) -> list[StateTotal]:
    """The totals by state, those that there are; a link goes on with the other filters."""
    labels, chosen = dict(STATE_LABELS), listing.filters["state"]
    return [
        StateTotal(
            labels[state],
            sum(one.count for one in of),
            ", ".join(money(_due(state, one), one.currency, locale) for one in of),
            listing.url(state=None if state == chosen else state, page=None),
            state == chosen,
        )
        for state, of in sums
        if of
    ]


def _due(state: str, of: Sums) -> int:
    return of.left if state in {State.OPEN, State.OVERDUE} else of.total
