"""The ledger as pages show it: what each account comes to, and entry by entry how it came so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from portal.access import Actor, shows
from portal.books.queries.money.customers import book_of
from portal.db import snapshot
from portal.kit.queries.pages import count, last_page
from portal.kit.queries.tenancy import CloudFacts


@dataclass(frozen=True, slots=True)
class Side:
    """A signed amount, debit above 0, in minor units, as two columns show it."""

    currency: str
    amount: int

    @property
    def debit(self) -> int | None:
        return self.amount if self.amount > 0 else None

    @property
    def credit(self) -> int | None:
        return -self.amount if self.amount < 0 else None


@dataclass(frozen=True, slots=True)
class AccountSum(Side):
    """What an account comes to at the end of a day; `parties` is None where it has none."""

    account: str
    parties: int | None


@dataclass(frozen=True, slots=True)
class EntryRow(Side):
    """An entry with what it is of: `kind` and `document` are those of its posting."""

    id: int
    posting: int
    day: date
    kind: str
    document: str
    account: str
    party: str


@dataclass(frozen=True, slots=True)
class EntryPage:
    """Entries of a page, and how many match: more than `total` with `is_more`."""

    rows: Sequence[EntryRow]
    total: int
    is_more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Which entries: of days, of an account, of a party of it."""

    first: date | None = None
    last: date | None = None
    account: str | None = None
    party: str | None = None


_SUMS: Final = {
    False: """
select currency, sum(amount)::bigint as amount, account,
       nullif(count(distinct party) filter (where party <> ''), 0)::int as parties
from entry where book = $1 and day <= $2 group by account, currency order by account, currency
""",
    True: """
select currency, sum(amount)::bigint as amount, account, nullif(sum(parties), 0)::int as parties
from entry_sum where cloud = $1 and day <= $2
group by account, currency order by account, currency
""",
}
"""Accounts, by whether they are read from the days that are kept of a cloud's whole book."""
_WHICH: Final = """
entry e where e.book = $1 and ($2::date is null or e.day >= $2)
  and ($3::date is null or e.day <= $3) and ($4::text is null or e.account = $4)
  and ($5::text is null or e.party = $5)
"""
_ALL: Final = f"select from {_WHICH}"
_ENTRIES: Final = f"""
select e.currency, e.amount, e.id, e.posting, e.day, p.kind, p.document, e.account, e.party
from (select * from {_WHICH} order by e.day desc, e.id desc offset $6 limit $7) e
join posting p on p.id = e.posting and p.book = e.book order by e.day desc, e.id desc
"""  # noqa: S608 - texts of ours


async def sum_accounts(actor: Actor, cloud: CloudFacts | None, as_of: date) -> Sequence[AccountSum]:
    """The accounts of a cloud's book, or of the platform's, by name and currency."""
    async with snapshot(actor) as tx:
        book = await book_of(tx, actor, cloud)
        is_kept = cloud is not None and shows(actor, "sales", "margin")
        rows = await tx.fetch(_SUMS[is_kept], book.issuer, as_of)
    return [AccountSum(**row) for row in rows]


async def list_entries(
    actor: Actor,
    cloud: CloudFacts | None,
    which: Which,
    *,
    offset: int = 0,
    limit: int = 50,
    counted: int | None = None,
) -> EntryPage:
    """Entries of a book, the latest first."""
    async with snapshot(actor) as tx:
        book = await book_of(tx, actor, cloud)
        of = book.issuer, which.first, which.last, which.account, which.party
        total, is_more = await count(tx, _ALL, of, counted)
        rows = await tx.fetch(_ENTRIES, *of, last_page(offset, limit, total), limit)
    return EntryPage([EntryRow(**row) for row in rows], total, is_more)
