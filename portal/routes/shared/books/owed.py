"""What subscribers owe: receivables by age on a day, and the statement of account of one."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from litestar import Response
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Permission
from portal.billing.ledger import Posted
from portal.billing.period import Period, local_date
from portal.books.forms.ledger import AsOf, Days
from portal.books.queries.money import receivables
from portal.books.queries.money.receivables import AccountLine, Aged
from portal.kit.forms.form import parse_texts
from portal.routes.format import day, money
from portal.routes.guards import person_of, requires
from portal.routes.list_files import list_file
from portal.routes.listing import Column, Listing, read_listing
from portal.routes.middleware.now import books_now
from portal.routes.page import page
from portal.routes.reading import get
from portal.routes.shared.books.payments import tabs_of
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.subscribers.paths import crumbs_to, invoice_path, named, page_path
from portal.words import _

READERS: Final = [requires(Permission.PAYMENTS_READ)]
AGES: Final = (
    Column(_("Subscriber"), of="name"),
    Column(_("Number"), of="customer", only_file=True),
    Column(_("Not due"), of="not_due", kind="money", wide=True),
    Column(_("1–30 days"), of="d30", kind="money", wide=True),
    Column(_("31–60 days"), of="d60", kind="money", wide=True),
    Column(_("61–90 days"), of="d90", kind="money", wide=True),
    Column(_("Over 90 days"), of="over_90", kind="money", wide=True),
    Column(_("Credit"), of="credit", kind="money", wide=True),
    Column(_("Total"), of="total", kind="money"),
)
KINDS: Final = {
    Posted.INVOICE: _("Invoice"),
    Posted.CREDIT_NOTE: _("Credit note"),
    Posted.PAYMENT: _("Payment"),
    Posted.IDENTIFIED: _("Payment, identified later"),
    Posted.REFUND: _("Refund"),
    Posted.RETURN: _("Returned by the bank"),
    Posted.WRITE_OFF: _("Written off"),
    Posted.RECOVERY: _("Recovered"),
}
"""What moves a subscriber's account; an allocation moves nothing of its balance."""
OF_INVOICES: Final = frozenset(
    {Posted.INVOICE, Posted.CREDIT_NOTE, Posted.WRITE_OFF, Posted.RECOVERY}
)
"""Those whose document has a page; that of all others is the reference of a payment."""
LINES: Final = (
    Column(_("Document"), of="document"),
    Column(_("Day"), of="day", kind="day", wide=True, fact=True),
    Column(_("Kind"), of="kind", wide=True, fact=True, says=lambda row: KINDS[Posted(row.kind)]),
    Column(_("Amount"), of="amount", kind="money", wide=True, fact=True),
    Column(_("Balance"), of="balance", kind="money"),
)


@get("/payments/receivables", guards=READERS)
async def aged_page(request: HTMXRequest) -> Response[str] | Stream:
    """Who owes for how long as of a day, today's where none is named. Raises `Invalid`."""
    scope, now = await CloudScope.of(request), books_now(request)
    listing = read_listing(
        scope.at("payments", "receivables"), request.query_params, AGES, filters=("as_of",)
    )
    as_of = parse_texts(AsOf, listing.filters).as_of or local_date(now, scope.zone)
    count, sums = await receivables.sum_aged(scope.actor, scope.cloud, as_of)
    listing = listing.found(count)

    async def read(part: Listing) -> Sequence[Aged]:
        rows, _after = await receivables.list_aged(
            *(scope.actor, scope.cloud),
            as_of=as_of,
            now=now,
            offset=part.offset,
            limit=part.size,
        )
        return rows

    rows = await read(listing)
    if listing.file:
        name, slug = f"receivables-{as_of}", scope.cloud.slug
        return await list_file(request, name, AGES, rows, listing, more=read, cloud=slug)
    locale = person_of(request).locale
    amounts = [
        money(column.value(sums), sums.currency, locale) if column.kind == "money" else ""
        for column in AGES
    ]
    return page(
        request,
        "shared/books/receivables.html",
        block="rows",
        scope=scope,
        tabs=tabs_of(scope, "payments/receivables"),
        columns=AGES,
        rows=rows,
        totals=amounts,
        total_label=_("Total on %(day)s") % {"day": day(as_of, locale)},
        listing=listing,
    )


def _days(words: Listing, today: date) -> Days:
    """The days asked for; from a year before the month of the last one, up to today."""
    asked = parse_texts(Days, words.filters)
    last = asked.to or today
    return Days(from_=asked.from_ or Period.of(last).back(12).start, to=last)


@get("/subscribers/{number:str}/account", guards=READERS)
async def account_page(request: HTMXRequest, number: FromPath[str]) -> Response[str] | Stream:
    """The account of one, line by line with its running balance. Raises `Invalid`, `Conflict`."""
    scope, row = await named(request, number)
    path = page_path(scope, row.number, "account")
    listing = read_listing(path, request.query_params, LINES, filters=("from", "to"))
    days = _days(listing, local_date(books_now(request), scope.zone))
    found = await receivables.get_statement(
        scope.actor, scope.cloud, row.number, first=days.from_, last=days.to
    )
    found.check_whole()
    listing = listing.found(len(found.lines))
    if listing.file:
        name, slug = f"account-{row.number}", scope.cloud.slug
        return await list_file(request, name, LINES, found.lines, listing, cloud=slug)
    closing = money(found.closing, found.currency, person_of(request).locale)
    return page(
        request,
        "shared/books/account.html",
        block="statement",
        scope=scope,
        row=row,
        crumbs=crumbs_to(scope, row),
        columns=LINES,
        rows=listing.of_page(found.lines),
        totals=["", "", "", "", closing],
        found=found,
        days=days,
        listing=listing,
        document_path=lambda line: _document_path(scope, line),
    )


def _document_path(scope: CloudScope, line: AccountLine) -> str:
    return invoice_path(scope, line.document) if line.kind in OF_INVOICES else ""


OWED: Final = (aged_page, account_page)
