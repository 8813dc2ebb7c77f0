"""One row written: `insert`, `update` and `upsert` name columns of a Piccolo table.

    made = await insert(tx, tables.Camera, {"cloud": 1, "external_id": "gate"}, unless_there=True)
    await update(tx, tables.Camera, made, {"suspended": True})

Only the columns that are named are written, so the grants of the web process hold. A name that is
none of the table's is a `ValueError`; `tests/house/test_rows.py` builds every statement of the
house before anybody meets it. Many rows, and values that SQL computes, are written by hand; see
docs/decisions/where-sql-is-written.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

from piccolo.columns.combination import And, Or, Where, WhereRaw
from piccolo.querystring import QueryString
from piccolo.table import Table

from portal.db import Transaction
from portal.tables.policy import columns_of, name_of

Condition: TypeAlias = int | And | Or | Where | WhereRaw
"""A row's id, or what Piccolo makes of `tables.Camera.cloud == 1`."""

ONLY_ROW: Final = 1
"""The id of the row of a table that has one: the platform, the test clock."""


async def insert(
    tx: Transaction,
    table: type[Table],
    values: Mapping[str, Any],
    *,
    unless_there: bool = False,
) -> Any:
    """Add a row and return its id.

    With `unless_there` a row that a unique constraint refuses is None, and nothing happens.
    """
    text = insert_text(table, values, unless_there=unless_there)
    return await tx.fetchval(text, *values.values())


async def update(
    tx: Transaction,
    table: type[Table],
    where: Condition,
    values: Mapping[str, Any],
    *,
    through: str = "",
) -> int:
    """Set `values` where the condition holds; returns how many rows that were.

    `through` is a view of the table that shows columns the table itself hides: `where` may ask for
    them there.
    """
    text, arguments = update_text(table, where, values, through=through)
    status = await tx.execute(text, *arguments)
    return int(status.rpartition(" ")[2])


async def upsert(
    tx: Transaction, table: type[Table], values: Mapping[str, Any], *, key: Iterable[str]
) -> None:
    """Add a row, or set `values` in the one that is there; `key` are the columns that say which."""
    await tx.execute(upsert_text(table, values, key), *values.values())


def insert_text(table: type[Table], names: Iterable[str], *, unless_there: bool = False) -> str:
    """The statement, with a place for each of `names`. Raises `ValueError` for an unknown one."""
    quiet = " on conflict do nothing" if unless_there else ""
    return f"{_added(table, names)}{quiet} returning id"


def upsert_text(table: type[Table], names: Iterable[str], key: Iterable[str]) -> str:
    """The statement; what is not of the key is set. Raises `ValueError` for an unknown name."""
    given, known = list(names), _checked(table, key)
    sets = ", ".join(f"{name} = excluded.{name}" for name in given if name not in known)
    return f"{_added(table, given)} on conflict ({', '.join(known)}) do update set {sets}"


def _added(table: type[Table], names: Iterable[str]) -> str:
    columns = _checked(table, names)
    places = ", ".join(f"${place}" for place in range(1, len(columns) + 1))
    return f"insert into {name_of(table)} ({', '.join(columns)}) values ({places})"  # noqa: S608 - the table's own


def update_text(
    table: type[Table], where: Condition, values: Mapping[str, Any], *, through: str = ""
) -> tuple[str, list[Any]]:
    """The statement and its arguments. Raises `ValueError` for an unknown name, or for none."""
    columns = _checked(table, values)
    name = name_of(table)
    condition = QueryString("id = {}", where) if isinstance(where, int) else where.querystring
    target = f"{through} as {name}" if through else name
    sets = ", ".join(f"{column} = {{}}" for column in columns)
    statement = QueryString(
        f"update {target} set {sets} where {{}}",  # noqa: S608 - the table's own names
        *values.values(),
        condition,
    )
    return statement.compile_string()


def _checked(table: type[Table], names: Iterable[str]) -> list[str]:
    wanted, known = list(names), columns_of(table)
    unknown = [name for name in wanted if name not in known]
    if unknown or not wanted:
        raise ValueError(f"{name_of(table)} has no column {', '.join(unknown) or 'at all'}")
    return wanted
