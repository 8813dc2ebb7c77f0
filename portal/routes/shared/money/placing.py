"""Putting money on invoices: of a payment that is somebody's, or of one that is nobody's yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from litestar import Response, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest

from portal.books.actions.money import payments as actions
from portal.books.forms.payments import AllocateCloudForm, AllocateForm
from portal.books.queries.money import previews
from portal.books.queries.money.payments import Payment
from portal.books.queries.money.previews import CustomerFacts, Moved
from portal.errors import Conflict, Invalid, NotFound
from portal.kit.forms.nested import (
    changed_rows,
    count_rows,
    flat,
    intent_of,
    nested,
    parse_nested,
)
from portal.routes.accounts.auth import Answer
from portal.routes.guards import person_of
from portal.routes.middleware.now import books_now
from portal.routes.middleware.sent import texts
from portal.routes.page import Toast, page, redirect
from portal.routes.reading import get
from portal.routes.shared.money.book import BookScope
from portal.routes.shared.money.payment import customer_of, payment_of
from portal.routes.shared.money.payments import WRITERS
from portal.routes.shared.money.words import amount_of, told_of
from portal.routes.shared.sending import done_once
from portal.values.amounts import currency_sign, money
from portal.words import _

ROWS: Final = "allocations"
OPEN_MAX: Final = 50
"""Open invoices that the form lists; others are typed."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the boxes say: whose money it is, and amounts on invoices, each with its row.

    A row of an invoice that is only offered, without an amount, asks for nothing.
    """

    customer: str
    rows: Sequence[tuple[int, str, str]]

    @classmethod
    def of(cls, sent: Mapping[str, str], field: str) -> "Asked":
        """Of boxes; `field` is the one that names a customer."""
        found = nested(sent).get(ROWS, [])
        rows = []
        for place, row in enumerate(found if isinstance(found, list) else []):
            texts_of = row if isinstance(row, dict) else {}
            number, amount = (str(texts_of.get(one, "")).strip() for one in ("invoice", "amount"))
            if amount or (number and not texts_of.get("offered")):
                rows.append((place, number, amount))
        return cls(sent.get(field, "").strip(), rows)

    def values(self, field: str, owner: str) -> dict[str, Any]:
        """The form as nested texts; without rows it is the whole credit of the customer."""
        if self.rows:
            return {ROWS: [{"invoice": one, "amount": text} for _at, one, text in self.rows]}
        return {field: self.customer or owner}

    def boxes(self, fields: Mapping[str, str]) -> dict[str, str]:
        """Messages by the boxes that are on the page."""
        found = {}
        for path, told in fields.items():
            at, _bracket, rest = path.partition("[")
            number, _bracket, name = rest.partition("]")
            if at == ROWS and number.isdigit() and int(number) < len(self.rows):
                box = name.removeprefix(".") or "amount"
                found[f"{ROWS}-{self.rows[int(number)][0]}-{box}"] = told
            else:
                found[path] = told
        return found


def boxes_of(facts: CustomerFacts | None, suggestions: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The rows to begin with: suggestions, with amounts as boxes have them, then what is open."""
    rows = list(suggestions)
    named = {number for number, _amount in rows}
    rows += [
        (one.number, "")
        for one in (facts.invoices[:OPEN_MAX] if facts else ())
        if one.number not in named
    ]
    found = {}
    for place, (number, amount) in enumerate(rows or [("", "")]):
        found[f"{ROWS}-{place}-invoice"] = number
        found[f"{ROWS}-{place}-amount"] = amount
        if number:
            found[f"{ROWS}-{place}-offered"] = "on"
    return found


def again(sent: Mapping[str, str]) -> dict[str, str]:
    """What was sent, with the row that its button adds or takes away."""
    values = changed_rows(nested(sent), intent_of(sent), {"invoice": "", "amount": ""})
    return flat(values)


async def preview_of(
    book: BookScope, payment: Payment, asked: Asked, owner: str
) -> tuple[Moved | None, str]:
    """What it does, else None and what stands in its way, as far as one can say."""
    try:
        wanted = [
            (number, amount_of(amount, payment.currency, ROWS), ROWS)
            for _place, number, amount in asked.rows
        ]
        customer = await book.chosen(asked.customer) or owner
        if not customer and wanted:
            numbers = [number for number, _amount, _at in wanted]
            customer = await previews.owner_of(book.actor, book.cloud, numbers)
        if not customer:
            return None, ""
        of = book.actor, book.cloud, payment.id, customer
        return await previews.allocated(*of, wanted), ""
    except NotFound as problem:
        return None, problem.message
    except Invalid as invalid:
        return None, next(iter(invalid.fields.values()), "")


def form_of(book: BookScope, values: Mapping[str, Any]) -> AllocateForm | AllocateCloudForm:
    """What the action takes. Raises `Invalid` by path."""
    if book.is_platform:
        return parse_nested(AllocateCloudForm, values)
    return parse_nested(AllocateForm, values)


@get("/payments/{payment:int}/place", guards=WRITERS)
async def ask_place(request: HTMXRequest, payment: FromPath[int]) -> Answer:
    """The form, with the open invoices of whose it is."""
    book, found = await payment_of(request, payment)
    back = book.at("payments", payment)
    if found.state == "returned":
        return redirect(request, back, Toast(_("The bank took this payment back."), "info"))
    if not found.unallocated:
        return redirect(request, back, Toast(_("All of it is on invoices."), "info"))
    owner = customer_of(book, found)
    facts = await previews.customer_facts(book.actor, book.cloud, owner) if owner else None
    return await _place_page(request, book, found, boxes_of(facts, ()))


async def _place_page(
    request: HTMXRequest,
    book: BookScope,
    found: Payment,
    values: Mapping[str, str],
    *,
    errors: Mapping[str, str] | None = None,
    wrong: Invalid | None = None,
    refused: str = "",
    verb: str = "",
) -> Response[str]:
    locale, owner = person_of(request).locale, customer_of(book, found)
    facts = await previews.customer_facts(book.actor, book.cloud, owner) if owner else None
    moved, told = await preview_of(book, found, Asked.of(values, book.field), owner)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    back = book.at("payments", found.id)
    return page(
        request,
        "shared/money/place.html",
        block="computed" if verb == "recalculate" else "form",
        status=HTTPStatus.CONFLICT if refused else status,
        book=book,
        payment=found,
        customer=facts,
        lefts={
            one.number: money(one.left, found.currency, locale)
            for one in (facts.invoices if facts else ())
        },
        choice=await book.choice(wrong),
        rows=range(count_of(values)),
        crumbs=book.crumbs((found.reference, back)),
        action=f"{back}/place",
        cancel=back,
        sign=currency_sign(found.currency, locale),
        told=told_of(moved, locale),
        refused=refused or told,
        values=values,
        errors=errors or {},
    )


def count_of(values: Mapping[str, str]) -> int:
    """How many rows the boxes have."""
    return count_rows(values, ROWS)


@post("/payments/{payment:int}/place", guards=WRITERS, status_code=HTTPStatus.OK)
async def place(request: HTMXRequest, payment: FromPath[int]) -> Answer:
    """Put it there, once for a form; or show what it does."""
    (book, found), sent = await payment_of(request, payment), await texts(request)
    intent, boxes = intent_of(sent), again(sent)
    show = partial(_place_page, request, book, found, boxes)
    if not intent.saves:
        return await show(verb=intent.verb)
    asked = Asked.of(boxes, book.field)
    try:
        asked = replace(asked, customer=await book.chosen(asked.customer))
        values = asked.values(book.field, customer_of(book, found))
        form = form_of(book, values)
        now = books_now(request)
        act = partial(actions.allocate, book.actor, book.cloud, payment, form, now=now)
        await done_once(request, act)
    except Invalid as invalid:
        return await show(errors=asked.boxes(invalid.fields), wrong=invalid)
    except Conflict as conflict:
        return await show(refused=conflict.message)
    told = _("%(reference)s is put on invoices.") % {"reference": found.reference}
    return redirect(request, book.at("payments", payment), told)


PLACING: Final = (ask_place, place)
