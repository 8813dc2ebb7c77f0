"""Every amount that a referral earned, with what it was earned on."""

from datetime import date
from typing import Final

from litestar import Response, get
from litestar.plugins.htmx import HTMXRequest

from portal.billing.period import parse_month
from portal.errors import Invalid
from portal.queries import homes_referral
from portal.queries.homes_referral import CommissionPage
from portal.routes.format import money
from portal.routes.guards import person_of
from portal.routes.listing import Column, read_listing
from portal.routes.page import page
from portal.routes.referral.paths import COMMISSIONS, SUBSCRIBERS
from portal.routes.referral.subscribers import number_of
from portal.routes.shared.months import options_of

COLUMNS: Final = (
    Column("Document", "document"),
    Column("Subscriber", "subscriber", wide=True),
    Column("Month", "month", wide=True),
    Column("Level", "level", end=True, wide=True),
    Column("Base", "base", end=True, wide=True),
    Column("Percent", end=True, wide=True),
    Column("State", wide=True),
    Column("Commission", "amount", end=True),
)


@get("/commissions")
async def commissions(request: HTMXRequest) -> Response[str]:
    """The page, or its rows."""
    person = person_of(request)
    listing = read_listing(
        COMMISSIONS,
        request.query_params,
        COLUMNS,
        filters=("q", "month", "subscriber"),
        default_sort="-document",
    )
    found = await homes_referral.commissions(
        person.actor,
        month=_month(listing.filters["month"]),
        subscriber=number_of(listing.filters["subscriber"]),
        text=listing.filters["q"] or None,
        sort=listing.sort,
        offset=listing.offset,
        limit=listing.size,
    )
    return page(
        request,
        "referral/commissions.html",
        block="rows",
        columns=COLUMNS,
        rows=found.rows,
        totals=_totals(found, person.locale),
        currency=found.currency,
        listing=listing.found(found.total),
        months=options_of(await homes_referral.months(person.actor), person.locale),
        subscribers_path=SUBSCRIBERS,
    )


def _month(text: str) -> date | None:
    """The month asked for; a word that is none narrows nothing."""
    try:
        return parse_month(text).start
    except Invalid:
        return None


def _totals(found: CommissionPage, locale: str) -> list[str]:
    texts = [""] * len(COLUMNS)
    texts[-1] = money(found.amount, found.currency, locale)
    return texts
