"""The ledger of a book: what its accounts come to, its entries, and its text for accountants."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from litestar import Response
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Actor, Permission
from portal.billing.ledger import Account
from portal.books.forms.ledger import AsOf, Days, PostingFilter
from portal.books.queries.money import ledger_lists as lists
from portal.books.queries.money.beancount import text_of
from portal.books.queries.money.ledger_lists import AccountSum, EntryRow, Which
from portal.kit.forms.form import parse_texts
from portal.kit.queries.tenancy import CloudFacts
from portal.routes.format import day
from portal.routes.guards import person_of, requires
from portal.routes.list_files import chunks_of, list_file, read_page, spooled
from portal.routes.listing import Column, Listing, read_listing
from portal.routes.middleware.now import books_now
from portal.routes.page import page
from portal.routes.reading import get
from portal.routes.shared.currencies import lines_of
from portal.routes.shared.money.book import BookScope
from portal.routes.shared.money.words import OF_INVOICES, POSTED
from portal.values.amounts import money
from portal.words import _

READERS: Final = [requires(Permission.LEDGER_READ)]
TEXT: Final = "text/plain; charset=utf-8"
ACCOUNTS: Final = {
    Account.RECEIVABLE: _("Receivable"),
    Account.CASH: _("Bank"),
    Account.CLEARING: _("At a gateway"),
    Account.CREDIT: _("Customers' credit"),
    Account.SUSPENSE: _("Unidentified payments"),
    Account.REVENUE: _("Revenue"),
    Account.TAX: _("Tax on sales"),
    Account.COMMISSION: _("Commissions"),
    Account.COMMISSION_PAYABLE: _("Commissions payable"),
    Account.PAYABLE: _("Payable to the platform"),
    Account.COST: _("Cost"),
    Account.INPUT_TAX: _("Input tax"),
    Account.FEES: _("Fees"),
    Account.BAD_DEBT: _("Bad debt"),
}


def _account(row: AccountSum | EntryRow) -> str:
    return ACCOUNTS[Account(row.account)]


def _kind(row: EntryRow) -> str:
    return POSTED[row.kind]


SUMS: Final = (
    Column(_("Ledger account"), of="account", says=_account),
    Column(_("Parties"), of="parties", kind="number", wide=True),
    Column(_("Debit amount"), of="debit", kind="money"),
    Column(_("Credit amount"), of="credit", kind="money"),
)
ENTRIES: Final = (
    Column(_("Document"), of="document"),
    Column(_("Day"), of="day", kind="day", wide=True, fact=True),
    Column(_("Kind"), of="kind", wide=True, fact=True, says=_kind),
    Column(_("Posting"), of="posting", kind="number", only_file=True),
    Column(_("Ledger account"), of="account", wide=True, fact=True, says=_account),
    Column(_("Party"), of="party", wide=True),
    Column(_("Debit amount"), of="debit", kind="money"),
    Column(_("Credit amount"), of="credit", kind="money"),
)


@get("/payments/ledger", guards=READERS)
async def balances_page(request: HTMXRequest) -> Response[str] | Stream:
    """What each account comes to at the end of a day, today's where none is named."""
    book, now = await BookScope.of(request), books_now(request)
    listing = read_listing(
        book.at("payments", "ledger"), request.query_params, SUMS, filters=("as_of",)
    )
    as_of = parse_texts(AsOf, listing.filters).as_of or book.today(now)
    rows = await lists.sum_accounts(book.actor, book.cloud, as_of)
    listing = listing.found(len(rows))
    if listing.file:
        return await list_file(request, f"ledger-{as_of}", SUMS, rows, listing, cloud=book.slug)
    locale = person_of(request).locale
    return page(
        request,
        "shared/money/ledger.html",
        block="rows",
        book=book,
        tab_rows=book.tab_rows("payments/ledger"),
        columns=SUMS,
        rows=listing.of_page(rows),
        totals=["", "", _sum(rows, "debit", locale), _sum(rows, "credit", locale)],
        total_label=_("Total on %(day)s") % {"day": day(as_of, locale)},
        listing=listing,
        as_of=as_of,
    )


def _sum(rows: Sequence[AccountSum], side: str, locale: str) -> str:
    sums: dict[str, int] = {}
    for row in rows:
        sums[row.currency] = sums.get(row.currency, 0) + (getattr(row, side) or 0)
    return lines_of(money(amount, currency, locale) for currency, amount in sums.items())


@get("/payments/ledger/entries", guards=READERS)
async def entries_page(request: HTMXRequest) -> Response[str] | Stream:
    """Entry by entry, the latest first. Raises `Invalid`."""
    book = await BookScope.of(request)
    names = ("account", "party", "from", "to")
    listing = read_listing(
        book.at("payments", "ledger", "entries"), request.query_params, ENTRIES, filters=names
    )
    asked = parse_texts(PostingFilter, listing.filters)
    which = Which(first=asked.from_, last=asked.to, account=asked.account, party=asked.party)

    async def read(part: Listing) -> lists.EntryPage:
        return await lists.list_entries(
            book.actor, book.cloud, which, offset=part.offset, limit=part.size, counted=part.counted
        )

    found, listing, file = await read_page(
        request, "ledger-entries", ENTRIES, listing, read, cloud=book.slug
    )
    if file is not None:
        return file
    text = {"from": str(asked.from_ or ""), "to": str(asked.to or "")}
    return page(
        request,
        "shared/money/entries.html",
        block="rows",
        book=book,
        tab_rows=book.tab_rows("payments/ledger"),
        columns=ENTRIES,
        rows=found.rows,
        listing=listing,
        accounts=[(str(one), ACCOUNTS[one]) for one in Account],
        of_invoices=OF_INVOICES,
        text=book.at("payments", "ledger", "beancount", **{k: v for k, v in text.items() if v}),
    )


@get("/payments/ledger/beancount", guards=READERS)
async def beancount_page(request: HTMXRequest) -> Stream:
    """The ledger as Beancount text, of the days asked for. Raises `Invalid`, `Unavailable`."""
    book = await BookScope.of(request)
    words = {name: request.query_params.get(name, "") for name in ("from", "to")}
    days = parse_texts(Days, words)
    return Stream(
        await beancount_of(book.actor, book.cloud, days),
        media_type=TEXT,
        headers={
            "Content-Disposition": f'attachment; filename="{beancount_name(book.slug, days)}"',
            "Cache-Control": "no-store",
        },
    )


def beancount_name(slug: str, days: Days) -> str:
    """What the text is saved as: "north-ledger-2026-10-01-2026-10-31.beancount"."""
    parts: list[str | date] = [slug or "platform", "ledger"]
    parts += [one for one in (days.from_, days.to) if one is not None]
    return f"{'-'.join(map(str, parts))}.beancount"


async def beancount_of(actor: Actor, cloud: CloudFacts | None, days: Days) -> Iterator[bytes]:
    """The text, read whole before its first byte is sent: a slow reader holds no transaction."""
    async with spooled(_("This takes too long. Ask for fewer days.")) as file:
        async for piece in text_of(actor, cloud, first=days.from_, last=days.to):
            file.write(piece.encode())
    return chunks_of(file)


LEDGER: Final = (balances_page, entries_page, beancount_page)
