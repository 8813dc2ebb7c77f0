"""What the platform has invoiced to its clouds."""

from typing import Final

from litestar import Response, get
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest

from portal.access import Actor, Permission
from portal.customers.queries import clouds
from portal.routes.guards import actor_of, requires
from portal.routes.shared.invoices import InvoiceListConfig, invoice_detail, invoice_list

CLOUDS_MAX: Final = 500
"""More are not offered in the filter; the search by name finds them all."""
GUARDS: Final = [requires(Permission.INVOICES_READ)]


async def config_of(actor: Actor) -> InvoiceListConfig:
    """The platform's invoices: wholesale, to every cloud that the actor sees."""
    known = await clouds.list_page(actor, limit=CLOUDS_MAX)
    return InvoiceListConfig(
        prefix="/system",
        lead="Wholesale invoices and credit notes to all clouds.",
        sides=("wholesale",),
        clouds=tuple((cloud.slug, cloud.name) for cloud in known),
        empty="Each cloud gets one when its month is closed.",
        empty_action="Overview of the clouds",
        empty_path="/system",
    )


@get("/invoices", guards=GUARDS)
async def invoice_page(request: HTMXRequest) -> Response[str]:
    """The list."""
    return await invoice_list(request, await config_of(actor_of(request)))


@get("/invoices/{number:str}", guards=GUARDS)
async def invoice(request: HTMXRequest, number: FromPath[str]) -> Response[str] | Response[bytes]:
    """One document, its PDF ("….pdf"), or the CSV of its cameras ("….csv")."""
    return await invoice_detail(
        request, number, await config_of(actor_of(request)), usage="/system/usage/{cloud}"
    )
