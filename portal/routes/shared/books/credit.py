"""Crediting an invoice: what of it, why, and the note before it is made."""

from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest

from portal.access import Actor, Permission, shows
from portal.billing.money import format_minor
from portal.books.actions.money import credit_notes
from portal.books.forms.payments import CreditBoxes, CreditForm
from portal.books.queries.invoices import Invoice
from portal.books.queries.money import crediting
from portal.books.queries.money.crediting import Preview
from portal.errors import Conflict, Invalid
from portal.kit.forms.form import parse_typed
from portal.kit.forms.nested import intent_of
from portal.routes.accounts.auth import Answer
from portal.routes.guards import person_of, requires
from portal.routes.middleware.now import books_now
from portal.routes.middleware.sent import texts
from portal.routes.page import Toast, page, redirect
from portal.routes.reading import get
from portal.routes.shared.books.claims import claim_of, crumbs_to
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.sending import made_once
from portal.values.amounts import currency_sign, money
from portal.words import _

CREDITORS: Final = [requires(Permission.CREDITS_WRITE)]
TICKED: Final = "line-"
"""A box "line-3" with the value "3" is ticked for the fourth line."""


@get("/invoices/{number:str}/credit", guards=CREDITORS)
async def ask_credit(request: HTMXRequest, number: FromPath[str]) -> Answer:
    """The form, for all that is left."""
    scope, invoice = await claim_of(request, number)
    if invoice.total <= invoice.credited:
        told = Toast(_("There is nothing left to credit."), "error")
        return redirect(request, scope.at("invoices", number), told)
    return await _credit_page(request, scope, invoice, {"what": "all"})


@post("/invoices/{number:str}/credit", guards=CREDITORS, status_code=HTTPStatus.OK)
async def credit(request: HTMXRequest, number: FromPath[str]) -> Answer:
    """Issue the note, once for a form; or say what it would be, and in place what is too much."""
    (scope, invoice), sent = await claim_of(request, number), await texts(request)
    intent = intent_of(sent)
    if not intent.saves:
        return await _credit_page(request, scope, invoice, sent, verb=intent.verb)
    back = scope.at("invoices", number)
    try:
        make = partial(
            credit_notes.credit,
            scope.actor,
            scope.cloud,
            number,
            _boxes(sent).asked(_left(invoice)),
            now=books_now(request),
            queue=request.app.state.queue,
        )
        made, _cloud = await made_once(request, make, back)
    except Invalid as invalid:
        errors = {path.partition("[")[0]: told for path, told in invalid.fields.items()}
        return await _credit_page(request, scope, invoice, sent, errors=errors)
    except Conflict as conflict:
        return await _credit_page(request, scope, invoice, sent, refused=conflict.message)
    told = _("%(number)s is credited with %(note)s.") % {"number": number, "note": made}
    return redirect(request, scope.at("invoices", made), told)


def _left(invoice: Invoice) -> str:
    """All that is left to credit, as text."""
    return format_minor(invoice.total - invoice.credited, invoice.currency)


def _boxes(sent: Mapping[str, str]) -> CreditBoxes:
    boxes = {name: sent.get(name, "").strip() for name in ("what", "amount", "reason")}
    values: dict[str, object] = {name: text for name, text in boxes.items() if text}
    ticked = [text for name, text in sent.items() if name.startswith(TICKED)]
    return parse_typed(CreditBoxes, {**values, "lines": ticked} if ticked else values)


async def _preview(
    scope: CloudScope, invoice: Invoice, sent: Mapping[str, str]
) -> tuple[Preview | None, str]:
    """The note that the boxes ask for, else None and what stands in its way, as far as one can."""
    try:
        form: CreditForm = _boxes({**sent, "reason": "-"}).asked(_left(invoice))
        of = scope.actor, scope.cloud, invoice
        return await crediting.preview(*of, lines=form.lines, amount=form.amount), ""
    except Invalid:
        return None, ""
    except Conflict as conflict:
        return None, conflict.message


async def _credit_page(
    request: HTMXRequest,
    scope: CloudScope,
    invoice: Invoice,
    sent: Mapping[str, str],
    *,
    errors: Mapping[str, str] | None = None,
    refused: str = "",
    verb: str = "",
) -> Response[str]:
    locale = person_of(request).locale
    preview, told = await _preview(scope, invoice, sent)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    back = scope.at("invoices", invoice.number)
    return page(
        request,
        "shared/books/credit.html",
        block="computed" if verb == "recalculate" else "form",
        status=HTTPStatus.CONFLICT if refused else status,
        action=f"{back}/credit",
        cancel=back,
        crumbs=crumbs_to(scope, invoice),
        invoice=invoice,
        lines=list(enumerate(invoice.lines)),
        credited=await crediting.credited_lines(scope.actor, scope.cloud, invoice),
        left=money(invoice.total - invoice.credited, invoice.currency, locale),
        sign=currency_sign(invoice.currency, locale),
        preview=_facts(scope.actor, preview, invoice.currency, locale) if preview else [],
        sentence=_sentence(preview, invoice.currency, locale),
        refused=refused or told,
        values=sent,
        errors=errors or {},
    )


def _sentence(preview: Preview | None, currency: str, locale: str) -> str:
    if preview is None:
        return ""
    facts = {"gross": money(preview.gross, currency, locale)}
    return _("The note comes to %(gross)s with tax.") % facts


def _facts(actor: Actor, preview: Preview, currency: str, locale: str) -> list[tuple[str, str]]:
    """What the note says, and what it changes beside."""
    every = [
        (_("Before tax"), preview.net, True),
        (_("Tax"), preview.tax, True),
        (_("With tax"), preview.gross, True),
        (_("Commissions"), preview.commission, True),
        *([(_("Margin"), preview.margin, True)] if shows(actor, "sales", "margin") else []),
        (_("To the credit balance"), preview.freed, False),
        (_("Of what was written off"), preview.recovered, False),
    ]
    return [
        (label, money(sum_, currency, locale)) for label, sum_, always in every if always or sum_
    ]


CREDITS: Final = (ask_credit, credit)
