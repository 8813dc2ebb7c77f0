"""Pages of lists that are reached by their number, and sorted by one of their columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from asyncpg import Record

from portal.db import Transaction
from portal.kit.queries.words import Hits


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


COUNTED_MAX: Final = 10_000
"""Rows of a list that are counted; of more it says that there are more. A file has all of them."""


async def count(
    tx: Transaction, rows: str, arguments: Sequence[Any], counted: int | None = None
) -> tuple[int, bool]:
    """How many rows a select has, `counted` at most (else COUNTED_MAX), and whether it has more."""
    most = COUNTED_MAX if counted is None else counted
    place = len(arguments) + 1
    found = await tx.fetchval(
        f"select count(*)::int from ({rows} limit ${place}) one",  # noqa: S608 - a select of ours
        *arguments,
        most + 1,
    )
    return min(found, most), found > most


@dataclass(frozen=True, slots=True)
class Part:
    """Which rows of a list to read, and how many of it are counted at most."""

    offset: int
    limit: int
    counted: int


@dataclass(frozen=True, slots=True)
class Looked:
    """A page of what matches, as ids of rows, of `total` that were counted.

    With `is_more` there are more. `ids` are all of them, in no order, where they were read.
    """

    page: Sequence[int]
    ids: Sequence[int]
    total: int
    is_more: bool


# What a policy leaves of a table PostgreSQL guesses far too low, and would sort all that matches.
_IN_ORDER: Final = "set local enable_sort = off"
_AS_BEFORE: Final = "set local enable_sort = on"


async def in_order(
    tx: Transaction,
    ordered: str,
    arguments: Sequence[Any],
    total: int,
    *,
    offset: int,
    limit: int,
) -> list[Record]:
    """As `numbered`, of more rows than are worth sorting: an index goes through them in order."""
    await tx.execute(_IN_ORDER)
    rows = await numbered(tx, ordered, arguments, total, offset=offset, limit=limit)
    await tx.execute(_AS_BEFORE)
    return rows


async def known(
    tx: Transaction, which: str, arguments: Sequence[Any], order: str, part: Part
) -> Looked:
    """A page of the rows that an index alone finds, counted up to a bound; as `looked_at`."""
    alias = which.split()[2]
    count = f"select count(*)::int from (select {which} limit {part.counted + 1}) one"  # noqa: S608
    found = await tx.fetchval(count, *arguments)
    ordered, total = f"select {alias}.id {which}{order}", min(found, part.counted)
    rows = await numbered(tx, ordered, arguments, total, offset=part.offset, limit=part.limit)
    ids = [row["id"] for row in rows]
    return Looked(ids, ids, total, found > part.counted)


async def looked_at(
    tx: Transaction,
    which: str,
    arguments: Sequence[Any],
    order: str,
    part: Part,
    *,
    each: str | None = None,
    by_arguments: bool = False,
) -> Looked:
    """A page of the rows that a condition is asked of each, of `counted` at most.

    `which` is "from camera c where …" and `order` an "order by …" of it. Few that match are sorted
    by themselves; of many the order is gone through by its index until the page is full. `each` is
    the same condition, said so that one row after the other is asked. `by_arguments`: the order
    names arguments of the condition.
    """
    table, alias = which.split()[1:3]
    found = await tx.fetch(f"select {alias}.id {which} limit {part.counted + 1}", *arguments)
    ids = [row["id"] for row in found[: part.counted]]
    if len(found) <= part.counted:
        if by_arguments:
            of = f"{which} and {alias}.id = any(${len(arguments) + 1}::bigint[])"
            return await _sorted(tx, of, (*arguments, ids), order, part)
        of = f"from {table} {alias} where {alias}.id = any($1::bigint[])"
        return await _sorted(tx, of, (ids,), order, part)
    all_of, total = f"select {alias}.id {each or which}{order}", part.counted
    rows = await in_order(tx, all_of, arguments, total, offset=part.offset, limit=part.limit)
    return Looked([row["id"] for row in rows], ids, total, is_more=True)


async def chosen(tx: Transaction, table: str, hits: Hits, order: str, part: Part) -> Looked:
    """A page of what a text has found; `table` with its alias, as "camera c"."""
    of = f"from {table} where {table.split()[1]}.id = any($1::bigint[])"
    return replace(await _sorted(tx, of, (hits.ids,), order, part), is_more=hits.is_more)


async def _sorted(
    tx: Transaction, of: str, arguments: Sequence[Any], order: str, part: Part
) -> Looked:
    """The page of few; the last of `arguments` are their ids."""
    ids = arguments[-1]
    if not ids:
        return Looked([], [], 0, is_more=False)
    alias = of.split()[2]
    rows = await numbered(
        tx,
        f"select {alias}.id {of}{order}",
        arguments,
        len(ids),
        offset=part.offset,
        limit=part.limit,
    )
    return Looked([row["id"] for row in rows], ids, len(ids), is_more=False)


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
