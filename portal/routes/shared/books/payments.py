"""What came in: the list of a cloud's payments, and the form that records one."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Permission, can
from portal.billing.numbering import number_of
from portal.billing.period import local_date
from portal.books.actions.money import payments as actions
from portal.books.forms.payments import NewPayment
from portal.books.queries.money import payment_lists as lists
from portal.books.queries.money.payment_lists import PaymentRow
from portal.errors import Conflict, Invalid
from portal.kit.forms.form import parse_texts
from portal.routes.accounts.auth import Answer
from portal.routes.format import money
from portal.routes.guards import person_of, requires
from portal.routes.list_files import list_file
from portal.routes.listing import Column, Listing, in_currency, read_listing
from portal.routes.middleware.now import books_now
from portal.routes.middleware.sent import texts
from portal.routes.page import Toast, page, redirect
from portal.routes.reading import get
from portal.routes.shared.cloud_scope import CloudScope
from portal.values.states import state_word
from portal.words import _

METHODS: Final = (
    ("bank", _("Bank transfer")),
    ("direct_debit", _("Direct debit")),
    ("card", _("Card")),
    ("cash", _("Cash")),
    ("other", _("Otherwise")),
)
_METHOD: Final = dict(METHODS)
FIELDS: Final = ("invoice", "subscriber", "amount", "paid_on", "method", "reference")
COLUMNS: Final = (
    Column(_("Paid on"), "paid_on", of="paid_on", kind="day"),
    Column(_("Subscriber"), of="name", wide=True, fact=True),
    Column(_("Reference"), "reference", of="reference", wide=True),
    Column(_("Paid by"), of="method", wide=True, says=lambda row: _METHOD[row.method]),
    Column(_("State"), of="state", kind="state", wide=True, fact=True),
    Column(_("Not on an invoice"), of="unallocated", kind="money", wide=True),
    Column(_("Amount"), "amount", of="amount", kind="money"),
)


def tabs_of(scope: CloudScope, here: str) -> list[tuple[str, str, bool, int]]:
    """What came in, and what is owed still, side by side."""
    pages = (("payments", _("Payments")), ("payments/receivables", _("Receivables by age")))
    return [(label, scope.at(name), name == here, 0) for name, label in pages]


@get("/payments", guards=[requires(Permission.PAYMENTS_READ)])
async def payments(request: HTMXRequest) -> Response[str] | Stream:
    """The latest first, with the form that records one for those who may."""
    return await payments_page(request, await CloudScope.of(request), {}, {})


async def payments_page(
    request: HTMXRequest,
    scope: CloudScope,
    values: Mapping[str, str],
    errors: Mapping[str, str],
) -> Response[str] | Stream:
    """The page, with what was typed."""
    listing = read_listing(
        scope.at("payments"),
        request.query_params,
        COLUMNS,
        filters=("state",),
        default_sort="-paid_on",
    )
    state = listing.filters["state"]

    async def read(part: Listing) -> lists.PaymentPage:
        return await lists.list_for_page(
            scope.actor,
            scope.cloud,
            state=state if state in lists.STATES else None,
            sort=part.sort,
            offset=part.offset,
            limit=part.size,
        )

    async def more(part: Listing) -> Sequence[PaymentRow]:
        return (await read(part)).rows

    found = await read(listing)
    listing = listing.found(found.total, is_more=found.is_more)
    columns = in_currency(COLUMNS, scope.cloud.currency)
    if listing.file:
        slug = scope.cloud.slug
        return await list_file(
            request, "payments", columns, found.rows, listing, more=more, cloud=slug
        )
    today = local_date(books_now(request), scope.zone)
    return page(
        request,
        "shared/books/payments.html",
        block="rows",
        tabs=tabs_of(scope, "payments"),
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        scope=scope,
        columns=columns,
        rows=found.rows,
        listing=listing,
        states=[(one, state_word(one)) for one in lists.STATES],
        methods=METHODS,
        example=number_of(scope.cloud.invoice_prefix, today.year, 1),
        values={"paid_on": today.isoformat(), "method": "bank", **values},
        errors=errors,
        may_write=can(scope.actor, Permission.PAYMENTS_WRITE),
    )


@post("/payments", guards=[requires(Permission.PAYMENTS_WRITE)], status_code=HTTPStatus.OK)
async def record_payment(request: HTMXRequest) -> Answer | Stream:
    """Record one. Its reference is in the books once: sent again it is the same payment."""
    scope, sent = await CloudScope.of(request), await texts(request)
    values = {name: sent.get(name, "").strip() for name in FIELDS}
    path = scope.at("payments")
    try:
        form = parse_texts(NewPayment, values)
        made, before = await actions.receive(scope.actor, scope.cloud, form, now=books_now(request))
    except Invalid as invalid:
        return await payments_page(request, scope, values, invalid.fields)
    except Conflict as conflict:
        return redirect(request, path, Toast(conflict.message, "error"))
    facts = {
        "amount": money(made.amount, made.currency, person_of(request).locale),
        "reference": made.reference,
    }
    if before:
        return redirect(request, path, _("%(reference)s is recorded already.") % facts)
    return redirect(request, path, _("%(amount)s is recorded: %(reference)s.") % facts)


PAYMENTS: Final = (payments, record_payment)
