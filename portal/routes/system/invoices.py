"""What the platform has invoiced to its clouds."""

from dataclasses import replace
from typing import Final

from litestar import Response
from litestar import get as litestar_get
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Permission
from portal.customers.queries import clouds
from portal.routes.guards import actor_of, requires
from portal.routes.reading import get
from portal.routes.shared.books.invoice import invoice_detail
from portal.routes.shared.books.invoices import InvoiceListConfig, invoice_list
from portal.routes.shared.books.lines import line_page
from portal.words import _

CLOUDS_MAX: Final = 500
"""More are not offered in the filter; the search by name finds them all."""
GUARDS: Final = [requires(Permission.INVOICES_READ)]


CONFIG: Final = InvoiceListConfig(
    prefix="/system",
    lead=_("Wholesale invoices and credit notes to all clouds."),
    sides=("wholesale",),
    empty=_("Each cloud gets one when its month is closed."),
    empty_action=_("Overview of the clouds"),
    empty_path="/system",
    customer={"wholesale": "/system/clouds/{cloud}"},
    camera="/system/clouds/{cloud}/camera",
    log="/system/clouds/{cloud}/audit",
    claims="/system/clouds/{cloud}/invoices",
)


@get("/invoices", guards=GUARDS)
async def invoice_page(request: HTMXRequest) -> Response[str] | Stream:
    """The list."""
    known = await clouds.list_page(actor_of(request), limit=CLOUDS_MAX)
    choices = tuple((cloud.slug, cloud.name) for cloud in known)
    return await invoice_list(request, replace(CONFIG, clouds=choices))


# Litestar's `get`, for a file may be waited for: each look at it is a transaction of its own.
@litestar_get("/invoices/{number:str}", guards=GUARDS)
async def invoice(
    request: HTMXRequest, number: FromPath[str]
) -> Response[str] | Response[bytes] | Stream:
    """One document, its PDF ("….pdf"), or the CSV of its cameras ("….csv")."""
    return await invoice_detail(request, number, CONFIG)


@get("/invoices/{number:str}/lines/{line:str}", guards=GUARDS)
async def invoice_line(
    request: HTMXRequest, number: FromPath[str], line: FromPath[str]
) -> Response[str] | Stream:
    """The cameras of a line."""
    return await line_page(request, number, line, CONFIG)
