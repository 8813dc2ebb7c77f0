"""docs/first-change.md, done as it says on a copy of the sources: a new field, in few files."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from tests.conftest import Database

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "first-change.md"
FILES_MAX = 5
_DIFF = re.compile(r"^```diff\n(.*?)^```", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"^`([\w/.-]+)`:", re.MULTILINE)


@dataclass(frozen=True)
class Edit:
    """Lines of a file, before and after."""

    path: str
    before: str
    after: str


def edits() -> list[Edit]:
    """What the page shows; the file is the one that the text above last began with."""
    text, found = PAGE.read_text(), []
    for block in _DIFF.finditer(text):
        path = _FILE.findall(text[: block.start()])[-1]
        lines = block[1].splitlines(keepends=True)
        before = "".join(line[1:] for line in lines if line[0] != "+")
        found.append(Edit(path, before, "".join(line[1:] for line in lines if line[0] != "-")))
    return found


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for folder in ("portal", "workers", "tests"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


async def test_a_field_of_a_subscriber_is_added_as_the_page_says(
    database: Database, copy: Path
) -> None:
    """Form, page, API, OpenAPI, audit log, tables and schema have it after at most five files."""
    changes = edits()
    assert 1 <= len({edit.path for edit in changes}) <= FILES_MAX
    for edit in changes:
        text = (copy / edit.path).read_text()
        assert text.count(edit.before) == 1, f"{edit.path} is not as the page shows it"
        (copy / edit.path).write_text(text.replace(edit.before, edit.after))

    name = f"{database.name}_first_change"
    connection = await asyncpg.connect(database.owner_url)
    await connection.execute(f'create database "{name}"')
    try:
        owner, web = (
            url.replace(f"/{database.name}", f"/{name}")
            for url in (database.owner_url, database.web_url)
        )
        done = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tests.house.first_change", owner, web),
            cwd=copy,
            env={**os.environ, "PYTHONPATH": str(copy)},
            stderr=asyncio.subprocess.PIPE,
        )
        _, complaint = await done.communicate()
        assert done.returncode == 0, complaint.decode()
    finally:
        await connection.execute(f'drop database if exists "{name}" with (force)')
        await connection.close()


def test_the_page_says_how_many_files_it_edits() -> None:
    words = {1: "One file", 2: "Two files", 3: "Three files", 4: "Four files", 5: "Five files"}
    assert f"{words[len({edit.path for edit in edits()})]} are edited" in PAGE.read_text()
