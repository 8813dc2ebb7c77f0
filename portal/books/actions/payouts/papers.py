"""Making the PDFs of approved statements, once each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from portal.access import SYSTEM
from portal.books.actions.documents import render_one, stored
from portal.books.queries.payouts import papers
from portal.db import atomic, held_of, snapshot
from portal.kit.actions.bulk import copy_rows
from portal.ports import DocumentRenderer
from portal.values.rendering import RenderedDocument

AT_ONCE: Final = 8
_WAITING: Final = """
select t.id from statement t
where t.number is not null and t.id > $1
  and not exists (select from statement_file f where f.cloud = t.cloud and f.statement = t.id)
order by t.id limit $2
"""
_IS_PRINTED: Final = "select exists (select from statement_file where statement = $1)"


async def render_statements(*, renderer: DocumentRenderer, clock: Callable[[], datetime]) -> int:
    """Make every PDF that is missing; how many were made.

    One that cannot be rendered, or waits for a font, is tried again by the next sweep. Other
    workers take others meanwhile.
    """
    made = after = 0
    while True:
        async with snapshot(SYSTEM) as tx:
            rows = await tx.fetch(_WAITING, after, AT_ONCE)
        if not rows:
            return made
        after = rows[-1]["id"]
        names = {f"statement {row['id']}": row["id"] for row in rows}
        # Held by name: rendering happens in other processes, and no transaction waits for them.
        async with held_of(list(names)) as mine:
            for name in mine:
                made += await _make(names[name], renderer, clock)


async def _make(statement: int, renderer: DocumentRenderer, clock: Callable[[], datetime]) -> int:
    """Make one, unless somebody has since it was looked for."""
    async with snapshot(SYSTEM) as tx:
        if await tx.fetchval(_IS_PRINTED, statement):
            return 0
        one = await papers.printable(tx, statement)
    rendered = await render_one(renderer, one.value)
    if not isinstance(rendered, RenderedDocument):
        return 0
    row = {"cloud": one.cloud, "referral": one.referral, "statement": one.id}
    async with atomic(SYSTEM) as tx:
        await copy_rows(tx, "statement_file", [{**row, **stored(rendered), "created_at": clock()}])
    return 1
