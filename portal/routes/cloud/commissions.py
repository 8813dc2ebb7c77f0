"""What an operator's referrals earned: a month of all of them, and of one document by document."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode

from litestar import Response
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Permission
from portal.books.queries import commissions as reads
from portal.books.queries import invoices
from portal.books.queries.commissions import CommissionRow, ReferralMonth
from portal.kit.queries import tenancy
from portal.routes.format import number
from portal.routes.guards import person_of, requires
from portal.routes.list_files import list_file
from portal.routes.listing import Column, Listing, in_currency, read_listing
from portal.routes.middleware.now import books_now
from portal.routes.page import page
from portal.routes.reading import get
from portal.routes.shared.months import Chosen, chosen_month, month_options, open_month
from portal.values.amounts import money
from portal.words import _

PATH: Final = "/cloud/commissions"
GUARDS: Final = [requires(Permission.COMMISSIONS_READ)]
COLUMNS: Final = (
    Column(_("Referral"), "name", of="name"),
    Column(_("Code"), of="code", only_file=True),
    Column(_("Subscribers"), "subscribers", of="subscribers", kind="number", wide=True, fact=True),
    Column(_("Percent"), of="percent", kind="percent", only_file=True),
    Column(_("Documents"), "documents", of="documents", kind="number", wide=True, fact=True),
    Column(_("Direct"), of="own", kind="money", wide=True),
    Column(_("Through agents"), of="levels", kind="money", wide=True),
    Column(_("Commission"), "amount", of="amount", kind="money"),
)
OF_REFERRAL: Final = (
    Column(_("Document"), "document", of="document"),
    Column(_("Subscriber"), "subscriber", of="subscriber", kind="number", wide=True, fact=True),
    Column(_("Level"), "level", of="level", kind="number", wide=True),
    Column(_("State"), of="state", kind="state", wide=True, fact=True),
    Column(_("Base"), "base", of="base", kind="money", wide=True, fact=True),
    Column(_("Percent"), of="percent", kind="percent", wide=True),
    Column(_("Commission"), "amount", of="amount", kind="money"),
)


@get("/commissions", guards=GUARDS)
async def commissions(request: HTMXRequest) -> Response[str] | Stream:
    """A month by referral: the last closed one, unless the address names another."""
    person = person_of(request)
    chosen = await _chosen(request)
    listing = read_listing(
        PATH, request.query_params, COLUMNS, filters=("month", "q"), default_sort="-amount"
    )
    cloud = await tenancy.own_cloud(person.actor)
    rows = await reads.sum_by_referral(
        person.actor,
        cloud,
        chosen.period,
        text=listing.filters["q"] or None,
        sort=listing.sort,
    )
    listing, columns = listing.found(len(rows)), in_currency(COLUMNS, cloud.currency)
    if listing.file:
        return await list_file(
            request, "commissions", columns, rows, listing, period=chosen.period.key
        )

    def text(amount: int) -> str:
        return money(amount, cloud.currency, person.locale)

    return page(
        request,
        "cloud/commissions.html",
        block="rows",
        columns=columns,
        rows=rows[listing.offset : listing.offset + listing.size],
        totals=[
            "",
            "",
            "",
            "",
            number(sum(row.documents for row in rows), person.locale),
            text(sum(row.own for row in rows)),
            text(sum(row.levels for row in rows)),
            text(sum(row.amount for row in rows)),
        ],
        listing=listing,
        currency=cloud.currency,
        chosen=chosen,
        waits=await open_month(request, chosen),
        months=month_options(chosen, person.locale),
    )


@get("/commissions/{referral:str}", guards=GUARDS)
async def statement(request: HTMXRequest, referral: FromPath[str]) -> Response[str] | Stream:
    """A month of one referral, document by document."""
    person = person_of(request)
    chosen = await _chosen(request)
    listing = read_listing(
        f"{PATH}/{referral}",
        request.query_params,
        OF_REFERRAL,
        filters=("month",),
        default_sort="document",
    )
    cloud = await tenancy.own_cloud(person.actor)

    async def read(part: Listing) -> ReferralMonth:
        return await reads.of_referral_in(
            person.actor,
            cloud,
            chosen.period,
            referral,
            now=books_now(request),
            sort=part.sort,
            offset=part.offset,
            limit=part.size,
        )

    async def more(part: Listing) -> Sequence[CommissionRow]:
        return (await read(part)).rows

    found = await read(listing)
    listing = listing.found(found.total)
    if listing.file:
        name, month = f"commissions-{found.code}", chosen.period.key
        return await list_file(
            request, name, OF_REFERRAL, found.rows, listing, more=more, period=month
        )
    return page(
        request,
        "cloud/statement.html",
        block="rows",
        columns=OF_REFERRAL,
        rows=found.rows,
        totals=["", "", "", "", "", "", money(found.amount, found.currency, person.locale)],
        listing=listing,
        found=found,
        chosen=chosen,
        waits=await open_month(request, chosen),
        back=f"{PATH}?{urlencode({'month': chosen.period.key})}",
        months=month_options(chosen, person.locale),
    )


async def _chosen(request: HTMXRequest) -> Chosen:
    """The month of the address; without one the last closed, which is what commissions are of."""
    chosen = await chosen_month(request)
    if request.query_params.get("month"):
        return chosen
    closed = await invoices.months(person_of(request).actor)
    return chosen.in_month(closed[0]) if closed else chosen
