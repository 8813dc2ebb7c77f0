"""An operator's documents: those to its subscribers, and the platform's to it."""

from typing import Final

from litestar import Response
from litestar import get as litestar_get
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Actor, Permission, shows
from portal.routes.guards import actor_of, requires
from portal.routes.reading import get
from portal.routes.shared.invoices import InvoiceListConfig, invoice_detail, invoice_list
from portal.words import _

GUARDS: Final = [requires(Permission.INVOICES_READ)]
USAGE: Final = "/cloud/usage?subscriber={subscriber}"


def config_of(actor: Actor) -> InvoiceListConfig:
    """A list of each side, or for who may not see what the cloud pays, of its own subscribers."""
    if shows(actor, "invoices", "wholesale"):
        return InvoiceListConfig(
            prefix="/cloud",
            lead=_("What your subscribers owe you, and what you owe the platform."),
            sides=("retail", "wholesale"),
            empty=_("They are made when a month is closed."),
            empty_action=_("Months"),
            empty_path="/cloud/periods",
        )
    return InvoiceListConfig(
        prefix="/cloud",
        lead=_("To the subscribers in your care."),
        empty=_("They are made when a month is closed."),
    )


@get("/invoices", guards=GUARDS)
async def invoice_page(request: HTMXRequest) -> Response[str] | Stream:
    """The list."""
    return await invoice_list(request, config_of(actor_of(request)))


# Litestar's `get`, for a file may be waited for: each look at it is a transaction of its own.
@litestar_get("/invoices/{number:str}", guards=GUARDS)
async def invoice(
    request: HTMXRequest, number: FromPath[str]
) -> Response[str] | Response[bytes] | Stream:
    """One document, its PDF ("….pdf"), or the CSV of its cameras ("….csv")."""
    return await invoice_detail(request, number, config_of(actor_of(request)), usage=USAGE)
