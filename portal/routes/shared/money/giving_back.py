"""Money that goes: a payment that the bank took back, and what is given back of credit."""

from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest

from portal.books.actions.money import claims, refunds
from portal.books.actions.money import payments as actions
from portal.books.forms.payments import ApplyCreditForm, NewCloudRefund, NewRefund, ReturnForm
from portal.books.queries.money import payments, previews
from portal.books.queries.money.payments import Payment
from portal.books.queries.money.previews import CustomerFacts, Moved
from portal.errors import Conflict, Invalid
from portal.kit.forms.form import parse_texts
from portal.kit.forms.nested import intent_of
from portal.routes.accounts.auth import Answer
from portal.routes.guards import person_of
from portal.routes.middleware.now import books_now
from portal.routes.middleware.sent import texts
from portal.routes.page import Toast, page, redirect
from portal.routes.reading import get
from portal.routes.shared.confirm import confirm
from portal.routes.shared.money.book import BookScope
from portal.routes.shared.money.payment import customer_of, payment_of
from portal.routes.shared.money.payments import WRITERS
from portal.routes.shared.money.words import METHODS, amount_of, box_of, told_of
from portal.routes.shared.sending import done_once
from portal.values.amounts import currency_sign, money
from portal.words import _

CREDIT_SHOWN: Final = 20
"""Invoices that are named before credit is put on them."""
RETURN_BOXES: Final = ("returned_on", "fee", "reason")
REFUND_BOXES: Final = ("amount", "refunded_on", "method", "reference", "reason")


@get("/payments/{payment:int}/return", guards=WRITERS)
async def ask_return(request: HTMXRequest, payment: FromPath[int]) -> Answer:
    """The form, with what the return does."""
    book, found = await payment_of(request, payment)
    if found.state == "returned":
        told = Toast(_("The bank took this payment back already."), "info")
        return redirect(request, book.at("payments", payment), told)
    today = book.today(books_now(request)).isoformat()
    return await _return_page(request, book, found, {"returned_on": today})


async def _return_page(
    request: HTMXRequest,
    book: BookScope,
    found: Payment,
    values: Mapping[str, str],
    errors: Mapping[str, str] | None = None,
) -> Response[str]:
    locale, back = person_of(request).locale, book.at("payments", found.id)
    moved = await previews.returned(book.actor, book.cloud, found.id)
    return page(
        request,
        "shared/money/return.html",
        block="form",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        book=book,
        payment=found,
        crumbs=book.crumbs((found.reference, back)),
        action=f"{back}/return",
        cancel=back,
        sign=currency_sign(found.currency, locale),
        told=told_of(moved, locale),
        owed=moved is not None and moved.after < 0,
        values=values,
        errors=errors or {},
    )


@post("/payments/{payment:int}/return", guards=WRITERS, status_code=HTTPStatus.OK)
async def return_payment(request: HTMXRequest, payment: FromPath[int]) -> Answer:
    """Write that the bank took it back; again changes nothing."""
    (book, found), sent = await payment_of(request, payment), await texts(request)
    boxes = {name: sent.get(name, "").strip() for name in RETURN_BOXES}
    back = book.at("payments", payment)
    try:
        form = parse_texts(ReturnForm, boxes)
        now = books_now(request)
        await actions.take_back(book.actor, book.cloud, payment, form, now=now)
    except Invalid as invalid:
        return await _return_page(request, book, found, boxes, dict(invalid.fields))
    told = _("%(reference)s is returned. What it paid is open again.")
    return redirect(request, back, told % {"reference": found.reference})


async def _whose(request: HTMXRequest) -> tuple[BookScope, CustomerFacts, Payment | None]:
    """Whose credit a refund comes out of, and the payment that the address names, if it does."""
    book = await BookScope.of(request)
    query = request.query_params
    named = None
    customer = query.get("customer", "")[:64]
    number = query.get("payment", "")
    if number.isascii() and number.isdigit() and len(number) <= len(str(2**62)):
        named = await payments.get(book.actor, book.cloud, int(number))
        customer = customer_of(book, named)
    return book, await previews.customer_facts(book.actor, book.cloud, customer), named


@get("/payments/refund", guards=WRITERS)
async def ask_refund(request: HTMXRequest) -> Answer:
    """The form, for all that is in credit, or what of "?payment=" is on no invoice."""
    book, facts, named = await _whose(request)
    free = facts.credit if named is None else min(facts.credit, named.unallocated)
    if free <= 0:
        told = Toast(_("There is nothing to give back."), "info")
        back = book.account(facts.name) if named is None else book.at("payments", named.id)
        return redirect(request, back, told)
    values = {
        "amount": box_of(free, facts.currency, person_of(request).locale),
        "refunded_on": book.today(books_now(request)).isoformat(),
        "method": "bank" if named is None else named.method,
    }
    return await _refund_page(request, book, facts, named, values)


async def _refund_page(
    request: HTMXRequest,
    book: BookScope,
    facts: CustomerFacts,
    named: Payment | None,
    values: Mapping[str, str],
    *,
    errors: Mapping[str, str] | None = None,
    refused: str = "",
    verb: str = "",
) -> Response[str]:
    locale = person_of(request).locale
    moved, told = await _refund_preview(book, facts, named, values)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    of = {"customer": facts.name} if named is None else {"payment": named.id}
    back = book.account(facts.name) if named is None else book.at("payments", named.id)
    return page(
        request,
        "shared/money/refund.html",
        block="computed" if verb == "recalculate" else "form",
        status=HTTPStatus.CONFLICT if refused else status,
        book=book,
        customer=facts,
        payment=named,
        free=money(facts.credit if named is None else named.unallocated, facts.currency, locale),
        crumbs=book.crumbs(),
        action=book.at("payments", "refund", **of),
        cancel=back,
        sign=currency_sign(facts.currency, locale),
        methods=METHODS,
        told=told_of(moved, locale),
        refused=refused or told,
        values=values,
        errors=errors or {},
    )


async def _refund_preview(
    book: BookScope, facts: CustomerFacts, named: Payment | None, values: Mapping[str, str]
) -> tuple[Moved | None, str]:
    """What it does, else None and what stands in its way, as far as one can say."""
    try:
        amount = amount_of(values.get("amount", ""), facts.currency, "amount")
        if amount <= 0:
            return None, ""
        of = None if named is None else named.id
        return await previews.refunded(book.actor, book.cloud, facts.name, amount, of), ""
    except Invalid:
        return None, ""
    except Conflict as conflict:
        return None, conflict.message


@post("/payments/refund", guards=WRITERS, status_code=HTTPStatus.OK)
async def refund(request: HTMXRequest) -> Answer:
    """Give it back, once for a form; above what there is, say so in place."""
    (book, facts, named), sent = await _whose(request), await texts(request)
    intent = intent_of(sent)
    boxes = {name: sent.get(name, "").strip() for name in REFUND_BOXES}
    show = partial(_refund_page, request, book, facts, named, boxes)
    if not intent.saves:
        return await show(verb=intent.verb)
    try:
        form = _new_refund(book, facts, named, boxes)
        now = books_now(request)
        await done_once(request, partial(refunds.refund, book.actor, book.cloud, form, now=now))
    except Invalid as invalid:
        return await show(errors=invalid.fields)
    except Conflict as conflict:
        return await show(refused=conflict.message)
    told = _("The refund %(reference)s is recorded.") % {"reference": form.reference}
    return redirect(request, book.at("payments", "refunds"), told)


def _new_refund(
    book: BookScope, facts: CustomerFacts, named: Payment | None, boxes: Mapping[str, str]
) -> NewRefund | NewCloudRefund:
    values = {
        **boxes,
        book.field: facts.name,
        "payment": "" if named is None else str(named.id),
    }
    if book.is_platform:
        return parse_texts(NewCloudRefund, values)
    return parse_texts(NewRefund, values)


@get("/payments/credit", guards=WRITERS)
async def ask_credit_on(request: HTMXRequest) -> Answer:
    """Ask before a customer's whole credit goes on what is open."""
    book, facts, _payment = await _whose(request)
    back, locale = book.account(facts.name), person_of(request).locale
    moved = await previews.applied(book.actor, book.cloud, facts.name)
    if not moved.invoices:
        told = Toast(_("There is no credit, or nothing open to put it on."), "info")
        return redirect(request, back, told)
    told_words = told_of(moved, locale)
    assert told_words is not None, "something is moved"
    on = [(number, amount) for number, amount, _left in told_words.invoices]
    return confirm(
        request,
        title=_("Put credit on invoices"),
        crumbs=book.crumbs((_("Statement of account"), back)),
        question=_("Put the credit of %(name)s on what is open?") % {"name": facts.label},
        facts=[*on[:CREDIT_SHOWN], *told_words.facts],
        action=book.at("payments", "credit", customer=facts.name),
        submit=_("Put on invoices"),
        cancel=back,
    )


@post("/payments/credit", guards=WRITERS, status_code=HTTPStatus.OK)
async def credit_on(request: HTMXRequest) -> Answer:
    """Put it there; a second time there is none left."""
    book, facts, _payment = await _whose(request)
    form = ApplyCreditForm()
    await claims.apply_credit(
        book.actor, book.cloud, facts.name if book.is_platform else int(facts.name), form
    )
    told = _("The credit of %(name)s is on what is open.") % {"name": facts.label}
    return redirect(request, book.account(facts.name), told)


GIVING_BACK: Final = (ask_return, return_payment, ask_refund, refund, ask_credit_on, credit_on)
