"""One payment: what it is on, where it came from, and what may be done with it."""

from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest

from portal.books.actions.money import payments as actions
from portal.books.forms.payments import UnallocateForm
from portal.books.queries.bank import lines
from portal.books.queries.money import payments, previews
from portal.books.queries.money.payments import Payment
from portal.errors import Conflict, Invalid, NotFound
from portal.kit.forms.form import parse_texts
from portal.routes.accounts.auth import Answer
from portal.routes.format import day
from portal.routes.guards import person_of
from portal.routes.listing import Column
from portal.routes.middleware.now import books_now
from portal.routes.middleware.sent import texts
from portal.routes.page import Toast, page, redirect
from portal.routes.reading import get
from portal.routes.shared.confirm import confirm
from portal.routes.shared.money.book import BookScope
from portal.routes.shared.money.payments import READERS, WRITERS
from portal.routes.shared.money.words import METHOD
from portal.routes.shared.sending import done_once
from portal.values.amounts import money
from portal.words import _

ON: Final = (
    Column(_("Invoice"), of="invoice"),
    Column(_("Amount"), of="amount", kind="money"),
    Column(_("Actions"), kind="action"),
)


async def payment_of(request: HTMXRequest, number: int) -> tuple[BookScope, Payment]:
    """The book and the payment that an address names. Raises `NotFound`."""
    book = await BookScope.of(request)
    return book, await payments.get(book.actor, book.cloud, number)


def customer_of(book: BookScope, found: Payment) -> str:
    """Whose it is, by number or slug; "" of nobody yet."""
    if not found.identified:
        return ""
    return str(found.cloud if book.is_platform else found.subscriber)


@get("/payments/{payment:int}", guards=READERS)
async def payment_page(request: HTMXRequest, payment: FromPath[int]) -> Response[str]:
    """The page."""
    book, found = await payment_of(request, payment)
    customer = customer_of(book, found)
    facts = None
    if customer:
        facts = await previews.customer_facts(book.actor, book.cloud, customer)
    line = None
    if book.may_see_bank:
        line = await lines.of_payment(book.actor, book.cloud, payment)
    locale = person_of(request).locale
    return page(
        request,
        "shared/money/payment.html",
        book=book,
        payment=found,
        customer=facts,
        columns=ON,
        facts=_facts(found, locale),
        line=line,
        method=METHOD[found.method],
        history=book.history("payment", payment),
    )


def _facts(found: Payment, locale: str) -> list[tuple[str, str]]:
    """What else is known of it."""
    facts = [(_("Reference"), found.reference), (_("Paid by"), METHOD[found.method])]
    if found.refunded:
        facts.append((_("Refunded"), money(found.refunded, found.currency, locale)))
    if found.returned_on is not None:
        facts.append((_("Returned on"), day(found.returned_on, locale)))
        facts.append((_("Reason"), found.reason or "–"))
        facts.append((_("Fee"), money(found.fee, found.currency, locale)))
    return facts


@get("/payments/{payment:int}/take-off/{invoice:str}", guards=WRITERS)
async def ask_take_off(
    request: HTMXRequest, payment: FromPath[int], invoice: FromPath[str]
) -> Answer:
    """Ask how much of it comes off an invoice."""
    book, found = await payment_of(request, payment)
    if invoice not in {one.invoice for one in found.allocations}:
        told = Toast(_("Nothing of this payment is on that invoice."), "info")
        return redirect(request, book.at("payments", payment), told)
    return await _take_off_page(request, book, found, invoice, boxes={}, errors={})


async def _take_off_page(
    request: HTMXRequest,
    book: BookScope,
    found: Payment,
    invoice: str,
    *,
    boxes: dict[str, str],
    errors: dict[str, str],
) -> Response[str]:
    locale, back = person_of(request).locale, book.at("payments", found.id)
    moved = await previews.unallocated(book.actor, book.cloud, found.id, invoice, None)
    (on,) = moved.invoices
    return confirm(
        request,
        title=_("Take off %(number)s") % {"number": invoice},
        crumbs=book.crumbs((found.reference, back)),
        question=_("Take this payment off the invoice?"),
        facts=[
            (_("On the invoice"), money(-on.amount, found.currency, locale)),
            (_("Open then"), money(on.left, found.currency, locale)),
            (_("Credit then"), money(moved.after, found.currency, locale)),
            *(
                [(_("Commissions"), money(moved.commission, found.currency, locale))]
                if moved.commission
                else []
            ),
        ],
        lead=_("The money stays with the customer, as credit."),
        action=f"{back}/take-off/{invoice}",
        submit=_("Take off"),
        cancel=back,
        errors=errors,
        template="shared/books/claim.html",
        boxes=boxes,
        sign=found.currency,
        has_amount=True,
        has_reason=False,
        amount_hint=_("Nothing typed: all that is on it."),
    )


@post("/payments/{payment:int}/take-off/{invoice:str}", guards=WRITERS, status_code=HTTPStatus.OK)
async def take_off(request: HTMXRequest, payment: FromPath[int], invoice: FromPath[str]) -> Answer:
    """Take it off, once for a form."""
    (book, found), sent = await payment_of(request, payment), await texts(request)
    boxes = {name: sent.get(name, "").strip() for name in ("amount", "reason")}
    back = book.at("payments", payment)

    async def act() -> Payment:
        form = parse_texts(UnallocateForm, {**boxes, "invoice": invoice})
        now = books_now(request)
        return await actions.unallocate(book.actor, book.cloud, payment, form, now=now)

    try:
        await done_once(request, act)
    except Invalid as invalid:
        fields = dict(invalid.fields)
        if "invoice" in fields:
            return redirect(request, back, Toast(invalid.message, "error"))
        return await _take_off_page(request, book, found, invoice, boxes=boxes, errors=fields)
    except (Conflict, NotFound) as problem:
        return redirect(request, back, Toast(problem.message, "error"))
    told = _("%(reference)s is off %(number)s.")
    return redirect(request, back, told % {"reference": found.reference, "number": invoice})


PAYMENT: Final = (payment_page, ask_take_off, take_off)
