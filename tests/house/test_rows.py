"""Single rows are written through one helper, by the names that their tables have."""

from __future__ import annotations

import ast
import re
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from portal import tables
from portal.access import SYSTEM
from portal.customers.queries.subscribers import Subscriber
from portal.db import atomic
from portal.kit.actions.rows import insert_text, update, update_text, upsert_text
from portal.kit.queries.rows import row_of, select_list
from portal.routes.api import answers, watched
from portal.tables.policy import columns_of
from tests.conftest import Database
from tests.house.statements import ROOT, statements

WORKERS = (
    "portal/kit/actions/task_progress.py",
    "portal/overview/actions/digest.py",
    "portal/overview/actions/referred_subscribers.py",
    "portal/accounts/actions/sending.py",
    "portal/books/actions/closing/",
    "portal/books/actions/dunning/rounds.py",
    "portal/books/actions/dunning/letters.py",
    "portal/books/actions/money/telling.py",
    "portal/books/actions/payouts/accounts.py",
    "portal/books/actions/cards/",
    "portal/books/actions/payouts/runs.py",
    "portal/books/actions/verification.py",
    "portal/overview/actions/backups.py",
    "portal/books/actions/sending/due.py",
    "portal/books/actions/sending/letters.py",
    "portal/watcher/actions/differences.py",
    "portal/watcher/actions/sync/",
    "portal/watcher/actions/provisioning/",
    "portal/kit/actions/vault.py",
    "portal/overview/actions/webhooks/delivering.py",
    "portal/overview/actions/webhooks/overdue.py",
)
"""Where only workers and commands write; everything else the web process may, too."""
BY_HAND = {
    "portal/overview/actions/webhooks/delivering.py": {"webhook_endpoint"},  # the first failure
    "portal/overview/actions/webhooks/overdue.py": {"webhook_overdue"},  # only a later day
    "portal/books/actions/cards/events.py": {"card_set_up", "gateway_event"},  # claimed if due
    "portal/books/actions/bank/taking_in.py": {"bank_import"},  # lines so far and some more
    "portal/books/actions/closing/documents.py": {"series"},  # the next numbers
    "portal/books/actions/payouts/statements.py": {"statement_series"},  # the next number
    "portal/books/actions/money/credit_notes.py": {"invoice_line"},  # all of a note at once
    "portal/books/actions/documents.py": {"invoice_wait"},  # what waits already stays as it is
    "portal/books/actions/periods.py": {"period"},  # only where it is open; a sum of batches
    "portal/kit/actions/clock.py": {"test_clock"},  # the greater of two moments
    "portal/kit/actions/idempotency.py": {"idempotent_answer"},  # the database's clock
    "portal/usage/actions/usage.py": {"usage"},  # the day says which column
    "portal/watcher/actions/sync/fetch.py": {"reading"},  # cameras so far and some more
    "portal/migrations.py": {"schema_script"},  # no table of the house
}
"""Statements of one row in which PostgreSQL computes or compares what is stored."""
ROOMS = ("accounts", "books", "catalog", "customers", "kit", "overview", "usage", "watcher")
_REST = r"(?:(?!\bselect\b|\bfrom\b|\"\"\")[^;])*?"
_ONE_ROW = re.compile(
    rf"insert into (?P<added>\w+){_REST}\bvalues\s*\("
    rf"|update (?P<changed>\w+)(?: \w+)?\s+set\b{_REST}\bwhere\s+(?:\w+\.)?id = \$"
)


def test_every_name_in_a_statement_is_a_column() -> None:
    built = statements()
    assert len(built) > 40
    for one in built:
        assert one.sql.startswith(("insert into ", "update ")), one


@pytest.fixture
async def logins(
    database: Database,
) -> AsyncIterator[dict[str, asyncpg.Connection[asyncpg.Record]]]:
    """A worker's connection, and the web process's with an actor who is somebody."""
    owner, web = await asyncpg.connect(database.owner_url), await asyncpg.connect(database.web_url)
    yield {"worker": owner, "web": web}
    await owner.close()
    await web.close()


async def test_postgresql_plans_every_statement_with_the_rights_of_who_runs_it(
    logins: dict[str, asyncpg.Connection[asyncpg.Record]],
) -> None:
    """A plan is begun with the look at the rights: each column that is written must be granted."""
    for one in statements():
        who = "worker" if one.path.startswith(WORKERS) else "web"
        sql, connection = one.sql, logins[who]
        nulls = ", ".join(["null"] * len(set(re.findall(r"\$\d+", sql))))
        try:
            await connection.execute(f"prepare planned as {sql}")
            await connection.execute(f"explain execute planned({nulls})")
        except asyncpg.PostgresError as error:
            raise AssertionError(f"{one.path}:{one.line} as {who}: {error}") from error
        await connection.execute("deallocate planned")


def test_no_row_is_written_by_hand_but_where_the_database_computes() -> None:
    by_hand: dict[str, set[str]] = {}
    for path in sorted((ROOT / "portal").rglob("*.py")):
        name = str(path.relative_to(ROOT))
        if name.startswith(("portal/bench/", "portal/demo/", "portal/tables/")):
            continue  # rows of a story, by the hundred
        # Texts that stand beside each other are one.
        text = re.sub(r"\"\s*\n\s*f?\"", "", path.read_text())
        for match in _ONE_ROW.finditer(text):
            by_hand.setdefault(name, set()).add(match["added"] or match["changed"])
    assert by_hand == BY_HAND


def test_no_update_is_composed_of_names_anywhere_else() -> None:
    for path in sorted((ROOT / "portal").rglob("*.py")):
        if path != ROOT / "portal/kit/actions/rows.py":
            assert not re.search(r"update [\w{}]+ (as \w+ )?set \{", path.read_text()), path


def test_a_name_that_is_no_column_is_refused_before_anything_is_sent() -> None:
    for wrong in ("colour", "name; drop table camera", "Name"):
        with pytest.raises(ValueError, match="camera has no column"):
            insert_text(tables.Camera, ["name", wrong])
        with pytest.raises(ValueError, match="camera has no column"):
            update_text(tables.Camera, 1, {wrong: 1})
        with pytest.raises(ValueError, match="camera has no column"):
            upsert_text(tables.Camera, ["name"], [wrong])
    with pytest.raises(ValueError, match="has no column at all"):
        update_text(tables.Camera, 1, {})


def test_only_what_is_named_is_written() -> None:
    """The web process may write some columns of a row; a statement that named more is refused."""
    assert insert_text(tables.Meter, ["key", "kind"]) == (
        "insert into meter (key, kind) values ($1, $2) returning id"
    )
    sql, values = update_text(tables.Camera, 7, {"suspended": True})
    assert (sql, values) == ("update camera set suspended = $1 where id = $2", [True, 7])
    person = tables.PortalUser
    sql, values = update_text(
        person,
        (person.id == 7) & person.totp.is_null(),
        {"totp": b"x"},
        through="credential",
    )
    assert sql.startswith("update credential as portal_user set totp = $1 where ")
    assert values == [b"x", 7]


async def test_how_many_rows_changed_is_told(worker: Database) -> None:
    async with atomic(SYSTEM) as tx:
        meter = tables.Meter
        there = await tx.fetchval("select count(*) from meter")
        assert await update(tx, meter, meter.id > 0, {"base_unit": "x"}) == there
        assert await update(tx, meter, meter.id == -1, {"base_unit": "x"}) == 0


def test_a_row_is_made_by_name_and_a_list_names_what_is_there() -> None:
    listed = select_list(
        Subscriber, tables.Subscriber, "s", terms="t", referral="r.code", account_manager="u.email"
    )
    assert {"s.name", "t.email", "r.code as referral"} <= set(listed.split(", "))
    with pytest.raises(ValueError, match="meter has no column"):
        select_list(Subscriber, tables.Meter, "m")
    record = dict.fromkeys(columns_of(tables.Subscriber)) | {"address": ["a"], "more": 1}
    assert row_of(Subscriber, record).address == ("a",)
    assert row_of(Subscriber, {**record, "address": None}).address == ()
    del record["email"]
    with pytest.raises(KeyError):
        row_of(Subscriber, record)


def test_no_row_becomes_a_dataclass_by_position() -> None:
    """A column put between two others of a select, or of a row, must not change what they mean."""
    offences = [
        f"{path.relative_to(ROOT)}:{call.lineno} {ast.unparse(call.func)}"
        for folder in ROOMS
        for path in sorted((ROOT / "portal" / folder).rglob("*.py"))
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call)
        and re.match(r"(\w+\.)*[A-Z]\w+$", ast.unparse(call.func))
        and sum(any(map(_is_column, ast.walk(given))) for given in call.args) > 1
    ]
    assert not offences, "\n".join(offences)


def test_an_answer_of_the_api_does_not_type_again_what_the_row_has() -> None:
    """So a new field of any of these takes no line in `portal/routes/api`."""
    for made in (
        *(answers.Cloud, answers.Subscriber, answers.Camera, answers.Subscription),
        *(answers.Referral, answers.Meter, watched.Connection, watched.Reading),
    ):
        written: Any = made.__mro__[1]
        assert made.__struct_fields__, made
        assert not written.__struct_fields__, f"{made.__name__} names {written.__struct_fields__}"


def _is_column(node: ast.AST) -> bool:
    """Whether it is `row["name"]`, or `row[0]` of a record."""
    return (
        isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Name)
        and isinstance(node.slice, ast.Constant)
    )
