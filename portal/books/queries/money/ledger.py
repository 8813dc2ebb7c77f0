"""The ledger of a book: what its accounts come to, and the postings behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from portal.access import Actor
from portal.books.queries.money.customers import book_of
from portal.db import snapshot
from portal.kit.queries.tenancy import CloudFacts


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """What an account of a party comes to; debit above 0, minor units. `party` is "" for none."""

    account: str
    party: str
    currency: str
    balance: int

    @property
    def amount(self) -> int:
        """The balance, as an entry that makes it would be written."""
        return self.balance


Key = tuple[str, str, str]
"""The last account of a page: its name, party and currency."""
_BALANCES: Final = """
select account, party, currency, sum(amount)::bigint as balance
from entry
where book = $1 and ($2::date is null or day <= $2) and (account, party, currency) > ($3, $4, $5)
group by account, party, currency order by account, party, currency limit $6
"""


async def list_balances(
    actor: Actor,
    cloud: CloudFacts | None,
    *,
    as_of: date | None,
    after: Key | None = None,
    limit: int = 100,
) -> tuple[list[AccountBalance], Key | None]:
    """Accounts of a cloud's book, or of the platform's, by name and party, up to a day's end."""
    async with snapshot(actor) as tx:
        book = await book_of(tx, actor, cloud)
        rows = await tx.fetch(_BALANCES, book.issuer, as_of, *(after or ("", "", "")), limit + 1)
    page = [AccountBalance(**row) for row in rows[:limit]]
    last = page[-1] if len(rows) > limit else None
    return page, None if last is None else (last.account, last.party, last.currency)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a posting; debit above 0."""

    account: str
    party: str
    currency: str
    amount: int


@dataclass(frozen=True, slots=True)
class Posting:
    """Something that moved accounts: of which row (`source`), and what people call that."""

    id: int
    day: date
    kind: str
    source: str
    document: str
    entries: Sequence[Entry] = field(default_factory=list)


_POSTINGS: Final = """
select p.id, p.day, p.kind, p.source, p.document from posting p
where p.book = $1 and (p.day, p.id) > ($2, $3) and ($4::date is null or p.day >= $4)
  and ($5::date is null or p.day <= $5)
  and ($6::text is null and $7::text is null or exists (
    select from entry e where e.posting = p.id and e.account = coalesce($6, e.account)
      and e.party = coalesce($7, e.party)))
order by p.day, p.id limit $8
"""


async def list_postings(
    actor: Actor,
    cloud: CloudFacts | None,
    *,
    days: tuple[date | None, date | None] = (None, None),
    account: str | None = None,
    party: str | None = None,
    after: tuple[date, int] | None = None,
    limit: int = 100,
) -> tuple[list[Posting], tuple[date, int] | None]:
    """Postings of a book by day, then as they were recorded, each with all its entries."""
    async with snapshot(actor) as tx:
        book = await book_of(tx, actor, cloud)
        rows = await tx.fetch(
            _POSTINGS,
            *(book.issuer, *(after or (date.min, 0)), *days, account, party, limit + 1),
        )
        found = {row["id"]: Posting(**row) for row in rows[:limit]}
        entries = await tx.fetch(
            "select posting, account, party, currency, amount from entry where posting = any($1)"
            " and book = $2 order by posting, id",
            list(found),
            book.issuer,
        )
        grouped: dict[int, list[Entry]] = {one: [] for one in found}
        for row in entries:
            posting, *values = row.values()
            grouped[posting].append(Entry(*values))
    page = [
        Posting(one.id, one.day, one.kind, one.source, one.document, grouped[one.id])
        for one in found.values()
    ]
    return page, (page[-1].day, page[-1].id) if len(rows) > limit else None
