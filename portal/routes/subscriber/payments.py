"""What a subscriber owes and has paid: its account, line by line, and how to pay."""

from typing import Final

from litestar import Response
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.billing.period import local_date
from portal.books.queries.cards import accounts
from portal.books.queries.money import receivables
from portal.books.queries.money.receivables import AccountLine
from portal.kit.queries import tenancy
from portal.overview.queries import subscriber_dashboard
from portal.routes.guards import person_of
from portal.routes.list_files import list_file
from portal.routes.listing import read_listing
from portal.routes.middleware.now import books_now
from portal.routes.page import page
from portal.routes.reading import get
from portal.routes.shared.money.owed import LINES, days_asked
from portal.routes.shared.money.words import OF_INVOICES
from portal.routes.subscriber.paths import CARDS, INVOICES, PAYMENTS, money_tabs
from portal.values.amounts import money

FILTERS: Final = ("from", "to")


@get("/payments")
async def payments(request: HTMXRequest) -> Response[str] | Stream:
    """The statement of account of the last twelve months, or of other days. Raises `Conflict`."""
    person, now = person_of(request), books_now(request)
    cloud = await tenancy.own_cloud(person.actor)
    number = await subscriber_dashboard.number(person.actor)
    listing = read_listing(PAYMENTS, request.query_params, LINES, filters=FILTERS)
    days = days_asked(listing, local_date(now, cloud.timezone))
    found = await receivables.get_statement(
        person.actor, cloud, number, first=days.from_, last=days.to
    )
    found.check_whole()
    listing = listing.found(len(found.lines))
    if listing.file:
        return await list_file(request, "account", LINES, found.lines, listing)
    closing = money(found.closing, found.currency, person.locale)
    return page(
        request,
        "subscriber/payments.html",
        block="statement",
        tabs=money_tabs(PAYMENTS),
        columns=LINES,
        rows=listing.of_page(found.lines),
        totals=["", "", "", "", closing],
        found=found,
        days=days,
        listing=listing,
        to_pay=await subscriber_dashboard.to_pay(person.actor, now=now),
        contact=await subscriber_dashboard.contact(person.actor),
        documents_path=INVOICES,
        cards_path=CARDS if await accounts.is_set_up(person.actor, cloud.id) else "",
        document_path=_document_path,
    )


def _document_path(line: AccountLine) -> str:
    return f"{INVOICES}/{line.document}" if line.kind in OF_INVOICES and line.document else ""
