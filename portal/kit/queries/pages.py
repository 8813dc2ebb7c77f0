"""Pages of lists that are reached by their number, and sorted by one of their columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


def last_page(offset: int, limit: int, total: int) -> int:
    """Where the page asked for begins; one beyond the last is the last."""
    return min(offset, max(0, total - 1) // limit * limit)


@dataclass(frozen=True, slots=True)
class Sorts:
    """What a list may be sorted by: the names that an address uses, each with its SQL.

    `tie` orders rows that are equal, so that pages never overlap. Rows without a value, which only
    columns in `optional` lack, come last both ways. Example: `Sorts({"name": "lower(k.name)"},
    tie="k.id desc")`.
    """

    columns: Mapping[str, str]
    tie: str
    optional: frozenset[str] = frozenset()

    def order_by(self, sort: str) -> str:
        """The clause for `sort`, a name in `columns` with "-" in front for downwards.

        Raises `KeyError` for any other: nothing of an address gets into SQL.
        """
        name = sort.removeprefix("-")
        direction = " desc" if sort.startswith("-") else ""
        empty = " nulls last" if name in self.optional else ""
        return f" order by {self.columns[name]}{direction}{empty}, {self.tie}"
