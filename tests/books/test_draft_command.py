"""`camledger period draft`: what a close would issue, printed by hand."""

from __future__ import annotations

import asyncio
from pathlib import Path

from portal.access import SYSTEM
from portal.db import atomic
from tests.commands import Done, command
from tests.conftest import NOW, SECRET, Database
from tests.factories import worked_example


def draft(database: Database, data_dir: Path, cloud: str, month: str) -> Done:
    settings = {
        "CAMLEDGER_DATABASE_URL": database.owner_url,
        "CAMLEDGER_WEB_DATABASE_URL": database.web_url,
        "CAMLEDGER_ADMIN_DATABASE_URL": database.admin_url,
        "CAMLEDGER_SECRET": SECRET,
    }
    words = ("period", "draft", cloud, month, "--data-dir", str(data_dir))
    return command(*words, environment=settings)


async def test_a_draft_is_printed_with_what_to_look_at(worker: Database, tmp_path: Path) -> None:
    await worked_example()
    async with atomic(SYSTEM) as tx:
        await tx.execute("insert into test_clock (now) values ($1)", NOW)
    done = await asyncio.to_thread(draft, worker, tmp_path, "north", "2026-10")
    assert done.returncode == 0, done.stderr
    first, *rows = done.stdout.splitlines()
    assert first == "north 2026-10: draft of 2026-11-05 12:00 UTC"
    figures = dict(row.split() for row in rows[:9])
    assert figures["revenue"] == "13.51"
    assert figures["margin"] == "0.68"
    assert figures["to_collect"] == "16.48"
    assert "surprises, of which 0 are fine." in rows[9]
    assert any("first_invoice" in row and "Sue" in row for row in rows[10:])


async def test_what_has_no_draft_ends_with_1_and_what_is_no_month_with_2(
    worker: Database, tmp_path: Path
) -> None:
    await worked_example()
    async with atomic(SYSTEM) as tx:
        await tx.execute("insert into test_clock (now) values ($1)", NOW)
    for cloud, month, code in (("north", "2027-01", 1), ("east", "2026-10", 1), ("north", "x", 2)):
        done = await asyncio.to_thread(draft, worker, tmp_path, cloud, month)
        assert (done.returncode, done.stdout) == (code, ""), (cloud, month)
