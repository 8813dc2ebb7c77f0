"""Rules of the house that a machine can keep: what may stand in a file."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.house.sources import CODE, TEMPLATES, TESTS, files, listed, name, text, tree

LINES_MAX = 400
FUNCTION_LINES_MAX = 60
SHORT_SECONDS = 60


def test_files_and_functions_are_short() -> None:
    offences = [
        f"{name(path)} has {lines} lines"
        for path in [*CODE, *TESTS]
        if (lines := text(path).count("\n")) > LINES_MAX
    ]
    for path in CODE:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > FUNCTION_LINES_MAX:
                    offences.append(f"{name(path)}:{node.lineno} {node.name} has {length} lines")
    assert not offences, listed(offences)


def test_nothing_is_left_unfinished_or_swallowed() -> None:
    """An error that is passed over says why, on the same line."""
    unfinished = re.compile(
        r"\b(TODO|FIXME|XXX|NotImplementedError)\b|except[^\n:]*:\s*\n\s*pass\s*\n"
    )
    offences = [
        f"{name(path)}:{text(path)[: found.start()].count(chr(10)) + 1} {found[0].strip()}"
        for path in CODE
        for found in unfinished.finditer(text(path))
    ]
    assert not offences, listed(offences)


def test_the_core_knows_no_float_and_no_clock() -> None:
    forbidden = {"float", "datetime.now", "date.today", "time.time"}
    offences = []
    for path in files("portal/billing"):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, float):
                offences.append(f"{name(path)}:{node.lineno} {node.value}")
            if isinstance(node, ast.Call) and ast.unparse(node.func) in forbidden:
                offences.append(f"{name(path)}:{node.lineno} {ast.unparse(node.func)}")
    assert not offences, listed(offences)


def test_only_atomic_opens_transactions() -> None:
    allowed = {
        "portal/backup/taking.py",  # holds a moment that another program joins
        "portal/db.py",
        "portal/migrations.py",
        "portal/roles.py",
        "portal/overview/queries/browse.py",
    }
    found = {name(path) for path in CODE if re.search(r"\.transaction\(", text(path))}
    assert found <= allowed


def test_zones_are_interpreted_in_one_place() -> None:
    """SQL is handed dates and instants, and in Python one module opens zones.

    PostgreSQL's zone files are not ours. What it may say is UTC; the doctor's comparison asks it.
    """
    asks = re.compile(
        r"at\s+time\s+zone\s+(?!'UTC')|\btimezone\s*\(|\bset\s+(local\s+)?time\s?zone"
        r"|\b(current_date|current_time|localtimestamp)\b|now\(\)::date",
        re.IGNORECASE,
    )
    found = {name(path) for path in [*CODE, *files("portal", "*.sql")] if asks.search(text(path))}
    assert found == {"portal/kit/queries/zones.py"}
    opens = {name(path) for path in CODE if re.search(r"\bZoneInfo\(", text(path))}
    simulator = "portal/demo/simulator/control.py"  # it stands for Watcher, and apart
    assert opens == {"portal/billing/period.py", simulator}


def test_only_actions_write() -> None:
    """Reads, forms, routes and jobs contain no statement that changes a row."""
    verbs = re.compile(r"\"(?:\s*)(insert into|update \w+ set|delete from)\b", re.IGNORECASE)
    readers = [
        path
        for path in CODE
        if {"queries", "forms", "routes", "workers", "billing", "values"}
        & {*Path(name(path)).parts}
    ]
    assert len(readers) > 100
    assert [name(path) for path in readers if verbs.search(text(path))] == []


def test_one_helper_says_what_is_not_there_and_one_sorts_lists() -> None:
    """Each is said by everybody in the same words: `no_such` of errors, `Sorts` of pages."""
    rules = {
        r"NotFound\(\s*(_\()?f?\"There is no [^\"]*(\}|\)s)\.": "portal/errors.py",
        r"removeprefix\(\"-\"\)": "portal/kit/queries/pages.py",
    }
    for rule, home in rules.items():
        rooms = [path for path in CODE if not re.search("/demo/|listing.py", name(path))]
        assert {name(path) for path in rooms if re.search(rule, text(path))} == {home}, rule


def test_templates_keep_to_the_content_security_policy() -> None:
    inline = re.compile(r"<script>|\s(?:style|on[a-z]+|hx-on[^=\s]*)=")
    offences = [
        f"{name(path)} {found[0].strip()}"
        for path in TEMPLATES
        if not {"emails", "documents"} & set(path.parts)
        for found in inline.finditer(text(path))
    ]
    assert not offences, listed(offences)


def test_tests_wait_for_what_happens_and_not_for_a_time() -> None:
    """A sleep is too short on a busy machine and too long on a quiet one, and so is a short limit.

    `tests.patience` is where tests wait. What the product is given (`answer_seconds_max=0.2`) is no
    waiting of the test: then something ends because of it, whenever that is.
    """
    offences = [
        f"{name(path)}:{line}"
        for path in TESTS
        if name(path) != "tests/patience.py"
        for line in _waits_for_a_time(path)
    ]
    assert not offences, listed(offences)


def _waits_for_a_time(path: Path) -> Iterator[int]:
    """The lines of a file in which a sleep or a short limit stands; `sleep(0)` only lets others on."""
    for call in ast.walk(tree(path)):
        if not isinstance(call, ast.Call):
            continue
        called = ast.unparse(call.func).rpartition(".")[2]
        limits = [one.value for one in call.keywords if one.arg in {"timeout", "command_timeout"}]
        if called in {"sleep", "timeout", "wait", "wait_for", "join", "communicate"}:
            limits += call.args
        seconds = [
            limit.value
            for limit in limits
            if isinstance(limit, ast.Constant) and isinstance(limit.value, int | float)
        ]
        if called == "sleep":
            if seconds != [0]:
                yield call.lineno
        elif any(one < SHORT_SECONDS for one in seconds):
            yield call.lineno
