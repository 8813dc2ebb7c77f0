"""The last proof of the books, for a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from portal.access import Actor
from portal.books.queries.verify.finding import Difference
from portal.db import snapshot

_LAST: Final = """
select ended_at, differences, named from verification
where ended_at is not null order by id desc limit 1
"""
_AHEAD: Final = "select due_at, began_at from verification where ended_at is null"


@dataclass(frozen=True, slots=True)
class Proof:
    """When the books were proven last, and what differed; `due_at` is when they are next.

    `ended_at` is None before the first proof. `named` are the first of the `differences`.
    """

    ended_at: datetime | None
    differences: int
    named: Sequence[Difference]
    due_at: datetime | None
    runs: bool


async def last(actor: Actor) -> Proof:
    """The last one, and the one ahead."""
    async with snapshot(actor) as tx:
        row, ahead = await tx.fetchrow(_LAST), await tx.fetchrow(_AHEAD)
    return Proof(
        ended_at=None if row is None else row["ended_at"],
        differences=0 if row is None else row["differences"],
        named=() if row is None else [Difference(**one) for one in row["named"]],
        due_at=None if ahead is None else ahead["due_at"],
        runs=ahead is not None and ahead["began_at"] is not None,
    )
