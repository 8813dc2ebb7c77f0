"""The mail of a document as its page tells of it: to whom it went, and that it was opened."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from portal.access import Actor, Permission, can
from portal.books.queries.invoices import Invoice
from portal.books.queries.sending import deliveries, openings
from portal.books.queries.sending.deliveries import DocumentDelivery
from portal.books.queries.sending.openings import Opening
from portal.kit.queries.tenancy import CloudFacts
from portal.routes.shared.books.invoices import InvoiceListConfig
from portal.words import _


@dataclass(frozen=True, slots=True)
class DocumentMail:
    """The mails of a document and its first opening; `may_send` whether the person sends it."""

    mails: Sequence[DocumentDelivery] = ()
    opening: Opening | None = None
    may_send: bool = False

    def told(self) -> Iterator[tuple[datetime, str]]:
        """What happened, each with when."""
        for one in self.mails:
            to = ", ".join(one.recipients)
            if one.state == "sent" and one.sent_at is not None:
                facts = {"recipients": ", ".join(one.taken) or to}
                copied = _("Copy sent to %(recipients)s")
                told = copied if one.copy else _("Sent to %(recipients)s")
                yield one.sent_at, told % facts
            elif one.state == "failed":
                failed = _("Not taken for %(recipients)s: %(error)s")
                yield one.created_at, failed % {"recipients": to, "error": one.error}
            else:
                yield one.created_at, _("On its way to %(recipients)s") % {"recipients": to}
        if self.opening is not None:
            opened = _("Opened in the portal by %(person)s")
            yield self.opening.opened_at, opened % {"person": self.opening.opened_by}


NO_MAIL: Final = DocumentMail()


async def mail_of(
    actor: Actor, cloud: CloudFacts, invoice: Invoice, config: InvoiceListConfig
) -> DocumentMail:
    """The mail of a document; nothing where its side, or the portal, has none."""
    if not config.mailed or invoice.side != "retail":
        return NO_MAIL
    return DocumentMail(
        await deliveries.of_document(actor, cloud, invoice.number),
        await openings.of_document(actor, cloud, invoice.id),
        can(actor, Permission.INVOICES_SEND),
    )
