"""The referrals of a cloud: who brings customers, and what is owed to them."""

from collections.abc import Sequence
from typing import Any, Final

from litestar import Response
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Permission, can
from portal.customers.forms.referral import BASES
from portal.overview.queries import referrals as reads
from portal.overview.queries.referrals import ReferralList, ReferralRow
from portal.routes.format import number
from portal.routes.guards import person_of, requires
from portal.routes.list_files import list_file
from portal.routes.listing import Column, Listing, in_currency, read_listing
from portal.routes.middleware.now import books_now
from portal.routes.page import page
from portal.routes.reading import get
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.referrals.words import BASIS
from portal.values.amounts import money
from portal.words import _

READERS: Final = [requires(Permission.REFERRALS_READ)]
COLUMNS: Final = (
    Column(_("Referral"), "name", of="name"),
    Column(_("Code"), of="code", only_file=True),
    Column(_("E-mail address"), of="email", only_file=True),
    Column(_("Percent"), "percent", of="percent", kind="percent", wide=True, fact=True),
    Column(_("Earns"), of="basis", says=lambda row: BASIS[row.basis], wide=True),
    Column(_("Sponsor"), of="sponsor", says=lambda row: row.sponsor_name or "", wide=True),
    Column(_("Subscribers"), "subscribers", of="subscribers", kind="number", wide=True, fact=True),
    Column(_("Latest closed month"), "month", of="last_month", kind="money", wide=True),
    Column(_("Held"), "held", of="held", kind="money", wide=True),
    Column(_("Pending"), "pending", of="pending", kind="money", wide=True),
    Column(_("Payable"), "payable", of="payable", kind="money"),
)


@get("/referrals", guards=READERS)
async def referrals(request: HTMXRequest) -> Response[str] | Stream:
    """The list, by name."""
    scope, person, now = await CloudScope.of(request), person_of(request), books_now(request)
    listing = read_listing(
        scope.at("referrals"),
        request.query_params,
        COLUMNS,
        filters=("q", "basis"),
        default_sort="name",
    )

    async def read(part: Listing) -> ReferralList:
        basis = part.filters["basis"]
        return await reads.list_page(
            scope.actor,
            scope.cloud,
            now=now,
            text=part.filters["q"] or None,
            basis=basis if basis in BASES else None,
            sort=part.sort,
            offset=part.offset,
            limit=part.size,
        )

    async def more(part: Listing) -> Sequence[ReferralRow]:
        return (await read(part)).rows

    found = await read(listing)
    listing, columns = listing.found(found.total), in_currency(COLUMNS, scope.cloud.currency)
    if listing.file:
        slug = scope.cloud.slug
        return await list_file(
            request, "referrals", columns, found.rows, listing, more=more, cloud=slug
        )
    return page(
        request,
        "shared/referrals/referrals.html",
        block="rows",
        scope=scope,
        zone=scope.zone,
        columns=columns,
        rows=found.rows,
        totals=_totals(found, scope.cloud.currency, person.locale),
        listing=listing,
        month=found.month,
        bases=list(BASIS.items()),
        may_write=can(scope.actor, Permission.REFERRALS_WRITE),
        may_write_levels=can(scope.actor, Permission.LEVELS_WRITE),
    )


def _totals(found: ReferralList, currency: str, locale: str) -> list[Any]:
    sums = found.sums
    figures = [number(sums.subscribers, locale)]
    figures += [
        money(one, currency, locale)
        for one in (sums.last_month, sums.held, sums.pending, sums.payable)
    ]
    return ["", "", "", "", "", "", *figures]
