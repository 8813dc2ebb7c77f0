"""`camledger bank import`: a file of the bank taken in by hand, once."""

from __future__ import annotations

import asyncio
from pathlib import Path

from portal.access import SYSTEM
from portal.db import atomic
from tests.bank_files import camt, entry, transaction
from tests.books.issued import broken_laws, issue
from tests.cast import NORTH
from tests.commands import Done, command
from tests.conftest import NOW, SECRET, Database
from tests.factories import two_clouds


def take_in(database: Database, data_dir: Path, *words: str) -> Done:
    settings = {
        "CAMLEDGER_DATABASE_URL": database.owner_url,
        "CAMLEDGER_WEB_DATABASE_URL": database.web_url,
        "CAMLEDGER_ADMIN_DATABASE_URL": database.admin_url,
        "CAMLEDGER_SECRET": SECRET,
    }
    return command("bank", "import", *words, "--data-dir", str(data_dir), environment=settings)


async def test_a_file_is_taken_in_once_and_each_line_is_told(
    worker: Database, tmp_path: Path
) -> None:
    await two_clouds()
    async with atomic(SYSTEM) as tx:
        await tx.execute("insert into test_clock (now) values ($1)", NOW)
        number = await issue(tx, NORTH, 1, 1351, tax=297)
    file = tmp_path / "statement.xml"
    file.write_bytes(
        camt(
            entry("16.48", transaction("", number), reference="B1"),
            entry("1.00", sign="DBIT", reference="B2"),
        )
    )
    tried = await asyncio.to_thread(take_in, worker, tmp_path, "north", str(file), "--dry-run")
    first = await asyncio.to_thread(take_in, worker, tmp_path, "north", str(file))
    again = await asyncio.to_thread(take_in, worker, tmp_path, "north", str(file))
    assert (tried.returncode, first.returncode) == (0, 0), tried.stderr + first.stderr
    assert tried.stdout == first.stdout
    line, other, sum_of_all = first.stdout.splitlines()
    assert line.split() == ["1", "2026-11-03", "16.48", "EUR", "matched", "number", number]
    assert other.split() == ["2", "2026-11-03", "-1.00", "EUR", "ignored"]
    assert sum_of_all == "2 lines: 1 ignored, 1 matched"
    assert again.stdout.splitlines()[-1] == "2 lines: 2 known"
    assert await broken_laws(worker.owner_url) == []


async def test_a_file_that_is_none_ends_with_2_and_a_wrong_line_with_1(
    worker: Database, tmp_path: Path
) -> None:
    await two_clouds()
    contents = {
        "none.xml": (b"<html/>", 2, "is no camt"),
        "nameless.dat": (b"", 2, "--format"),
        "wrong.xml": (camt(entry("1.00"), entry("x")), 1, "line 2: amount"),
    }
    for name, (content, code, told) in contents.items():
        (tmp_path / name).write_bytes(content)
        done = await asyncio.to_thread(take_in, worker, tmp_path, "north", str(tmp_path / name))
        assert (done.returncode, done.stdout) == (code, "")
        assert told in done.stderr
