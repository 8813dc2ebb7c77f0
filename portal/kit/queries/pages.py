"""Pages of lists that are reached by their number, and sorted by one of their columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from asyncpg import Record

from portal.db import Transaction


def last_page(offset: int, limit: int, total: int) -> int:
    """Where the page asked for begins; one beyond the last is the last."""
    return min(offset, max(0, total - 1) // limit * limit)


async def numbered(
    tx: Transaction,
    ordered: str,
    arguments: Sequence[Any],
    total: int,
    *,
    offset: int,
    limit: int,
) -> list[Record]:
    """The rows of a page of `total`, of a select that is in order and takes `arguments`."""
    place = len(arguments)
    query = f"{ordered} offset ${place + 1} limit ${place + 2}"
    return await tx.fetch(query, *arguments, last_page(offset, limit, total), limit)


@dataclass(frozen=True, slots=True)
class Sorts:
    """What a list may be sorted by: the names that an address uses, each with its SQL.

    `tie` orders rows that are equal, so that pages never overlap. Rows without a value, which only
    columns in `optional` lack, come last both ways. Example: `Sorts({"name": "lower(k.name)"},
    tie="k.id desc")`. Where `tie_turns`, it goes the way of the column, so that one index is both.
    """

    columns: Mapping[str, str]
    tie: str
    optional: frozenset[str] = frozenset()
    tie_turns: bool = False

    def key_of(self, sort: str) -> tuple[str, bool]:
        """The SQL that `sort` orders by, and whether downwards. Raises as `order_by`."""
        return self.columns[sort.removeprefix("-")], sort.startswith("-")

    def order_by(self, sort: str) -> str:
        """The clause for `sort`, a name in `columns` with "-" in front for downwards.

        Raises `KeyError` for any other: nothing of an address gets into SQL.
        """
        key, is_down = self.key_of(sort)
        direction = " desc" if is_down else ""
        empty = " nulls last" if sort.lstrip("-") in self.optional else ""
        tie = self.tie + (direction if self.tie_turns else "")
        return f" order by {key}{direction}{empty}, {tie}"
