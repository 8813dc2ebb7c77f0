"""One document, as every portal shows it: what it says, what stands around it, and its files."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from litestar import Response
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Permission, can
from portal.billing.period import Period
from portal.books.queries import invoice_files, invoice_page, invoices
from portal.books.queries.cards.around import Beside, beside
from portal.books.queries.invoice_page import Around
from portal.books.queries.invoices import Invoice
from portal.errors import no_such
from portal.kit.queries.tenancy import CloudFacts
from portal.routes.files import document_file
from portal.routes.guards import actor_of
from portal.routes.list_files import list_file
from portal.routes.listing import Column, Listing, in_currency, read_listing
from portal.routes.middleware.now import books_now
from portal.routes.page import page
from portal.routes.reading import in_snapshot
from portal.routes.shared.books.claims import claims_on
from portal.routes.shared.books.invoices import InvoiceListConfig, filters_of
from portal.routes.shared.books.mailed import DocumentMail, mail_of
from portal.routes.shared.money.card_words import card_name, why_of
from portal.words import _

LINES: Final = (
    Column(_("Description"), of="description"),
    Column(_("Detail"), of="detail"),
    Column(_("Kind"), of="kind"),
    Column(_("Month"), of="original_period", kind="month"),
    Column(_("Quantity"), of="quantity", kind="quantity"),
    Column(_("Unit"), of="unit"),
    Column(_("Unit price"), of="unit_price", kind="price"),
    Column(_("Amount"), of="amount", kind="money"),
)


_MOVED: Final[Mapping[str, str]] = {
    "paid": _("Paid: %(reference)s"),
    "unpaid": _("Payment taken off: %(reference)s"),
    "written_off": _("Written off: %(reference)s"),
    "recovered": _("Of what was written off, this came in"),
    "disputed": _("Disputed: %(reference)s"),
    "settled": _("Dispute ended %(reference)s"),
}


@dataclass(frozen=True, slots=True)
class Event:
    """A point of a document's story; `href` is "" where it has no page of its own."""

    at: datetime
    text: str
    href: str = ""
    amount: int | None = None


async def invoice_detail(
    request: HTMXRequest, number: str, config: InvoiceListConfig
) -> Response[str] | Response[bytes] | Stream:
    """One document; "….pdf" is its file, "….csv" the cameras attached to that."""
    if invoice_files.is_file(number):
        return await document_file(request, number, config.cloud)
    cloud, invoice, around, mail, cards = await _find(request, number=number, config=config)
    lines = in_currency(LINES, invoice.currency)
    listing = read_listing(f"{config.path}/{number}", request.query_params, lines)
    listing = listing.found(len(invoice.lines))
    if listing.file:
        return await list_file(
            request, f"lines-{number}", lines, invoice.lines, listing, cloud=cloud.slug
        )
    back = config.listing(request)
    actor = actor_of(request)
    log = config.log if can(actor, Permission.AUDIT_READ) else ""
    return page(
        request,
        "shared/books/invoice.html",
        config=config,
        invoice=invoice,
        lines=list(enumerate(invoice.lines)),
        around=around,
        story=_story(config, invoice, around, mail),
        claims=claims_on(
            actor, invoice, config.of(config.claims, cloud, None), is_charged=_may_charge(cards)
        ),
        cards=cards,
        card_name="" if cards.card is None else card_name(cards.card),
        charges=[(one, why_of(one)) for one in cards.charges],
        send=f"{config.path}/{invoice.number}/send" if mail.may_send else "",
        listing=listing,
        back=_back(config, invoice, back),
        words=back.words,
        customer=config.of(config.customer.get(invoice.side, ""), cloud, invoice.subscriber),
        month=_month(config.of(config.month, cloud, invoice.subscriber), invoice),
        log=f"{config.of(log, cloud, None)}{_logged(invoice)}" if log else "",
    )


@in_snapshot
async def _find(
    request: HTMXRequest, number: str, config: InvoiceListConfig
) -> tuple[CloudFacts, Invoice, Around, DocumentMail, Beside]:
    """The cloud of a document, the document, what stands around it, its mail, its cards."""
    actor, now = actor_of(request), books_now(request)
    cloud, invoice = await document_of(request, number, config)
    listing = config.listing(request)
    around = await invoice_page.around(
        actor,
        cloud,
        invoice,
        await filters_of(request, config, listing),
        sort=listing.sort,
        now=now,
    )
    mail = await mail_of(actor, cloud, invoice, config)
    return cloud, invoice, around, mail, await beside(actor, cloud, invoice)


async def document_of(
    request: HTMXRequest, number: str, config: InvoiceListConfig
) -> tuple[CloudFacts, Invoice]:
    """A document of the portal's list. Raises `NotFound`, for one of another side, too."""
    actor = actor_of(request)
    cloud = config.cloud or await invoices.cloud_of(actor, number)
    invoice = await invoices.get(actor, cloud, number, now=books_now(request))
    if invoice.side not in config.sides:
        raise no_such(_("document"), number)
    return cloud, invoice


def _may_charge(cards: Beside) -> bool:
    """Whether there is a card, and nobody is at it."""
    return cards.card is not None and cards.running is None


def _back(config: InvoiceListConfig, invoice: Invoice, listing: Listing) -> str:
    """The list that one came from, on the document's tab."""
    side = invoice.side if invoice.side != config.sides[0] else None
    return listing.url(side=side) if len(config.sides) > 1 else listing.url()


def _month(address: str, invoice: Invoice) -> str:
    """The page of its month, where the portal has one."""
    return address.replace("{month}", Period.of(invoice.month).key)


def _logged(invoice: Invoice) -> str:
    """What the log has of it: the close that issued it."""
    return f"?{urlencode({'object': f'period {Period.of(invoice.month).key}'})}"


def _story(
    config: InvoiceListConfig, invoice: Invoice, around: Around, mail: DocumentMail
) -> list[Event]:
    """What has happened to it, the oldest first."""
    events = [Event(invoice.issued_at, _("Issued"))]
    if around.printed_at is not None:
        events.append(
            Event(around.printed_at, _("PDF made"), f"{config.path}/{invoice.number}.pdf")
        )
    events += [
        Event(
            one.issued_at,
            _("Credited with %(number)s") % {"number": one.number},
            f"{config.path}/{one.number}",
            one.total,
        )
        for one in around.credits
    ]
    events += [
        Event(one.at, _MOVED[one.kind] % {"reference": one.reference}, amount=one.amount or None)
        for one in around.moved
    ]
    events += [Event(at, text) for at, text in mail.told()]
    return sorted(events, key=lambda event: event.at)
