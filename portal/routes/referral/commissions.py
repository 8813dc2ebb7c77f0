"""Every amount that a referral earned, with what it was earned on."""

from collections.abc import Sequence
from typing import Final

from litestar import Response
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.billing.payouts.statement import Due
from portal.billing.period import MonthAt, Period
from portal.customers.forms.cloud import LEVELS_MAX
from portal.overview.queries import referral_dashboard
from portal.overview.queries.referral_dashboard import CommissionPage, CommissionRow
from portal.routes.guards import person_of
from portal.routes.list_files import list_file
from portal.routes.listing import Column, Listing, in_currency, read_listing
from portal.routes.middleware.now import books_now
from portal.routes.page import page
from portal.routes.reading import get
from portal.routes.reasons import said_of_commission
from portal.routes.referral.paths import COMMISSIONS, STATEMENTS, SUBSCRIBERS
from portal.routes.shared.months import month_filter, open_month, options_of, today_of
from portal.values.amounts import money
from portal.values.numbers import number_in
from portal.values.states import state_word
from portal.words import _

COLUMNS: Final = (
    Column(_("Document"), "document", of="document"),
    Column(_("Subscriber"), "subscriber", of="name", wide=True, fact=True),
    Column(_("Month"), "month", of="month", kind="month", wide=True, fact=True),
    Column(_("Level"), "level", of="level", kind="number", wide=True),
    Column(_("Base"), "base", of="base", kind="money", wide=True),
    Column(_("Percent"), of="percent", kind="percent", wide=True),
    Column(_("State"), of="state", kind="state", wide=True, fact=True),
    Column(_("Since"), of="earned_at", kind="moment", only_file=True),
    Column(_("Commission"), "amount", of="amount", kind="money"),
)


LEVELS: Final = [(str(level), str(level)) for level in range(1, LEVELS_MAX + 2)]


@get("/commissions")
async def commissions(request: HTMXRequest) -> Response[str] | Stream:
    """The page, or its rows."""
    person = person_of(request)
    listing = read_listing(
        COMMISSIONS,
        request.query_params,
        COLUMNS,
        filters=("q", "month", "subscriber", "level", "state"),
        default_sort="-document",
    )
    period, now = await month_filter(request), books_now(request)

    async def read(part: Listing) -> CommissionPage:
        return await referral_dashboard.commissions(
            person.actor,
            now=now,
            period=period,
            subscriber=number_in(part.filters["subscriber"]),
            text=part.filters["q"] or None,
            level=number_in(part.filters["level"]),
            state=part.filters["state"] or None,
            sort=part.sort,
            offset=part.offset,
            limit=part.size,
        )

    async def more(part: Listing) -> Sequence[CommissionRow]:
        return (await read(part)).rows

    found = await read(listing)
    columns, listing = in_currency(COLUMNS, found.currency), listing.found(found.total)
    if listing.file:
        return await list_file(request, "commissions", columns, found.rows, listing, more=more)
    return page(
        request,
        "referral/commissions.html",
        block="rows",
        columns=columns,
        rows=found.rows,
        waits=await _waits(request, period),
        totals=_totals(found, person.locale),
        currency=found.currency,
        reasons={row: _why(row, found.currency, person.locale) for row in found.rows},
        levels=LEVELS,
        states=[(str(one), state_word(one)) for one in Due],
        statements_path=STATEMENTS,
        listing=listing,
        months=options_of(await referral_dashboard.months(person.actor), person.locale),
        subscribers_path=SUBSCRIBERS,
    )


def _why(row: CommissionRow, currency: str, locale: str) -> str:
    """Why it is what it is: "15 % of 13,51 € = 2,03 €"."""
    if row.reason is None:
        return ""
    return said_of_commission(row.reason, row.amount, currency, locale)


async def _waits(request: HTMXRequest, period: Period | None) -> str:
    """What the month that is asked for waits for, where it is open."""
    if period is None:
        return ""
    return await open_month(request, MonthAt(period, today_of(request)))


def _totals(found: CommissionPage, locale: str) -> list[str]:
    texts = [""] * len(COLUMNS)
    texts[-1] = money(found.amount, found.currency, locale)
    return texts
