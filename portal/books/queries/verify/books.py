"""All checks of the books, one after the other; nothing is written."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Final

from portal.access import SYSTEM
from portal.accounts.queries import audit
from portal.books.queries.verify.balances import BALANCES
from portal.books.queries.verify.commissions import COMMISSIONS
from portal.books.queries.verify.finding import NAMED_MAX, Findings
from portal.books.queries.verify.laws import LAWS
from portal.books.queries.verify.ledger import LEDGER
from portal.books.queries.verify.money import MONEY
from portal.books.queries.verify.months import rate_anew
from portal.books.queries.verify.sums import SUMS
from portal.db import snapshot

_BOUNDED: Final = "select d.*, count(*) over () as total from ({query}) d limit $1"
QUERIES: Final[Mapping[str, str]] = {
    **LAWS,
    **COMMISSIONS,
    **LEDGER,
    **MONEY,
    **BALANCES,
    **SUMS,
}
"""Each law that one statement can look at, and what finds whatever breaks it."""
AUDIT: Final = "the log is as it was written"


async def verify(key: bytes) -> AsyncIterator[Findings]:
    """What each law finds: charges rated anew, documents, numbers, files, ledger, audit log.

    `key` seals the audit log. For the owner's connections; each law reads in one snapshot, months
    in several.
    """
    for found in await rate_anew(None):
        yield found
    for law, query in QUERIES.items():
        found = Findings(law)
        async with snapshot(SYSTEM) as tx:
            found.add_rows(await tx.fetch(_BOUNDED.format(query=query), NAMED_MAX))
        yield found
    checked = await audit.check(SYSTEM, key)
    found = Findings(AUDIT, looked_at=checked.entries)
    for problem in checked.problems:
        found.add("", "audit log", "what was sealed", problem)
    yield found
