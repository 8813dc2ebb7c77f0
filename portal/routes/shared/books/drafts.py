"""The draft of a month: made anew, looked at, and its documents with their lines and reasons."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Permission, can
from portal.billing.period import Period, has_ended, month_at, parse_month
from portal.books.actions import drafts as actions
from portal.books.forms.draft import FineForm
from portal.books.queries.drafts import kept, lists, reasons
from portal.books.queries.drafts.lists import DraftRow
from portal.errors import Conflict, Invalid, NotFound, no_such
from portal.kit.forms.form import parse_texts
from portal.routes.accounts.auth import Answer
from portal.routes.format import month as month_name
from portal.routes.guards import person_of, requires
from portal.routes.list_files import list_file
from portal.routes.listing import Column, Listing, in_currency, read_listing
from portal.routes.middleware.now import books_now
from portal.routes.middleware.sent import texts
from portal.routes.page import Toast, page, redirect
from portal.routes.reading import get
from portal.routes.shared import months
from portal.routes.shared.books.lines import row_of
from portal.routes.shared.cloud_scope import CloudScope
from portal.usage.queries import months as data
from portal.values.numbers import number_in
from portal.words import _

READERS: Final = [requires(Permission.INVOICES_READ)]
CLOSERS: Final = [requires(Permission.PERIODS_CLOSE)]
ROWS: Final = 50
COLUMNS: Final = (
    Column(_("Customer"), "name", of="name"),
    Column(_("Number"), "number", of="number", kind="number", wide=True),
    Column(_("Cameras"), of="cameras", kind="number", wide=True, fact=True),
    Column(_("Charges"), of="subtotal", kind="money", only_file=True),
    Column(_("Discount"), of="discount", kind="money", only_file=True),
    Column(_("Before tax"), of="taxable", kind="money", only_file=True),
    Column(_("Tax"), of="tax", kind="money", only_file=True),
    Column(_("Last month"), "last", of="last", kind="money", wide=True),
    Column(_("Difference"), "difference", of="difference", kind="money", wide=True),
    Column(_("Draft"), "total", of="total", kind="money"),
)
MONEY: Final = (
    Column(_("Cost"), of="cost", kind="money", only_file=True),
    Column(_("Commissions"), of="commission", kind="money", only_file=True),
    Column(_("Margin"), of="margin", kind="money", wide=True),
)


async def _month(request: HTMXRequest, month: str) -> tuple[CloudScope, Period]:
    """The cloud of the page, and a month of it that has begun and has data."""
    try:
        period = parse_month(month)
    except Invalid:
        raise no_such(_("month"), month) from None
    scope = await CloudScope.of(request)
    await kept.check(scope.actor, scope.cloud, period, now=books_now(request))
    return scope, period


@post("/periods/{month:str}/draft", guards=CLOSERS, status_code=HTTPStatus.OK)
async def make_anew(request: HTMXRequest, month: FromPath[str]) -> Answer:
    """Have the draft made anew."""
    scope, period = await _month(request, month)
    told = Toast(_("The draft is being made anew. Load the page again in a moment."), "info")
    try:
        await actions.make_anew(
            scope.actor, scope.cloud, period, now=books_now(request), queue=request.app.state.queue
        )
    except (Conflict, NotFound) as refused:
        told = Toast(refused.message, "error")
    return redirect(request, scope.at("periods", period.key), told)


@post("/periods/{month:str}/surprises/{key:str}/fine", guards=CLOSERS, status_code=HTTPStatus.OK)
async def find_fine(request: HTMXRequest, month: FromPath[str], key: FromPath[str]) -> Answer:
    """Find a surprise fine; the focus goes to the one after it."""
    scope, period = await _month(request, month)
    sent = await texts(request)
    form = parse_texts(FineForm, {"note": sent.get("note", "")})
    try:
        row = await actions.find_fine(scope.actor, scope.cloud, period, key, note=form.note)
    except NotFound:  # the draft was made anew without it while somebody looked
        gone = Toast(_("The draft has changed: this surprise is not in it any more."), "info")
        return redirect(request, f"{scope.at('periods', period.key)}#check", gone)
    following = sent.get("next", "")
    at = following if following.isalnum() else ""
    path = scope.at("periods", period.key, at=at or None, show=row.rule)
    return redirect(
        request,
        f"{path}#surprise-{at}" if at else f"{path}#check",
        _("%(name)s is fine.") % {"name": row.name},
    )


@get("/periods/{month:str}/draft", guards=READERS)
async def documents(request: HTMXRequest, month: FromPath[str]) -> Response[str] | Stream:
    """Every subscriber's document as the close would issue it, beside the month before."""
    scope, period = await _month(request, month)
    sees_cost = can(scope.actor, Permission.MARGINS_READ)
    columns = in_currency(
        (*COLUMNS[:-1], *(MONEY if sees_cost else ()), COLUMNS[-1]), scope.cloud.currency
    )
    listing = read_listing(
        scope.at("periods", period.key, "draft"),
        request.query_params,
        columns,
        size=ROWS,
        filters=("q",),
        default_sort="name",
    )

    async def read(part: Listing) -> lists.Listed:
        return await lists.listed(
            scope.actor,
            scope.cloud,
            period,
            text=part.filters.get("q") or None,
            sort=part.sort,
            offset=part.offset,
            limit=part.size,
        )

    async def more(part: Listing) -> Sequence[DraftRow]:
        return (await read(part)).rows

    found = await read(listing)
    rows, listing = found.rows, listing.found(found.total)
    if listing.file:
        return await list_file(
            request,
            "draft-invoices",
            columns,
            rows,
            listing,
            more=more,
            cloud=scope.cloud.slug,
            period=period.key,
        )
    return page(
        request,
        "shared/books/drafts.html",
        block="rows",
        scope=scope,
        columns=columns,
        rows=rows,
        listing=listing,
        key=period.key,
        line=await _line_of(request, scope, period),
        month=month_name(period.start, person_of(request).locale),
        currency=scope.cloud.currency,
        ended=has_ended(period, books_now(request), scope.cloud.timezone),
    )


async def _line_of(request: HTMXRequest, scope: CloudScope, period: Period) -> months.PeriodLine:
    """The month of the list and its neighbours."""
    month = month_at(period, books_now(request), scope.cloud.timezone)
    since = await data.first(scope.actor, scope.cloud)
    chosen = months.Chosen(month.period, month.today, since)

    def at(other: Period) -> str:
        return scope.at("periods", other.key, "draft")

    return months.period_line(request, chosen, person_of(request).locale, "", at)


@get("/periods/{month:str}/draft/{number:str}", guards=READERS)
async def document(
    request: HTMXRequest, month: FromPath[str], number: FromPath[str]
) -> Response[str]:
    """A subscriber's document in the draft."""
    scope, period = await _month(request, month)
    found = await _invoice(scope, period, number)
    return page(
        request,
        "shared/books/draft.html",
        scope=scope,
        invoice=found,
        lines=list(enumerate(found.lines)),
        key=period.key,
        own=period.start,
        sees_cost=can(scope.actor, Permission.MARGINS_READ),
    )


async def _invoice(scope: CloudScope, period: Period, number: str) -> kept.DraftInvoice:
    wanted = number_in(number)
    if wanted is None:
        raise no_such(_("subscriber"), number)
    return await kept.invoice(scope.actor, scope.cloud, period, wanted)


@get("/periods/{month:str}/draft/{number:str}/lines/{line:str}", guards=READERS)
async def line(
    request: HTMXRequest, month: FromPath[str], number: FromPath[str], line: FromPath[str]
) -> Response[str]:
    """What a line of a draft is made of, camera by camera, with the reason of each amount."""
    scope, period = await _month(request, month)
    found = await _invoice(scope, period, number)
    position = 0 if line == "0" else number_in(line)
    if position is None or position >= len(found.lines):
        raise no_such(_("line"), line)
    sold = await reasons.sold_on(scope.actor, scope.cloud, period, found.subscriber or 0, position)
    if sold is None:
        raise no_such(_("line"), line)
    after = number_in(request.query_params.get("after", "")) or 0
    rows, further = await reasons.of_line(
        scope.actor,
        scope.cloud,
        period,
        found.subscriber or 0,
        sold,
        now=books_now(request),
        after=after,
    )
    path = scope.at("periods", period.key, "draft", found.subscriber, "lines", position)
    return page(
        request,
        "shared/books/draft_line.html",
        scope=scope,
        invoice=found,
        line=found.lines[position],
        rows=[row_of(one, scope.camera, person_of(request).locale) for one in rows],
        sum=sum(one.amount for one in rows),
        whole=further is None and not after,
        further="" if further is None else f"{path}?after={further}",
        key=period.key,
        own=period.start,
    )


DRAFTS: Final = (make_anew, find_fine, documents, document, line)
