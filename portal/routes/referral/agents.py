"""The agents whom a referral brought, and theirs, as deep as it is paid."""

from typing import Final

from litestar import Response
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Permission
from portal.overview.queries import agents as reads
from portal.routes.format import money, number
from portal.routes.guards import person_of, requires
from portal.routes.list_files import list_file
from portal.routes.listing import Column, in_currency, read_listing
from portal.routes.page import page
from portal.routes.reading import get
from portal.routes.referral.paths import AGENTS
from portal.words import _

COLUMNS: Final = (
    Column(_("Agent"), of="name"),
    Column(_("Level"), of="level", kind="number", wide=True, fact=True),
    Column(_("Since"), of="since", kind="moment", wide=True),
    Column(_("Customers"), of="customers", kind="number", wide=True, fact=True),
    Column(_("Percent"), of="percent", kind="percent", wide=True),
    Column(_("My share"), of="earned", kind="money"),
)


@get("/agents", guards=[requires(Permission.COMMISSIONS_READ)])
async def agents(request: HTMXRequest) -> Response[str] | Stream:
    """All of them, or the file."""
    person = person_of(request)
    found = await reads.below(person.actor)
    columns = in_currency(COLUMNS, person.currency)
    listing = read_listing(AGENTS, request.query_params, columns).found(len(found))
    if listing.file:
        return await list_file(request, "agents", columns, found, listing)
    customers = number(sum(one.customers for one in found), person.locale)
    earned = money(sum(one.earned for one in found), person.currency, person.locale)
    return page(
        request,
        "referral/agents.html",
        columns=columns,
        rows=found,
        totals=["", "", "", customers, "", earned],
        listing=listing,
    )
