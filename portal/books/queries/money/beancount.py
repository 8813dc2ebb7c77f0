"""A book as Beancount text: its balances before the first day, then every posting by day."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import date, timedelta
from typing import Final

from portal.access import Actor
from portal.books.queries.money import ledger
from portal.books.queries.money.accounting import Ledger
from portal.books.queries.money.customers import book_of
from portal.db import snapshot
from portal.kit.queries.tenancy import CloudFacts

PAGE: Final = 1_000
_CURRENCIES: Final = "select distinct currency from entry where book = $1 order by 1"


async def text_of(
    actor: Actor, cloud: CloudFacts | None, *, first: date | None, last: date | None
) -> AsyncIterator[str]:
    """The text in pieces, of a cloud's book or the platform's, in one picture.

    Whoever reads it keeps it somewhere first: while it is read, a transaction is open.
    """
    async with snapshot(actor) as tx:
        book = await book_of(tx, actor, cloud)
        title = await tx.fetchval("select name from platform") if cloud is None else cloud.name
        rows = await tx.fetch(_CURRENCIES, book.issuer)
        writer = Ledger(title, [row["currency"] for row in rows])
        yield _lines(writer.heading())
        if first is not None:
            before: list[ledger.AccountBalance] = []
            at: ledger.Key | None = None
            while True:
                found, at = await ledger.list_balances(
                    actor, cloud, as_of=first - timedelta(days=1), after=at, limit=PAGE
                )
                before += found
                if at is None:
                    break
            yield _lines(writer.opening(first, before))
        after: tuple[date, int] | None = None
        while True:
            postings, after = await ledger.list_postings(
                actor, cloud, days=(first, last), after=after, limit=PAGE
            )
            for one in postings:
                text = writer.posting(one.day, one.id, one.kind, one.document, one.entries)
                yield _lines(text)
            if after is None:
                return


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
