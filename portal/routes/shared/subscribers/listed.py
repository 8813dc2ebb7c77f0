"""The list of a cloud's customers, with what each owes and leaves."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from litestar import Response
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Permission, Role, can, shows
from portal.overview.queries import choices, customers, kinds
from portal.overview.queries.customers import Customers, Filters
from portal.overview.queries.kinds import Kind
from portal.routes import selection
from portal.routes.format import month as month_name
from portal.routes.format import number as number_text
from portal.routes.guards import person_of, requires
from portal.routes.list_files import read_page
from portal.routes.listing import Column, Listing, read_listing
from portal.routes.middleware.now import books_now
from portal.routes.page import page
from portal.routes.reading import get
from portal.routes.selection import Selection
from portal.routes.shared.choose import LISTED_MAX
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.subscribers.paths import invoice_path, list_path
from portal.values.amounts import money
from portal.words import _

READERS: Final = [requires(Permission.SUBSCRIBERS_READ)]
FILTERS: Final = ("q", "manager", "referral", "tariff", "state")
LOST: Final = ("loses", _("Loses money"))
"""For those alone who may know margins."""
STATES: Final = (
    ("active", _("Active")),
    ("no_cameras", _("No cameras")),
    ("suspended", _("Suspended")),
    ("overdue", _("Overdue")),
    LOST,
    ("no_email", _("Without e-mail address")),
    ("unreachable", _("Cameras, but no e-mail or postal address")),
    ("to_check", _("Waits for a check")),
)
NAME: Final = (
    Column(_("Name"), "name", of="name"),
    Column(_("Number"), "number", of="number", wide=True),
    Column(_("E-mail address"), of="email", only_file=True),
    Column(_("State"), of="state", kind="state", only_file=True),
    Column(_("Cameras"), of="cameras", kind="number", wide=True),
    Column(_("Tariffs"), of=lambda row: ", ".join(name for _code, name in row.tariffs), wide=True),
)
MANAGER: Final = Column(_("Account manager"), of="account_manager", wide=True)
REFERRAL: Final = Column(_("Referral"), of="referral", wide=True)
OWED: Final = (
    Column(_("Number of the last invoice"), of="last_invoice", only_file=True),
    Column(_("Last invoice"), of="last_total", kind="money", wide=True),
    Column(_("Overdue"), of="overdue", kind="flag", only_file=True),
    Column(_("Open"), of="open", kind="money", wide=True),
)
MARGIN: Final = Column(_("Margin"), of="margin", kind="money")
ACCESS: Final = Column(_("Access"), of="access", kind="state", wide=True)


@dataclass(frozen=True, slots=True)
class Choices:
    """What the list may be narrowed by, (value, label) each; None where they are too many."""

    managers: Sequence[tuple[str, str]] | None
    referrals: Sequence[tuple[str, str]] | None
    tariffs: Sequence[tuple[str, str]] | None


def columns_for(scope: CloudScope) -> tuple[Column, ...]:
    """The headings, as far as this person may know what stands below them."""
    actor, shown = scope.actor, list(NAME)
    own = actor.role is Role.ACCOUNT_MANAGER
    shown += [] if own else [MANAGER]
    shown += [REFERRAL, *OWED]
    # A phone keeps what the list is about: the margin, or what is open.
    if shows(actor, "sales", "margin"):
        shown.append(MARGIN)
    else:
        shown[-1] = Column(_("Open"), of="open", kind="money")
    return (*shown, *([ACCESS] if can(actor, Permission.USERS_READ) else ()))


def listing_of(request: HTMXRequest, scope: CloudScope) -> Listing:
    """What the address asks for."""
    return read_listing(
        list_path(scope),
        request.query_params,
        columns_for(scope),
        filters=FILTERS,
        default_sort="name",
    )


def filters_of(listing: Listing) -> Filters:
    """The filters; a word that means nothing narrows nothing."""
    chosen, states = listing.filters, dict(STATES)
    return Filters(
        text=chosen["q"] or None,
        account_manager=chosen["manager"] or None,
        referral=chosen["referral"] or None,
        tariff=chosen["tariff"] or None,
        state=chosen["state"] if chosen["state"] in states else None,
    )


@get("/subscribers", guards=READERS)
async def subscribers_page(request: HTMXRequest) -> Response[str] | Stream:
    """The list, by name."""
    scope, person = await CloudScope.of(request), person_of(request)
    columns, listing = columns_for(scope), listing_of(request, scope)
    filters = filters_of(listing)

    async def read(part: Listing) -> Customers:
        return await customers.list_page(
            scope.actor,
            scope.cloud,
            filters,
            now=books_now(request),
            sort=part.sort,
            offset=part.offset,
            limit=part.size,
            counted=part.counted,
        )

    found, listing, file = await read_page(
        request, "subscribers", columns, listing, read, cloud=scope.cloud.slug
    )
    if file is not None:
        return file
    return page(
        request,
        "shared/subscribers/list.html",
        block="rows",
        scope=scope,
        columns=columns,
        rows=found.rows,
        totals=_totals(columns, found, scope, person.locale),
        listing=listing,
        month=month_name(found.month, person.locale)
        if found.month is not None and MARGIN in columns
        else "",
        choices=await _choices(scope),
        states=[one for one in STATES if one is not LOST or MARGIN in columns],
        tariffs_column=NAME[-1],
        select=_selection(request, scope, listing),
        paths={row.number: scope.at("subscribers", row.number) for row in found.rows},
        documents={row.number: invoice_path(scope, row.last_invoice) for row in found.rows},
        may_write=can(scope.actor, Permission.SUBSCRIBERS_WRITE),
    )


def _selection(request: HTMXRequest, scope: CloudScope, listing: Listing) -> Selection | None:
    """What is done to many at once; for those who may do all of it."""
    if not can(scope.actor, Permission.USERS_WRITE):
        return None
    return Selection(
        listing.url(sort=None).replace(listing.path, f"{listing.path}/selected", 1),
        (("assign", _("Assign account manager")), ("invite", _("Invite"))),
        "number",
        everything=selection.selects_everything(request.query_params, listing),
    )


def _totals(
    columns: Sequence[Column], found: Customers, scope: CloudScope, locale: str
) -> list[str] | None:
    if found.sums is None:
        return None
    currency = scope.cloud.currency
    sums = {
        "cameras": number_text(found.sums.cameras, locale),
        "open": money(found.sums.open, currency, locale),
        "margin": money(found.sums.margin, currency, locale),
    }
    return [sums.get(str(column.of), "") for column in columns]


async def _choices(scope: CloudScope) -> Choices:
    async def of(kind: Kind) -> Sequence[tuple[str, str]] | None:
        rows = await choices.all_of(scope.actor, scope.cloud, kind, LISTED_MAX)
        return None if rows is None else [(row.value, row.label) for row in rows]

    own = scope.actor.role is Role.ACCOUNT_MANAGER
    return Choices(
        () if own else await of(kinds.ACCOUNT_MANAGERS),
        await of(kinds.REFERRALS),
        await of(kinds.TARIFFS),
    )
