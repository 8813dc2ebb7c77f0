"""What a referral was paid, statement by statement, and what each is made of."""

from collections.abc import Sequence
from typing import Final

from litestar import Response
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Permission
from portal.books.queries.commissions import CommissionRow
from portal.books.queries.invoice_files import PDF
from portal.books.queries.payouts import statement_lists as lists
from portal.books.queries.payouts import statements as reads
from portal.books.queries.payouts.statement_lists import PaidStatement
from portal.kit.queries import tenancy
from portal.routes.files import statement_file
from portal.routes.guards import person_of, requires
from portal.routes.list_files import list_file
from portal.routes.listing import Column, Listing, in_currency, read_listing
from portal.routes.middleware.now import books_now
from portal.routes.page import page
from portal.routes.reading import get
from portal.routes.referral.paths import COMMISSIONS, STATEMENTS
from portal.routes.shared.referrals.statements import ENTRIES
from portal.values.amounts import money
from portal.words import _

GUARDS: Final = [requires(Permission.COMMISSIONS_READ)]
COLUMNS: Final = (
    Column(_("Statement"), "number", of="number"),
    Column(_("Month"), "month", of="month", kind="month", wide=True, fact=True),
    Column(_("State"), "state", of="state", kind="state", wide=True, fact=True),
    Column(_("Commissions"), of="entries", kind="number", wide=True),
    Column(_("From earlier months"), of="carried", kind="money", wide=True),
    Column(_("Paid on"), of="paid_on", kind="day", wide=True),
    Column(_("Reference"), of="reference", only_file=True),
    Column(_("Amount"), "amount", of="amount", kind="money"),
)


@get("/statements", guards=GUARDS)
async def statements(request: HTMXRequest) -> Response[str] | Stream:
    """Those that were approved, the latest first."""
    person = person_of(request)
    cloud = await tenancy.own_cloud(person.actor)
    listing = read_listing(
        STATEMENTS, request.query_params, COLUMNS, filters=(), default_sort="-month"
    )

    async def read(part: Listing) -> lists.StatementPage:
        return await lists.page(
            person.actor, cloud, sort=part.sort, offset=part.offset, limit=part.size
        )

    async def more(part: Listing) -> Sequence[PaidStatement]:
        return (await read(part)).rows

    found = await read(listing)
    listing, columns = listing.found(found.total), in_currency(COLUMNS, cloud.currency)
    if listing.file:
        return await list_file(request, "statements", columns, found.rows, listing, more=more)
    return page(
        request,
        "referral/statements.html",
        block="rows",
        columns=columns,
        rows=found.rows,
        totals=[""] * (len(COLUMNS) - 1) + [money(found.amount, cloud.currency, person.locale)],
        listing=listing,
        statements_path=STATEMENTS,
        commissions_path=COMMISSIONS,
    )


@get("/statements/{key:str}", guards=GUARDS)
async def statement(
    request: HTMXRequest, key: FromPath[str]
) -> Response[str] | Response[bytes] | Stream:
    """One of them, commission by commission; "….pdf" is its file."""
    person, now = person_of(request), books_now(request)
    cloud = await tenancy.own_cloud(person.actor)
    if key.endswith(PDF):
        return await statement_file(request, key, cloud)
    found = await reads.get(person.actor, cloud, key)
    listing = read_listing(
        f"{STATEMENTS}/{found.title}",
        request.query_params,
        ENTRIES,
        filters=(),
        default_sort="document",
    )

    async def more(part: Listing) -> Sequence[CommissionRow]:
        return await lists.entries(
            person.actor,
            cloud,
            found,
            now=now,
            sort=part.sort,
            offset=part.offset,
            limit=part.size,
        )

    listing, columns = listing.found(found.entries), in_currency(ENTRIES, found.currency)
    rows = await more(listing)
    if listing.file:
        what = f"statement-{found.title}"
        return await list_file(request, what, columns, rows, listing, more=more)
    return page(
        request,
        "referral/statement.html",
        block="rows",
        statement=found,
        columns=columns,
        rows=rows,
        listing=listing,
        statements_path=STATEMENTS,
    )
