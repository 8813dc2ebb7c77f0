"""A subscriber's invoices; each line opens the cameras that it is made of."""

from typing import Final

from litestar import Response
from litestar import get as litestar_get
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.books.actions.sending.openings import note_opening
from portal.books.queries.invoice_files import is_file, number_of
from portal.routes.guards import signed_in_of
from portal.routes.middleware.sessions import SessionConfig
from portal.routes.reading import get
from portal.routes.shared.books.invoice import invoice_detail
from portal.routes.shared.books.invoices import InvoiceListConfig, invoice_list
from portal.routes.shared.books.lines import line_page
from portal.routes.subscriber.paths import CAMERA, CAMERAS, HOME, PAYMENTS, QUESTIONS
from portal.words import _

CONFIG: Final = InvoiceListConfig(
    prefix=HOME,
    lead=_("Every invoice and credit note that was issued to you"),
    names=False,
    empty=_("The first one is issued after the end of the month."),
    camera=CAMERA,
    month=f"{CAMERAS}?month={{month}}",
    ask=f"{QUESTIONS}/new",
    beside=((_("Payments"), PAYMENTS), (_("Questions"), QUESTIONS)),
)


@get("/invoices")
async def invoices(request: HTMXRequest) -> Response[str] | Stream:
    """All of them."""
    return await invoice_list(request, CONFIG)


# Litestar's `get`, for a file may be waited for: each look at it is a transaction of its own.
@litestar_get("/invoices/{number:str}")
async def invoice(
    request: HTMXRequest, number: FromPath[str]
) -> Response[str] | Response[bytes] | Stream:
    """One of them, or its PDF; that it was opened is written down, and not by who only looks."""
    answer = await invoice_detail(request, number, CONFIG)
    person = signed_in_of(request)
    if person.viewing is None:
        actor, name = person.person.actor, number_of(number) if is_file(number) else number
        await note_opening(actor, name, now=SessionConfig.of(request).clock())
    return answer


@get("/invoices/{number:str}/lines/{line:str}")
async def invoice_line(
    request: HTMXRequest, number: FromPath[str], line: FromPath[str]
) -> Response[str] | Stream:
    """The cameras of a line."""
    return await line_page(request, number, line, CONFIG)
