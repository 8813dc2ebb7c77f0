"""What came in: the list of a book's payments, and the form that records one; and refunds."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Permission
from portal.billing.balance import State
from portal.billing.money import CURRENCIES
from portal.billing.numbering import number_of
from portal.billing.period import Period, parse_month
from portal.billing.rating import Side
from portal.books.actions.money import payments as actions
from portal.books.forms.payments import NewCloudPayment, NewPayment
from portal.books.queries import invoices
from portal.books.queries.money import payment_lists as lists
from portal.books.queries.money.payment_lists import Wanted
from portal.errors import Conflict, Invalid
from portal.kit.forms.form import parse_texts
from portal.routes.accounts.auth import Answer
from portal.routes.format import month, number
from portal.routes.guards import person_of, requires
from portal.routes.list_files import read_page
from portal.routes.listing import Column, Listing, read_listing
from portal.routes.middleware.now import books_now
from portal.routes.middleware.sent import texts
from portal.routes.page import Toast, page, redirect
from portal.routes.reading import get
from portal.routes.shared.currencies import lines_of
from portal.routes.shared.money.book import BookScope
from portal.routes.shared.money.words import METHOD, METHODS
from portal.routes.shared.subscribers.figures import Card
from portal.values.amounts import money
from portal.values.states import state_word
from portal.words import _, ngettext

READERS: Final = [requires(Permission.PAYMENTS_READ)]
WRITERS: Final = [requires(Permission.PAYMENTS_WRITE)]
FIELDS: Final = ("invoice", "amount", "currency", "paid_on", "method", "reference")


def _columns(book: BookScope) -> tuple[Column, ...]:
    return (
        Column(_("Reference"), "reference", of="reference"),
        Column(_("Paid on"), "paid_on", of="paid_on", kind="day", wide=True, fact=True),
        Column(book.whose, of="name", wide=True, fact=True),
        Column(_("Number"), of="customer", only_file=True),
        Column(_("Paid by"), of="method", wide=True, says=lambda row: METHOD[row.method]),
        Column(_("State"), of="state", kind="state", wide=True, fact=True),
        Column(_("Not on an invoice"), of="unallocated", kind="money", wide=True),
        Column(_("Amount"), "amount", of="amount", kind="money"),
    )


def _refund_columns(book: BookScope) -> tuple[Column, ...]:
    return (
        Column(_("Reference"), "reference", of="reference"),
        Column(_("Refunded on"), "refunded_on", of="refunded_on", kind="day", wide=True, fact=True),
        Column(book.whose, of="name", wide=True, fact=True),
        Column(_("Number"), of="customer", only_file=True),
        Column(_("Paid by"), of="method", wide=True, says=lambda row: METHOD[row.method]),
        Column(_("Reason"), of="reason", wide=True),
        Column(_("Amount"), "amount", of="amount", kind="money"),
    )


@get("/payments", guards=READERS)
async def payments(request: HTMXRequest) -> Response[str] | Stream:
    """The latest first, with the form that records one for those who may."""
    return await payments_page(request, await BookScope.of(request), _asked(request))


def _asked(request: HTMXRequest) -> dict[str, str]:
    """What an invoice's page asks to be recorded: its number."""
    number = request.query_params.get("invoice", "")[:40]
    return {"invoice": number} if number else {}


async def payments_page(
    request: HTMXRequest,
    book: BookScope,
    values: Mapping[str, str],
    wrong: Invalid | None = None,
) -> Response[str] | Stream:
    """The page, with what was typed, and what is wrong with it."""
    errors = wrong.fields if wrong is not None else {}
    columns = _columns(book)
    listing = read_listing(
        book.at("payments"),
        request.query_params,
        columns,
        filters=("q", "state", "month", "customer"),
        default_sort="-paid_on",
    )
    wanted = _wanted(listing.filters)

    async def read(part: Listing) -> lists.PaymentPage:
        return await lists.list_for_page(
            *(book.actor, book.cloud, wanted),
            sort=part.sort,
            offset=part.offset,
            limit=part.size,
            counted=part.counted,
        )

    found, listing, file = await read_page(
        request, "payments", columns, listing, read, cloud=book.slug
    )
    if file is not None:
        return file
    today = book.today(books_now(request))
    waiting = await lists.count_waiting(book.actor, book.cloud)
    return page(
        request,
        "shared/money/payments.html",
        block="rows",
        tab_rows=book.tab_rows("payments", waiting.lines),
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        book=book,
        columns=columns,
        rows=found.rows,
        listing=listing,
        cards=await _cards(request, book, waiting),
        states=[(one, state_word(one)) for one in lists.STATES],
        methods=METHODS,
        currencies=[(one, one) for one in sorted(CURRENCIES)],
        example=number_of(book.prefix, today.year, 1),
        choice=await book.choice(wrong) if book.may_write else None,
        begun=bool(values),
        values={"paid_on": today.isoformat(), "method": "bank", **values},
        errors=errors,
    )


def _wanted(filters: Mapping[str, str]) -> Wanted:
    """What an address asks for; a word that means nothing narrows nothing."""
    state, key = filters["state"], filters["month"]
    month_of = parse_month(key, "month") if key else None
    return Wanted(
        state=state if state in lists.STATES else None,
        text=filters["q"],
        customer=filters["customer"],
        first=None if month_of is None else month_of.start,
        last=None if month_of is None else month_of.last,
    )


async def _cards(request: HTMXRequest, book: BookScope, waiting: lists.Waiting) -> list[Card]:
    """What came in this month, what is owed, and what waits for somebody to say whose it is."""
    locale, now = person_of(request).locale, books_now(request)
    period = Period.of(book.today(now))
    came = await lists.sum_received(book.actor, book.cloud, period.start, period.last)
    side: Side = "wholesale" if book.is_platform else "retail"
    sums = await invoices.list_for_portal(
        book.actor, side, invoices.Filters(cloud=book.slug or None), now=now, limit=1
    )
    owed = dict(sums.states)
    count = sum(one.count for one in came)
    told = ngettext("%(count)s payment", "%(count)s payments", count)
    cards = [
        Card(
            _("Came in"),
            lines_of(money(one.amount, one.currency, locale) for one in came),
            month(period.start, locale),
            told % {"count": number(count, locale)},
            book.at("payments", month=period.key),
        )
    ]
    for state, label in ((State.OPEN, _("Open")), (State.OVERDUE, _("Overdue"))):
        of = owed.get(state, ())
        told = ngettext("%(count)s invoice", "%(count)s invoices", sum(one.count for one in of))
        cards.append(
            Card(
                label,
                lines_of(money(one.left, one.currency, locale) for one in of),
                "",
                told % {"count": number(sum(one.count for one in of), locale)},
                book.at("invoices", state=str(state)),
            )
        )
    cards.append(
        Card(
            _("Of nobody yet"),
            number(waiting.payments, locale),
            "",
            _("Payments that wait for a customer"),
            book.at("payments", state="unidentified"),
        )
    )
    return cards


@post("/payments", guards=WRITERS, status_code=HTTPStatus.OK)
async def record_payment(request: HTMXRequest) -> Answer | Stream:
    """Record one. Its reference is in the books once: sent again it is the same payment."""
    book, sent = await BookScope.of(request), await texts(request)
    values = {name: sent.get(name, "").strip() for name in (*FIELDS, book.field)}
    path = book.at("payments")
    try:
        form = _new_payment(book, {**values, book.field: await book.chosen(values[book.field])})
        made, before = await actions.receive(book.actor, book.cloud, form, now=books_now(request))
    except Invalid as invalid:
        return await payments_page(request, book, values, invalid)
    except Conflict as conflict:
        return redirect(request, path, Toast(conflict.message, "error"))
    facts = {
        "amount": money(made.amount, made.currency, person_of(request).locale),
        "reference": made.reference,
    }
    if before:
        return redirect(request, path, _("%(reference)s is recorded already.") % facts)
    return redirect(request, path, _("%(amount)s is recorded: %(reference)s.") % facts)


def _new_payment(book: BookScope, values: Mapping[str, str]) -> NewPayment | NewCloudPayment:
    if book.is_platform:
        return parse_texts(NewCloudPayment, values)
    own = {name: text for name, text in values.items() if name != "currency"}
    return parse_texts(NewPayment, own)


@get("/payments/refunds", guards=READERS)
async def refunds(request: HTMXRequest) -> Response[str] | Stream:
    """What was given back, the latest first."""
    book = await BookScope.of(request)
    columns = _refund_columns(book)
    listing = read_listing(
        book.at("payments", "refunds"),
        request.query_params,
        columns,
        filters=("q",),
        default_sort="-refunded_on",
    )

    async def read(part: Listing) -> lists.RefundPage:
        return await lists.list_refunds(
            *(book.actor, book.cloud),
            text=part.filters["q"],
            sort=part.sort,
            offset=part.offset,
            limit=part.size,
            counted=part.counted,
        )

    found, listing, file = await read_page(
        request, "refunds", columns, listing, read, cloud=book.slug
    )
    if file is not None:
        return file
    return page(
        request,
        "shared/money/refunds.html",
        block="rows",
        tab_rows=book.tab_rows("payments/refunds"),
        book=book,
        columns=columns,
        rows=found.rows,
        listing=listing,
    )


PAYMENTS: Final = (payments, record_payment, refunds)
