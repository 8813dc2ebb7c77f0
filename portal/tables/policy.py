"""A table's policy, and the SQL that it is: row-level security, grants by column, a guard.

Three walls, each made from the one list in `policies`:

- a policy for each verb says whose rows;
- grants say which columns are read and written at all by the web process, whoever it acts for;
- where several may write a table, each its own columns, a trigger compares the row before and
  after, which a policy cannot.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final

from piccolo.table import Table

from portal import tables
from portal.tables.audiences import Who, condition, roles_of

WEB: Final = "camledger_web"
WORKER: Final = "camledger_worker"
BROWSER: Final = "camledger_admin"

TABLES: Final[dict[str, type[Table]]] = {
    table._meta.tablename: table
    for table in vars(tables).values()
    if isinstance(table, type) and issubclass(table, Table) and table is not Table
}


def name_of(table: type[Table]) -> str:
    """A table's name in the database."""
    return str(table._meta.tablename)


@cache
def columns_of(table: type[Table]) -> frozenset[str]:
    """The names of a table's columns."""
    return frozenset(column._meta.db_column_name for column in table._meta.columns)


@dataclass(frozen=True, slots=True)
class Columns:
    """Who changes which columns."""

    who: tuple[Who, ...]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the web process may not write: a condition on `new`, and `old` of a change; and why."""

    condition: str
    why: str


@dataclass(frozen=True, slots=True)
class Policy:
    """Who reads, adds, changes and deletes which rows of a table, and which columns of them.

    `hidden` columns are read by nobody through the table; a view may show them to some. Rows are
    added where `added_if` holds, too, a condition of the row; it is for references that have no
    foreign key. `refused` are changes, and `refused_new` rows that nobody adds.
    """

    table: str
    read: tuple[Who, ...]
    insert: tuple[Who, ...] = ()
    update: tuple[Columns, ...] = ()
    delete: tuple[Who, ...] = ()
    hidden: tuple[str, ...] = ()
    refused: tuple[Refusal, ...] = ()
    refused_new: tuple[Refusal, ...] = ()
    added_if: str = ""

    @property
    def updatable(self) -> tuple[str, ...]:
        """Every column that somebody may change."""
        return tuple(dict.fromkeys(name for columns in self.update for name in columns.names))

    def who_updates(self, column: str) -> frozenset[str]:
        """The roles that may change a column."""
        return roles_of(
            one for columns in self.update if column in columns.names for one in columns.who
        )

    @property
    def is_guarded(self) -> bool:
        """Whether rows that one may change have columns that only another may."""
        return bool(self.refused) or len({self.who_updates(name) for name in self.updatable}) > 1


def statements(policy: Policy) -> str:
    """The SQL that puts one table under its policy."""
    table = policy.table
    lines = [
        f"alter table {table} enable row level security, force row level security;",
        f"create policy {table}_worker on {table} to {WORKER} using (true) with check (true);",
        f"create policy {table}_browse on {table} for select to {BROWSER} using (true);",
        (
            f"create policy {table}_read on {table} for select to {WEB}"
            f" using (\n    {condition(table, policy.read)});"
        ),
        f"grant select {_all_but(table, policy.hidden)}on {table} to {WEB};",
        f"grant select {_browsable(table)}on {table} to {BROWSER};",
    ]
    if policy.insert:
        rows = condition(table, policy.insert)
        if policy.added_if:
            rows = f"({rows})\n    and {policy.added_if}"
        lines.append(
            f"create policy {table}_insert on {table} for insert to {WEB}"
            f" with check (\n    {rows});\n"
            f"grant insert on {table} to {WEB};"
        )
    if policy.update:
        rows = condition(table, (one for columns in policy.update for one in columns.who))
        lines.append(
            f"create policy {table}_update on {table} for update to {WEB}"
            f" using (\n    {rows})\n  with check (\n    {rows});\n"
            f"grant update ({', '.join(policy.updatable)}) on {table} to {WEB};"
        )
    if policy.delete:
        lines.append(
            f"create policy {table}_delete on {table} for delete to {WEB}"
            f" using (\n    {condition(table, policy.delete)});\n"
            f"grant delete on {table} to {WEB};"
        )
    if policy.is_guarded:
        lines.append(_trigger(f"guard_{table}", table, "update", _column_checks(policy)))
    if policy.refused_new:
        refusals = [_refusal(one) for one in policy.refused_new]
        lines.append(_trigger(f"guard_new_{table}", table, "insert", refusals))
    return "\n".join(lines)


def _column_checks(policy: Policy) -> list[str]:
    """Refuse changes of columns to roles that may change others of the row."""
    groups: dict[frozenset[str], list[str]] = {}
    for name in policy.updatable:
        groups.setdefault(policy.who_updates(name), []).append(name)
    checks = [
        f"  if {_differs(names)} and app_role() not in ({_quoted(roles)}) then\n"
        f"    raise exception '% may not change % of {policy.table}', app_role(),"
        f" '{' or '.join(names)}' using errcode = 'insufficient_privilege';\n"
        "  end if;"
        for roles, names in groups.items()
    ]
    return checks + [_refusal(one) for one in policy.refused]


def _refusal(refusal: Refusal) -> str:
    return (
        f"  if {refusal.condition} then\n"
        f"    raise exception '{refusal.why}' using errcode = 'insufficient_privilege';\n"
        "  end if;"
    )


def _trigger(name: str, table: str, verb: str, checks: list[str]) -> str:
    """A trigger that looks at each row that somebody other than a worker writes."""
    body = "\n".join(checks)
    return (
        f"create or replace function {name}() returns trigger\n"
        "language plpgsql set search_path = public, pg_temp as $$\nbegin\n"
        f"{body}\n  return new;\nend $$;\n"
        f"create trigger {name} before {verb} on {table} for each row\n"
        f"  when (not pg_has_role(current_user, '{WORKER}', 'usage'))"
        f" execute function {name}();"
    )


def _differs(names: Iterable[str]) -> str:
    columns = tuple(names)
    new, old = (", ".join(f"{row}.{name}" for name in columns) for row in ("new", "old"))
    return (
        f"({new}) is distinct from ({old})" if len(columns) > 1 else f"{new} is distinct from {old}"
    )


def _quoted(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in sorted(words))


def _browsable(table: str) -> str:
    """The columns that may be browsed, where a table has secret ones: "(id, email, …) "."""
    if table not in TABLES:
        return ""
    return _all_but(table, [column._meta.name for column in TABLES[table]._meta.secret_columns])


def _all_but(table: str, hidden: Iterable[str]) -> str:
    left_out = set(hidden)
    if not left_out:
        return ""
    names = (column._meta.db_column_name for column in TABLES[table]._meta.columns)
    kept = ", ".join(name for name in names if name not in left_out)
    return f"({kept}) "
