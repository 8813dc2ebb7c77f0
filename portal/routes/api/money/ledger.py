"""The ledger, statements of account, and receivables by age."""

from datetime import date
from typing import Final

from msgspec import Struct

from portal.access import Permission
from portal.billing.money import format_minor
from portal.books.forms.ledger import AsOf, Days, PostingFilter
from portal.books.queries.money import ledger, receivables
from portal.routes.api.answers import Page
from portal.routes.api.kit.endpoint import Call, Register, Reply
from portal.routes.api.kit.paging import make_cursor
from portal.routes.api.kit.rows import Amount, answer
from portal.routes.api.money.books import book, in_both_books
from portal.routes.shared.money.ledger import TEXT, beancount_name, beancount_of

ledger_register: Final = Register("Ledger")


class AccountBalance(Struct, frozen=True):
    """What an account comes to; debit above 0. `party` is empty for an account without one."""

    account: str
    party: str
    currency: str
    balance: Amount


class Entry(Struct, frozen=True):
    """One line of a posting; debit above 0."""

    account: str
    party: str
    currency: str
    amount: Amount


class Posting(Struct, frozen=True):
    """Something that moved accounts; `source` names what, `document` says it to people."""

    id: int
    day: date
    kind: str
    source: str
    document: str
    entries: list[Entry]


class AccountLine(Struct, frozen=True):
    """What moved a customer's account, and what it then came to."""

    day: date
    kind: str
    document: str
    amount: Amount
    balance: Amount


class Account(Struct, frozen=True):
    """A statement of account; balances are what is owed less the credit balance."""

    customer: str
    currency: str
    opening: Amount
    lines: list[AccountLine]
    closing: Amount
    credit: Amount


class Aged(Struct, frozen=True):
    """What a customer owes, by how many days it is past due; `total` is less the credit balance.

    A customer is a `subscriber` of a cloud, or a `cloud` of the platform.
    """

    subscriber: int | None
    cloud: str | None
    name: str
    currency: str
    not_due: Amount
    d30: Amount
    d60: Amount
    d90: Amount
    over_90: Amount
    credit: Amount
    total: Amount


@in_both_books(
    ledger_register, "GET", "/ledger/balances", Permission.LEDGER_READ, summary="List balances",
    answer=Page[AccountBalance], query=AsOf, paged=True,
)  # fmt: skip
async def list_balances(call: Call, query: AsOf) -> Page[AccountBalance]:
    """Account by account and party by party, up to the end of a day."""
    rows, last = await ledger.list_balances(
        call.actor,
        book(call),
        as_of=query.as_of,
        after=call.after(tuple[str, str, str]),
        limit=call.limit,
    )
    following = None if last is None else make_cursor(last)
    return Page([answer(AccountBalance, row) for row in rows], following)


@in_both_books(
    ledger_register, "GET", "/ledger/postings", Permission.LEDGER_READ, summary="List postings",
    answer=Page[Posting], query=PostingFilter, paged=True,
)  # fmt: skip
async def list_postings(call: Call, query: PostingFilter) -> Page[Posting]:
    """By day, then as they were recorded; each sums to 0."""
    rows, last = await ledger.list_postings(
        call.actor,
        book(call),
        days=(query.from_, query.to),
        account=query.account,
        party=query.party,
        after=call.after(tuple[date, int]),
        limit=call.limit,
    )
    items = [
        Posting(
            *(row.id, row.day, row.kind, row.source, row.document),
            [
                Entry(one.account, one.party, one.currency, format_minor(one.amount, one.currency))
                for one in row.entries
            ],
        )
        for row in rows
    ]
    return Page(items, None if last is None else make_cursor(last))


@in_both_books(
    ledger_register, "GET", "/ledger/beancount", Permission.LEDGER_READ,
    summary="Download the ledger as Beancount text", answer=bytes, media_type=TEXT, query=Days,
)  # fmt: skip
async def read_beancount(call: Call, query: Days) -> Reply:
    """Balances before the first day, then each posting by day, for accountants' programs."""
    pieces = await beancount_of(call.actor, book(call), query)
    name = beancount_name("" if call.found is None else call.found.slug, query)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Reply(b"", TEXT, headers=headers, pieces=pieces)


@in_both_books(
    ledger_register, "GET", "/subscribers/{number}/account", Permission.PAYMENTS_READ,
    summary="Read a statement of account", answer=Account, query=Days,
    platform_path="/clouds/{slug}/account",
    conflicts="there are too many lines for one statement",
)  # fmt: skip
async def read_account(call: Call, query: Days) -> Account:
    """Documents, payments, refunds, returns and write-offs by day, with the running balance."""
    found = await receivables.get_statement(
        call.actor,
        book(call),
        call.path.get("slug") or call.number("number"),
        first=query.from_,
        last=query.to,
    )
    found.check_whole()
    return answer(Account, found)


@in_both_books(
    ledger_register, "GET", "/receivables", Permission.PAYMENTS_READ,
    summary="List receivables by age", answer=Page[Aged], query=AsOf, paged=True,
)  # fmt: skip
async def list_receivables(call: Call, query: AsOf) -> Page[Aged]:
    """What is left of each customer's invoices as it stood at the end of a day."""
    of = book(call)
    rows, last = await receivables.list_aged(
        call.actor,
        of,
        as_of=query.as_of,
        now=call.now,
        after=call.after(tuple[int, str]),
        limit=call.limit,
    )
    items = [
        answer(
            Aged,
            row,
            subscriber=None if of is None else int(row.customer),
            cloud=row.customer if of is None else None,
        )
        for row in rows
    ]
    return Page(items, None if last is None else make_cursor(last))
