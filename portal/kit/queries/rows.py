"""Rows by name: a frozen dataclass lists its columns once, and is made from a record by them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar, get_origin, get_type_hints

from asyncpg import Record
from piccolo.table import Table

from portal.tables.policies import HIDDEN
from portal.tables.policy import columns_of, name_of
from portal.values.master.kinds import Postal

T = TypeVar("T")


def row_of(kind: type[T], record: Record | Mapping[str, Any]) -> T:
    """The row that a record is, by name; arrays become tuples, and an array that is null is empty.

    A column that the record lacks is a `KeyError`; one that the row lacks is left aside.
    """
    return kind(
        **{
            name: tuple(record[name] or ()) if is_list else record[name]
            for name, is_list in _names(kind).items()
        }
    )


def addressed(kind: type[T], record: Record | Mapping[str, Any]) -> T:
    """As `row_of`, of one that has an `address`: where it is kept by field, these go with it."""
    if not record["postal"]:
        return row_of(kind, record)
    made: Any = row_of(kind, record)
    return replace(made, address=Postal.of(record["postal"]))  # type: ignore[no-any-return] # as it was


def select_list(
    kind: type[Any], table: type[Table], alias: str, *, terms: str = "", **joined: str
) -> str:
    """What a select of `kind` lists: "s.id, s.name, t.email, r.code as referral".

    `alias` is the table's, `terms` that of the view which shows its hidden columns, and `joined`
    says where else a field comes from. A field that is no column is a `ValueError`, when the module
    that asks for it is imported.
    """
    known, hidden = columns_of(table), HIDDEN[name_of(table)]
    listed = []
    for name in _names(kind):
        if name in joined:
            listed.append(f"{joined[name]} as {name}")
        elif name not in known:
            raise ValueError(f"{name_of(table)} has no column {name}")
        else:
            listed.append(f"{terms if terms and name in hidden else alias}.{name}")
    return ", ".join(listed)


_known: dict[type[Any], dict[str, bool]] = {}


def _names(kind: type[Any]) -> dict[str, bool]:
    """The fields of a row, and which of them are tuples."""
    if kind not in _known:
        hints = get_type_hints(kind)
        _known[kind] = {item.name: get_origin(hints[item.name]) is tuple for item in fields(kind)}
    return _known[kind]
