"""What subscribers owe: receivables by age on a day, and the statement of account of one."""

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Final

from litestar import Response
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Permission
from portal.billing.period import Period
from portal.books.forms.ledger import AsOf, Days
from portal.books.queries.money import receivables
from portal.books.queries.money.receivables import AccountLine, Aged
from portal.kit.forms.form import parse_texts
from portal.kit.queries import tenancy
from portal.routes.format import day
from portal.routes.guards import person_of, requires
from portal.routes.list_files import list_file
from portal.routes.listing import Column, Listing, read_listing
from portal.routes.middleware.now import books_now
from portal.routes.page import page
from portal.routes.reading import get
from portal.routes.shared.cloud_scope import Crumbs
from portal.routes.shared.currencies import lines_of
from portal.routes.shared.money.book import BookScope
from portal.routes.shared.money.words import OF_INVOICES, POSTED
from portal.routes.shared.subscribers.paths import crumbs_to, named
from portal.values.amounts import money
from portal.words import _

READERS: Final = [requires(Permission.PAYMENTS_READ)]


def _ages(book: BookScope) -> tuple[Column, ...]:
    return (
        Column(book.whose, "name", of="name"),
        Column(_("Number"), of="customer", only_file=True),
        Column(_("Not due"), "not_due", of="not_due", kind="money", wide=True),
        Column(_("1–30 days"), "d30", of="d30", kind="money", wide=True),
        Column(_("31–60 days"), "d60", of="d60", kind="money", wide=True),
        Column(_("61–90 days"), "d90", of="d90", kind="money", wide=True),
        Column(_("Over 90 days"), "over_90", of="over_90", kind="money", wide=True),
        Column(_("Credit"), "credit", of="credit", kind="money", wide=True),
        Column(_("Total"), "total", of="total", kind="money"),
    )


LINES: Final = (
    Column(_("Document"), of="document"),
    Column(_("Day"), of="day", kind="day", wide=True, fact=True),
    Column(_("Kind"), of="kind", wide=True, fact=True, says=lambda row: POSTED[row.kind]),
    Column(_("Amount"), of="amount", kind="money", wide=True, fact=True),
    Column(_("Balance"), of="balance", kind="money"),
)


@get("/payments/receivables", guards=READERS)
async def aged_page(request: HTMXRequest) -> Response[str] | Stream:
    """Who owes for how long as of a day, today's where none is named. Raises `Invalid`."""
    book, now = await BookScope.of(request), books_now(request)
    columns = _ages(book)
    listing = read_listing(
        book.at("payments", "receivables"), request.query_params, columns, filters=("as_of",)
    )
    as_of = parse_texts(AsOf, listing.filters).as_of or book.today(now)
    found = await receivables.sum_aged(book.actor, book.cloud, as_of, counted=listing.counted)
    listing = listing.found(found.total, is_more=found.is_more)

    async def read(part: Listing) -> Sequence[Aged]:
        of = book.actor, book.cloud
        if part.sort:
            return await receivables.list_sorted(
                *of, as_of=as_of, sort=part.sort, offset=part.offset, limit=part.size
            )
        rows, _after = await receivables.list_aged(
            *of, as_of=as_of, now=now, offset=part.offset, limit=part.size
        )
        return rows

    rows = await read(listing)
    if listing.file:
        name = f"receivables-{as_of}"
        return await list_file(request, name, columns, rows, listing, more=read, cloud=book.slug)
    locale = person_of(request).locale
    amounts = [
        lines_of(money(column.value(one), one.currency, locale) for one in found.sums)
        if column.kind == "money"
        else ""
        for column in columns
    ]
    return page(
        request,
        "shared/money/receivables.html",
        block="rows",
        book=book,
        tab_rows=book.tab_rows("payments/receivables"),
        columns=columns,
        rows=rows,
        totals=amounts,
        total_label=_("Total on %(day)s") % {"day": day(as_of, locale)},
        listing=listing,
    )


def days_asked(words: Listing, today: date) -> Days:
    """The days asked for; from a year before the month of the last one, up to today."""
    asked = parse_texts(Days, words.filters)
    last = asked.to or today
    return Days(from_=asked.from_ or Period.of(last).back(12).start, to=last)


@get("/subscribers/{number:str}/account", guards=READERS)
async def account_page(request: HTMXRequest, number: FromPath[str]) -> Response[str] | Stream:
    """The account of one, line by line with its running balance. Raises `Invalid`, `Conflict`."""
    scope, row = await named(request, number)
    book = await BookScope.of(request)
    return await _account(request, book, row.number, row.name, crumbs_to(scope, row))


@get("/payments/accounts/{customer:str}", guards=READERS)
async def account_of_cloud(request: HTMXRequest, customer: FromPath[str]) -> Response[str] | Stream:
    """The same of a cloud with the platform."""
    book = await BookScope.of(request)
    cloud = await tenancy.get(book.actor, customer)
    return await _account(request, book, cloud.slug, cloud.name, book.crumbs())


async def _account(
    request: HTMXRequest, book: BookScope, customer: int | str, name: str, crumbs: Crumbs
) -> Response[str] | Stream:
    listing = read_listing(
        book.account(str(customer)), request.query_params, LINES, filters=("from", "to")
    )
    days = days_asked(listing, book.today(books_now(request)))
    found = await receivables.get_statement(
        book.actor, book.cloud, customer, first=days.from_, last=days.to
    )
    found.check_whole()
    listing = listing.found(len(found.lines))
    if listing.file:
        file = f"account-{customer}"
        return await list_file(request, file, LINES, found.lines, listing, cloud=book.slug)
    closing = money(found.closing, found.currency, person_of(request).locale)
    return page(
        request,
        "shared/money/account.html",
        block="statement",
        book=book,
        customer=str(customer),
        name=name,
        crumbs=crumbs,
        columns=LINES,
        rows=listing.of_page(found.lines),
        totals=["", "", "", "", closing],
        found=found,
        days=days,
        listing=listing,
        document_path=partial(_document_path, book),
    )


def _document_path(book: BookScope, line: AccountLine) -> str:
    if line.kind in OF_INVOICES:
        return book.invoice(line.document) if line.document else ""
    return book.at("payments", q=line.document) if line.document else ""


OWED: Final = (aged_page, account_page)
OWED_OF_PLATFORM: Final = (aged_page, account_of_cloud)
