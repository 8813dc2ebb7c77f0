"""An invoice of which the money does not come: given up, or disputed until somebody ends it."""

from functools import partial
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from litestar import Response, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest

from portal.access import Actor, Permission, can, is_of_platform
from portal.books.actions.money import claims as actions
from portal.books.forms.payments import DisputeForm, SettleForm, WriteOffForm
from portal.books.queries import invoices
from portal.books.queries.invoices import Invoice
from portal.errors import Conflict, Forbidden, Invalid
from portal.kit.forms.form import parse_texts
from portal.routes.accounts.auth import Answer
from portal.routes.guards import person_of, requires
from portal.routes.middleware.now import books_now
from portal.routes.middleware.sent import texts
from portal.routes.page import Toast, redirect
from portal.routes.reading import get
from portal.routes.shared.cloud_scope import CloudScope, Crumbs
from portal.routes.shared.confirm import confirm
from portal.routes.shared.sending import done_once
from portal.values.amounts import currency_sign, money
from portal.words import _

WRITERS: Final = [requires(Permission.PAYMENTS_WRITE)]
TEMPLATE: Final = "shared/books/claim.html"


def may_change(actor: Actor, invoice: Invoice) -> bool:
    """Whether it is an invoice, and one of the actor's own book: the platform's are its own."""
    return invoice.type == "invoice" and (invoice.side == "retail" or is_of_platform(actor))


def claims_on(
    actor: Actor, invoice: Invoice, address: str, *, is_charged: bool = False
) -> list[tuple[str, str]]:
    """What may be done to an invoice: labels and addresses; `address` is that of all invoices.

    `is_charged` says that there is a card to charge.
    """
    if not address or not may_change(actor, invoice):
        return []
    at = f"{address}/{invoice.number}"
    found = []
    if can(actor, Permission.CREDITS_WRITE) and invoice.total > invoice.credited:
        found.append((_("Credit"), f"{at}/credit"))
    if can(actor, Permission.PAYMENTS_WRITE):
        if invoice.left and is_charged and not invoice.disputed:
            found.append((_("Charge card"), f"{at}/charge"))
        if invoice.left:
            found.append((_("Record a payment"), _recording(address, invoice)))
            found.append((_("Write off"), f"{at}/write-off"))
        label = _("End dispute") if invoice.disputed else _("Dispute")
        found.append((label, f"{at}/dispute"))
    return found


def _recording(address: str, invoice: Invoice) -> str:
    """The form for a payment of it: in a cloud's book, or for one of the platform's in its own."""
    base = address.removesuffix("/invoices") if invoice.side == "retail" else "/system"
    return f"{base}/payments?{urlencode({'invoice': invoice.number})}#new"


async def claim_of(request: HTMXRequest, number: str) -> tuple[CloudScope, Invoice]:
    """The invoice of a page. Raises `NotFound`, `Forbidden` for one of the platform's book."""
    scope = await CloudScope.of(request)
    found = await invoices.get(scope.actor, scope.cloud, number, now=books_now(request))
    if found.type != "invoice":
        raise Conflict(_("A credit note asks for no money."))
    if not may_change(scope.actor, found):
        raise Forbidden(_("What the platform issued, its own people change."))
    return scope, found


def crumbs_to(scope: CloudScope, invoice: Invoice) -> Crumbs:
    """The way back from a page below an invoice's."""
    back = scope.at("invoices", invoice.number)
    return (*scope.above, (_("Invoices"), scope.at("invoices")), (invoice.number, back))


@get("/invoices/{number:str}/write-off", guards=WRITERS)
async def ask_write_off(request: HTMXRequest, number: FromPath[str]) -> Answer:
    """Ask how much of it is given up, and why."""
    scope, invoice = await claim_of(request, number)
    if not invoice.left:
        told = Toast(_("There is nothing left of this invoice."), "error")
        return redirect(request, scope.at("invoices", number), told)
    return _write_off_page(request, scope, invoice, {}, {})


def _write_off_page(
    request: HTMXRequest,
    scope: CloudScope,
    invoice: Invoice,
    boxes: dict[str, str],
    errors: dict[str, str],
    *,
    refused: str = "",
) -> Response[str]:
    locale = person_of(request).locale
    back = scope.at("invoices", invoice.number)
    later = _("It lowers what is open. Money that comes in later is recovered.")
    return confirm(
        request,
        title=_("Write off %(number)s") % {"number": invoice.number},
        crumbs=crumbs_to(scope, invoice),
        question=_("Give up what is left of this invoice?"),
        facts=[
            (_("Customer"), invoice.name),
            (_("Total"), money(invoice.total, invoice.currency, locale)),
            (_("Open"), money(invoice.left, invoice.currency, locale)),
        ],
        warnings=[refused, later] if refused else [later],
        action=f"{back}/write-off",
        submit=_("Write off"),
        cancel=back,
        danger=True,
        errors=errors,
        template=TEMPLATE,
        boxes=boxes,
        sign=currency_sign(invoice.currency, locale),
        has_amount=True,
        amount_hint="",
        has_reason=True,
    )


@post("/invoices/{number:str}/write-off", guards=WRITERS, status_code=HTTPStatus.OK)
async def write_off(request: HTMXRequest, number: FromPath[str]) -> Answer:
    """Give it up, once for the form that was confirmed; above what is left, say so in place."""
    (scope, invoice), sent = await claim_of(request, number), await texts(request)
    boxes = {name: sent.get(name, "").strip() for name in ("amount", "reason")}
    try:
        form = parse_texts(WriteOffForm, boxes)
        act = partial(
            actions.write_off, scope.actor, scope.cloud, number, form, now=books_now(request)
        )
        await done_once(request, act)
    except Invalid as invalid:
        return _write_off_page(request, scope, invoice, boxes, dict(invalid.fields))
    except Conflict as conflict:
        answer = _write_off_page(request, scope, invoice, boxes, {}, refused=conflict.message)
        answer.status_code = HTTPStatus.CONFLICT
        return answer
    back = scope.at("invoices", number)
    return redirect(request, back, _("%(number)s is written off.") % {"number": number})


@get("/invoices/{number:str}/dispute", guards=WRITERS)
async def ask_dispute(request: HTMXRequest, number: FromPath[str]) -> Response[str]:
    """Ask why it is disputed, or why it is no longer."""
    scope, invoice = await claim_of(request, number)
    return _dispute_page(request, scope, invoice, {}, {}, ends=invoice.disputed)


def _dispute_page(
    request: HTMXRequest,
    scope: CloudScope,
    invoice: Invoice,
    boxes: dict[str, str],
    errors: dict[str, str],
    *,
    ends: bool,
) -> Response[str]:
    back = scope.at("invoices", invoice.number)
    title, question = _("Dispute %(number)s"), _("Mark this invoice as disputed?")
    told = _("It stays open and no money moves. The mark stays until the dispute is ended.")
    if ends:
        title, question = _("End dispute on %(number)s"), _("End the dispute on this invoice?")
        told = _("No money moves: credit the invoice or write it off where that was agreed.")
    return confirm(
        request,
        title=title % {"number": invoice.number},
        crumbs=crumbs_to(scope, invoice),
        question=question,
        facts=[
            (_("Customer"), invoice.name),
            (_("Open"), money(invoice.left, invoice.currency, person_of(request).locale)),
        ],
        lead=told,
        action=f"{back}/dispute",
        submit=_("End dispute") if ends else _("Dispute"),
        cancel=back,
        errors=errors,
        values={"ends": "on"} if ends else {},
        template=TEMPLATE,
        boxes=boxes,
        sign="",
        has_amount=False,
        amount_hint="",
        has_reason=not ends,
    )


@post("/invoices/{number:str}/dispute", guards=WRITERS, status_code=HTTPStatus.OK)
async def dispute(request: HTMXRequest, number: FromPath[str]) -> Answer:
    """Mark it, or with "ends=on" take the mark off; again changes nothing."""
    (scope, invoice), sent = await claim_of(request, number), await texts(request)
    ends, boxes = sent.get("ends") == "on", {"reason": sent.get("reason", "").strip()}
    given = scope.actor, scope.cloud, number
    try:
        if ends:
            form = parse_texts(SettleForm, boxes)
            await actions.settle(*given, form, now=books_now(request))
        else:
            why = parse_texts(DisputeForm, boxes)
            await actions.dispute(*given, why, now=books_now(request))
    except Invalid as invalid:
        return _dispute_page(request, scope, invoice, boxes, dict(invalid.fields), ends=ends)
    told = _("The dispute on %(number)s is ended.") if ends else _("%(number)s is disputed.")
    return redirect(request, scope.at("invoices", number), told % {"number": number})


CLAIMS: Final = (ask_write_off, write_off, ask_dispute, dispute)
