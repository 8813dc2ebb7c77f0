"""An operator's documents: those to its subscribers, and the platform's to it."""

from typing import Final

from litestar import Response
from litestar import get as litestar_get
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Permission, Role, can, shows
from portal.billing.period import Period, local_date
from portal.books.queries import invoice_files
from portal.overview.queries import choices, kinds
from portal.routes.guards import requires
from portal.routes.middleware.now import books_now
from portal.routes.reading import get, in_snapshot
from portal.routes.shared.books.invoice import invoice_detail
from portal.routes.shared.books.invoices import InvoiceListConfig, invoice_list
from portal.routes.shared.books.lines import line_page
from portal.routes.shared.cloud_scope import CloudScope
from portal.words import _

MANAGERS_MAX: Final = 200
"""Account managers that the list may be narrowed to; of more the first by name."""
GUARDS: Final = [requires(Permission.INVOICES_READ)]


@in_snapshot
async def config_of(request: HTMXRequest) -> InvoiceListConfig:
    """A tab of each side, or for who may not see what the cloud pays, its own subscribers alone."""
    scope = await CloudScope.of(request)
    both = shows(scope.actor, "invoices", "wholesale")
    months = can(scope.actor, Permission.PERIODS_READ)
    lead = _("What subscribers owe, and what is owed to the platform.")
    if not both:
        lead = _("To the subscribers in your care.")
    own = scope.actor.role is Role.ACCOUNT_MANAGER
    running = Period.of(local_date(books_now(request), scope.zone))
    found = await choices.find(
        scope.actor, scope.cloud, kinds.ACCOUNT_MANAGERS, "", 0 if own else MANAGERS_MAX
    )
    return InvoiceListConfig(
        managers=tuple((one.value, one.label) for one in found),
        prefix=scope.base,
        lead=lead,
        sides=("retail", "wholesale") if both else ("retail",),
        cloud=scope.cloud,
        scope=scope,
        mailed=True,
        empty=_("They are issued when a month is closed."),
        empty_action=_("Months") if months else "",
        empty_path=scope.at("periods") if months else "",
        customer={"retail": scope.at("subscribers", "{subscriber}")},
        camera=scope.camera,
        month=scope.at("periods", "{month}") if months else "",
        log=scope.at("audit"),
        drafts=scope.at("periods", running.key, "draft"),
        claims=scope.at("invoices"),
        outage=scope.at("invoices", "outage") if can(scope.actor, Permission.CREDITS_WRITE) else "",
    )


@get("/invoices", guards=GUARDS)
async def invoice_page(request: HTMXRequest) -> Response[str] | Stream:
    """The list."""
    return await invoice_list(request, await config_of(request))


# Litestar's `get`, for a file may be waited for: each look at it is a transaction of its own.
@litestar_get("/invoices/{number:str}", guards=GUARDS)
async def invoice(
    request: HTMXRequest, number: FromPath[str]
) -> Response[str] | Response[bytes] | Stream:
    """One document, its PDF ("….pdf"), or the CSV of its cameras ("….csv")."""
    if invoice_files.is_file(number):
        return await invoice_detail(request, number, await config_of(request))
    return await _document(request, number=number)


@in_snapshot
async def _document(request: HTMXRequest, number: str) -> Response[str] | Response[bytes] | Stream:
    """The page of a document, of which nothing is waited for."""
    return await invoice_detail(request, number, await config_of(request))


@get("/invoices/{number:str}/lines/{line:str}", guards=GUARDS)
async def invoice_line(
    request: HTMXRequest, number: FromPath[str], line: FromPath[str]
) -> Response[str] | Stream:
    """The cameras of a line."""
    return await line_page(request, number, line, await config_of(request))


INVOICES: Final = (invoice_page, invoice, invoice_line)
