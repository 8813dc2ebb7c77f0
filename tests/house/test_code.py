"""Rules of the house that a machine can keep."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
LINES_MAX = 400
FUNCTION_LINES_MAX = 60
CODE = sorted(path for folder in ("portal", "workers") for path in (ROOT / folder).rglob("*.py"))


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", CODE, ids=_name)
def test_files_and_functions_are_short(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= LINES_MAX
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= FUNCTION_LINES_MAX, f"{node.name} has {length} lines"


@pytest.mark.parametrize("path", CODE, ids=_name)
def test_nothing_is_left_unfinished_or_swallowed(path: Path) -> None:
    """An error that is passed over says why, on the same line."""
    text = path.read_text()
    assert not re.search(r"\b(TODO|FIXME|XXX|NotImplementedError)\b", text)
    assert not re.search(r"except[^\n:]*:\s*\n\s*pass\s*\n", text)


@pytest.mark.parametrize("path", sorted((ROOT / "portal" / "billing").rglob("*.py")), ids=_name)
def test_the_core_knows_no_float_and_no_clock(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float))
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called not in {"float", "datetime.now", "date.today", "time.time"}


def test_only_atomic_opens_transactions() -> None:
    allowed = {
        "portal/db.py",
        "portal/migrations.py",
        "portal/roles.py",
        "portal/overview/queries/browse.py",
    }
    found = {_name(path) for path in CODE if re.search(r"\.transaction\(", path.read_text())}
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
    sql = sorted((ROOT / "portal").rglob("*.sql"))
    found = {_name(path) for path in [*CODE, *sql] if asks.search(path.read_text())}
    assert found == {"portal/kit/queries/zones.py"}
    opens = {_name(path) for path in CODE if re.search(r"\bZoneInfo\(", path.read_text())}
    simulator = "portal/demo/simulator/control.py"  # it stands for Watcher, and apart
    assert opens == {"portal/billing/period.py", simulator}


def test_only_actions_write() -> None:
    """Reads, routes and jobs contain no statement that changes a row."""
    verbs = re.compile(r"\"(?:\s*)(insert into|update \w+ set|delete from)\b", re.IGNORECASE)
    writers = {
        _name(path)
        for path in CODE
        if verbs.search(path.read_text())
        and {"queries", "forms", "routes"} & set(path.relative_to(ROOT).parts)
    }
    assert writers == set()


def test_one_helper_says_what_is_not_there_and_one_sorts_lists() -> None:
    """Each is said by everybody in the same words: `no_such` of errors, `Sorts` of pages."""
    rules = {
        r"NotFound\(\s*f\"There is no [^\"]*\{[^\"]*\}\.": "portal/errors.py",
        r"removeprefix\(\"-\"\)": "portal/kit/queries/pages.py",
    }
    for rule, home in rules.items():
        rooms = [
            path for path in CODE if "demo" not in path.parts and "listing.py" not in path.name
        ]
        assert {_name(path) for path in rooms if re.search(rule, path.read_text())} == {home}, rule


@pytest.mark.parametrize("path", sorted((ROOT / "portal" / "templates").rglob("*.html")), ids=_name)
def test_templates_keep_to_the_content_security_policy(path: Path) -> None:
    if "emails" in path.parts or "documents" in path.parts:
        return
    text = path.read_text()
    assert not re.search(r"<script>|\s(?:style|on[a-z]+|hx-on[^=\s]*)=", text)


def test_the_readme_has_the_two_commands() -> None:
    text = (ROOT / "README.md").read_text()
    assert "make demo" in text
    assert "make test" in text


TESTS = sorted((ROOT / "tests").rglob("*.py"))
SHORT_SECONDS = 60


@pytest.mark.parametrize("path", TESTS, ids=_name)
def test_tests_wait_for_what_happens_and_not_for_a_time(path: Path) -> None:
    """A sleep is too short on a busy machine and too long on a quiet one, and so is a short limit.

    `tests.patience` is where tests wait. What the product is given (`answer_seconds_max=0.2`) is no
    waiting of the test: then something ends because of it, whenever that is.
    """
    if path == ROOT / "tests" / "patience.py":
        return
    for call in ast.walk(ast.parse(path.read_text())):
        if not isinstance(call, ast.Call):
            continue
        name = ast.unparse(call.func).rpartition(".")[2]
        limits = [one.value for one in call.keywords if one.arg in {"timeout", "command_timeout"}]
        if name in {"sleep", "timeout", "wait", "wait_for", "join", "communicate"}:
            limits += call.args
        seconds = [
            limit.value
            for limit in limits
            if isinstance(limit, ast.Constant) and isinstance(limit.value, int | float)
        ]
        if name == "sleep":  # to let others have their turn
            assert seconds == [0], f"line {call.lineno}"
        assert all(one >= SHORT_SECONDS or name == "sleep" for one in seconds), (
            f"line {call.lineno}"
        )
