"""What an operator's referrals earned: a month of all of them, and of one document by document."""

from typing import Final
from urllib.parse import urlencode

from litestar import Response
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission
from portal.books.queries import commissions as reads
from portal.books.queries import invoices
from portal.kit.queries import tenancy
from portal.routes.format import money, number
from portal.routes.guards import person_of, requires
from portal.routes.listing import Column, read_listing
from portal.routes.page import page
from portal.routes.reading import get
from portal.routes.shared.months import Chosen, chosen_month, month_options, open_month
from portal.words import _

PATH: Final = "/cloud/commissions"
GUARDS: Final = [requires(Permission.COMMISSIONS_READ)]
COLUMNS: Final = (
    Column(_("Referral"), "name"),
    Column(_("Subscribers"), "subscribers", end=True, wide=True),
    Column(_("Documents"), "documents", end=True, wide=True),
    Column(_("Own subscribers"), end=True, wide=True),
    Column(_("Sponsored agents"), end=True, wide=True),
    Column(_("Commission"), "amount", end=True),
)
STATEMENT: Final = (
    Column(_("Document"), "document"),
    Column(_("Subscriber"), "subscriber", end=True, wide=True),
    Column(_("Level"), "level", end=True, wide=True),
    Column(_("State"), wide=True),
    Column(_("Base"), "base", end=True, wide=True),
    Column(_("Percent"), end=True, wide=True),
    Column(_("Commission"), "amount", end=True),
)


@get("/commissions", guards=GUARDS)
async def commissions(request: HTMXRequest) -> Response[str]:
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
    listing = listing.found(len(rows))

    def text(amount: int) -> str:
        return money(amount, cloud.currency, person.locale)

    return page(
        request,
        "cloud/commissions.html",
        block="rows",
        columns=COLUMNS,
        rows=rows[listing.offset : listing.offset + listing.size],
        totals=[
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
async def statement(request: HTMXRequest, referral: FromPath[str]) -> Response[str]:
    """A month of one referral, document by document."""
    person = person_of(request)
    chosen = await _chosen(request)
    listing = read_listing(
        f"{PATH}/{referral}",
        request.query_params,
        STATEMENT,
        filters=("month",),
        default_sort="document",
    )
    found = await reads.statement(
        person.actor,
        await tenancy.own_cloud(person.actor),
        chosen.period,
        referral,
        sort=listing.sort,
        offset=listing.offset,
        limit=listing.size,
    )
    return page(
        request,
        "cloud/statement.html",
        block="rows",
        columns=STATEMENT,
        rows=found.rows,
        totals=["", "", "", "", "", "", money(found.amount, found.currency, person.locale)],
        listing=listing.found(found.total),
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
