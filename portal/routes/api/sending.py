"""Documents on their way: sent by e-mail, once each, and handed over as files."""

from datetime import datetime
from typing import Final, Literal

from msgspec import Struct

from portal.access import Permission
from portal.books.actions.sending import documents, hand_overs
from portal.books.actions.sending.documents import Which
from portal.books.actions.sending.samples import send_sample
from portal.books.forms.sending import (
    DeliveryFilter,
    HandOverFilter,
    HandOverForm,
    SampleForm,
    SendForm,
)
from portal.books.queries.sending import deliveries
from portal.books.queries.sending import hand_overs as handed
from portal.books.queries.sending.deliveries import DocumentDelivery
from portal.routes.api import mail
from portal.routes.api.answers import Page
from portal.routes.api.hand_over_files import MEDIA, content_of, name_of
from portal.routes.api.kit.endpoint import Call, Register, Reply
from portal.routes.api.kit.paging import cut, make_cursor
from portal.routes.api.kit.rows import Amount, MonthKey, answer, month_key

sending_register: Final = Register("Sending")
PERIOD: Final = "/clouds/{cloud}/periods/{period}"
NO_SERVER: Final = "no mail server is set up"


class Sending(Struct, frozen=True):
    """How far a month's documents to subscribers are.

    Each is `sent`, `waiting` (on its way), `failed` or `unsent`. Of the `unsent`, `without_address`
    have nobody to be sent to, and `to_send` can go; `refused_before` of these go to an address that
    a server has refused.
    """

    documents: int
    sent: int
    waiting: int
    failed: int
    unsent: int
    to_send: int
    without_address: int
    refused_before: int


class DocumentMail(Struct, frozen=True):
    """A mail that a document goes with. `copy` is 0 for the first, 1 and more for further ones.

    `taken` are those of the `recipients` that have it; `error` says why the others have not.
    `due_at` is when it is tried next, null while its PDF is not made and once it is over.
    """

    id: int
    number: str
    subscriber: int
    copy: int
    state: Literal["waiting", "sending", "sent", "failed", "dropped"]
    recipients: list[str]
    taken: list[str]
    attempts: int
    error: str
    created_at: datetime
    due_at: datetime | None
    sent_at: datetime | None


class Trouble(Struct, frozen=True):
    """A document that did not reach its subscriber; without `recipients` there is no address."""

    number: str
    subscriber: int
    name: str
    recipients: list[str]
    error: str


class DocumentHandOver(Struct, frozen=True):
    """Documents that were taken as one file. `period` is null where they are of several months."""

    id: int
    kind: Literal["csv", "json", "zip"]
    period: MonthKey | None
    made_by: str
    made_at: datetime
    documents: int
    currency: str
    total: Amount


@sending_register(
    "POST", PERIOD + "/send", Permission.INVOICES_SEND, summary="Send a month's documents",
    answer=Sending, status=202, conflicts=f"the month is not closed, or {NO_SERVER}",
)  # fmt: skip
async def send_period(call: Call) -> Sending:
    """Each document goes once to its subscriber, with its PDF; what was sent is left as it is."""
    await documents.send(
        call.actor,
        call.cloud,
        Which(call.period),
        now=call.context.machine_clock(),
        post=call.context.post,
    )
    return await read_sending(call)


@sending_register(
    "POST", PERIOD + "/send/try-again", Permission.INVOICES_SEND,
    summary="Try a month's failed documents again", answer=Sending, status=202,
    conflicts=NO_SERVER,
)  # fmt: skip
async def try_period_again(call: Call) -> Sending:
    """Those that failed go to the addresses that their subscribers have today."""
    await documents.try_again(
        call.actor,
        call.cloud,
        Which(call.period),
        now=call.context.machine_clock(),
        post=call.context.post,
    )
    return await read_sending(call)


@sending_register(
    "GET", PERIOD + "/sending", Permission.INVOICES_READ, summary="See how far sending is",
    answer=Sending,
)  # fmt: skip
async def read_sending(call: Call) -> Sending:
    """Of the documents that the key sees."""
    return answer(Sending, await deliveries.of_month(call.actor, call.cloud, call.period.start))


@sending_register(
    "GET", PERIOD + "/sending/troubles", Permission.INVOICES_READ,
    summary="List documents that did not arrive", answer=Page[Trouble], paged=True,
)  # fmt: skip
async def list_troubles(call: Call) -> Page[Trouble]:
    """Those that failed, and those whose subscriber has no address, in order of issue."""
    rows, last = await deliveries.troubles(
        call.actor, call.cloud, call.period, after=call.after(int) or 0, limit=call.limit
    )
    following = None if last is None else make_cursor(last)
    return Page([answer(Trouble, row) for row in rows], following)


@sending_register(
    "GET", "/clouds/{cloud}/document-deliveries", Permission.INVOICES_READ,
    summary="List the mails of documents", answer=Page[DocumentMail], query=DeliveryFilter,
    paged=True,
)  # fmt: skip
async def list_document_deliveries(call: Call, query: DeliveryFilter) -> Page[DocumentMail]:
    """In the order in which they were written; kept for good."""
    rows, last = await deliveries.list_page(
        call.actor,
        call.cloud,
        period=query.period,
        state=query.state,
        after=call.after(int) or 0,
        limit=call.limit,
    )
    following = None if last is None else make_cursor(last)
    return Page([_delivery(row) for row in rows], following)


@sending_register(
    "POST", "/clouds/{cloud}/invoices/{number}/send", Permission.INVOICES_SEND,
    summary="Send a document", answer=DocumentMail, form=SendForm, status=202,
    conflicts="it was sent and no copy is asked for, it is on its way, its subscriber has no"
    f" address, or {NO_SERVER}",
)  # fmt: skip
async def send_document(call: Call, form: SendForm) -> DocumentMail:
    """One that failed is tried again; with `copy` one that was sent is sent once more."""
    made = await documents.send_one(
        call.actor,
        call.cloud,
        call.path["number"],
        copy=form.copy,
        now=call.context.machine_clock(),
        post=call.context.post,
    )
    return _delivery(made)


@sending_register(
    "GET", "/clouds/{cloud}/invoices/{number}/deliveries", Permission.INVOICES_READ,
    summary="List the mails of a document", answer=Page[DocumentMail],
)  # fmt: skip
async def list_deliveries_of_document(call: Call) -> Page[DocumentMail]:
    """To whom it was sent and when, the first mail first."""
    rows = await deliveries.of_document(call.actor, call.cloud, call.path["number"])
    return Page([_delivery(row) for row in rows], None)


def _delivery(row: DocumentDelivery) -> DocumentMail:
    waits = row.state in {"waiting", "sending"}
    return answer(DocumentMail, row, due_at=row.due_at if waits else None)


@sending_register(
    "POST", "/clouds/{cloud}/deliveries/invoice-sample", Permission.SETTINGS_WRITE,
    summary="Try the text of the mail with an invoice", answer=mail.Delivery, form=SampleForm,
    status=202, conflicts=f"{NO_SERVER}, or the key stands for no person",
)  # fmt: skip
async def send_invoice_sample(call: Call, form: SampleForm) -> mail.Delivery:
    """To the person of the key, with the text that is sent; nothing of it is kept."""
    now, post = call.context.machine_clock(), call.context.post
    made = await send_sample(call.actor, call.cloud, form.invoice_text, now=now, post=post)
    return mail.delivery_of(made)


@sending_register(
    "POST", "/clouds/{cloud}/hand-overs", Permission.INVOICES_SEND, summary="Hand documents over",
    answer=DocumentHandOver, form=HandOverForm, status=201,
    conflicts="some were handed over before and `again` is not said, there are none, or for a ZIP"
    " PDFs are not made yet",
)  # fmt: skip
async def hand_documents_over(call: Call, form: HandOverForm) -> DocumentHandOver:
    """Writes down which documents are taken; the file is read by the hand-over's id."""
    ids = None
    if form.numbers:
        ids = await deliveries.ids_of(call.actor, call.cloud, form.numbers)
    made = await hand_overs.hand_over(
        call.actor,
        call.cloud,
        Which(form.period, ids),
        form.kind,
        again=form.again,
        now=call.context.machine_clock(),
    )
    return _hand_over(made)


@sending_register(
    "GET", "/clouds/{cloud}/hand-overs", Permission.INVOICES_READ, summary="List hand-overs",
    answer=Page[DocumentHandOver], query=HandOverFilter, paged=True,
)  # fmt: skip
async def list_hand_overs(call: Call, query: HandOverFilter) -> Page[DocumentHandOver]:
    """The latest first."""
    rows = await handed.list_page(
        call.actor,
        call.cloud,
        period=query.period,
        before=call.after(int),
        limit=call.limit + 1,
    )
    page, following = cut(rows, call.limit, lambda row: row.id)
    return Page([_hand_over(row) for row in page], following)


@sending_register(
    "GET", "/clouds/{cloud}/hand-overs/{id}", Permission.INVOICES_READ,
    summary="Read a hand-over", answer=DocumentHandOver,
)  # fmt: skip
async def read_hand_over(call: Call) -> DocumentHandOver:
    """Who took which documents, when."""
    return _hand_over(await handed.get(call.actor, call.cloud, call.number("id")))


@sending_register(
    "GET", "/clouds/{cloud}/hand-overs/{id}/file", Permission.INVOICES_SEND,
    summary="Download the file of a hand-over", answer=bytes, media_type="application/octet-stream",
    # It is read while it is sent, some documents at a time.
    own_transactions=True,
)  # fmt: skip
async def read_hand_over_file(call: Call) -> Reply:
    """CSV, JSON or ZIP, of its documents; what is open is as of now."""
    found = await handed.get(call.actor, call.cloud, call.number("id"))
    name = name_of(call.cloud, found)
    return Reply(
        b"",
        MEDIA[found.kind],
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        },
        pieces=content_of(call.actor, call.cloud, found, call.now),
    )


def _hand_over(row: handed.HandOver) -> DocumentHandOver:
    return answer(DocumentHandOver, row, period=None if row.month is None else month_key(row.month))
