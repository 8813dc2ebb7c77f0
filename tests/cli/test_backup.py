"""All of an installation in one file, and back: the same books, or nothing at all."""

from __future__ import annotations

import asyncio
import os
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from portal.access import SYSTEM
from portal.backup.folder import BackupFolder
from portal.kit.queries import backups as last
from portal.overview.actions import backups
from portal.settings import load
from tests.books.test_closing import close
from tests.commands import Done, command
from tests.conftest import SECRET, Database
from tests.factories import worked_example

PASSPHRASE = "gate yard plates"


@pytest.fixture
async def books(worker: Database) -> Database:
    """October of North, closed."""
    await worked_example()
    await close("north", "2026-10")
    return worker


def settings_of(database: Database, **more: str) -> dict[str, str]:
    return {
        "CAMLEDGER_DATABASE_URL": database.owner_url,
        "CAMLEDGER_WEB_DATABASE_URL": database.web_url,
        "CAMLEDGER_ADMIN_DATABASE_URL": database.admin_url,
        "CAMLEDGER_SECRET": SECRET,
        **more,
    }


async def ask(*words: str, **environment: str) -> Done:
    return await asyncio.to_thread(command, *words, environment=environment)


async def tables_of(url: str) -> dict[str, Any]:
    """A digest of all rows of each table, but of which scripts ran."""
    connection = await asyncpg.connect(url)
    try:
        names = await connection.fetch(
            "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition"
            " and c.relname <> 'schema_script' order by 1"
        )
        return {
            row[0]: await connection.fetchval(
                f"select md5(string_agg(t::text, '\n' order by t::text)) from \"{row[0]}\" t"
            )
            for row in names
        }
    finally:
        await connection.close()


@asynccontextmanager
async def empty_database(database: Database) -> AsyncIterator[str]:
    """The address of a database with nothing in it, on the same server."""
    name = f"restored_{os.getpid()}"
    owner = await asyncpg.connect(database.owner_url)
    try:
        await owner.execute(f"create database {name}")
        try:
            yield urlunsplit(urlsplit(database.owner_url)._replace(path=f"/{name}"))
        finally:
            await owner.execute(f"drop database {name} with (force)")
    finally:
        await owner.close()


async def test_a_restored_installation_has_the_same_books(books: Database, tmp_path: Path) -> None:
    """While somebody writes: all of the file is of one moment, encrypted, and proven at its end."""
    file, fresh = tmp_path / "north.backup", tmp_path / "fresh"
    environment = settings_of(books, CAMLEDGER_BACKUP_PASSPHRASE=PASSPHRASE)
    before = await tables_of(books.owner_url)
    taking = asyncio.create_task(ask("backup", str(file), "--encrypt", **environment))
    writer = await asyncpg.connect(books.owner_url)
    try:
        while not taking.done():
            await writer.execute("update cloud set email = 'x' || random() where id = 2")
            await asyncio.sleep(0)
    finally:
        await writer.close()
    done = await taking
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(file) as archive:
        assert set(archive.namelist()) == {"key.age", "content.age"}
    again = await ask("backup", str(file), **environment)
    assert (again.returncode, "is there already" in again.stderr) == (1, True)

    there = ("--data-dir", str(fresh))
    for passphrase, why in (("", "is encrypted"), ("wrong", "does not open")):
        refused = await ask("restore", str(file), *there, CAMLEDGER_BACKUP_PASSPHRASE=passphrase)
        assert (refused.returncode, why in refused.stderr) == (1, True), refused.stderr
    async with empty_database(books) as url:
        own = {"CAMLEDGER_DATABASE_URL": url, "CAMLEDGER_BACKUP_PASSPHRASE": PASSPHRASE}
        restored = await ask("restore", str(file), *there, **own)
        assert restored.returncode == 0, restored.stderr + restored.stdout
        assert "The books are right." in restored.stdout
        after = await tables_of(url)
        written = {"cloud", "draft_mark"}
        assert {name: after[name] for name in after if name not in written} == {
            name: before[name] for name in before if name not in written
        }
        assert (fresh / "secret").read_text() == SECRET
        other = ("--data-dir", str(tmp_path / "other"))
        twice = await ask("restore", str(file), *other, **own)
        assert (twice.returncode, "The database is not empty" in twice.stderr) == (1, True)
    again = await ask("restore", str(file), *there, CAMLEDGER_BACKUP_PASSPHRASE=PASSPHRASE)
    assert (again.returncode, f"{fresh} is not empty" in again.stderr) == (1, True)


async def test_secrets_may_be_kept_apart(books: Database, tmp_path: Path) -> None:
    """Into the embedded PostgreSQL of a new directory, with the secret given beside the file."""
    file, fresh = tmp_path / "north.backup", tmp_path / "fresh"
    there = ("--data-dir", str(fresh))
    done = await ask("backup", str(file), "--without-secrets", **settings_of(books))
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(file) as archive:
        assert set(archive.namelist()) == {"database.dump", "manifest.json"}
        assert SECRET not in archive.read("manifest.json").decode()
    refused = await ask("restore", str(file), *there)
    assert (refused.returncode, "set CAMLEDGER_SECRET" in refused.stderr) == (1, True)
    content = file.read_bytes()
    middle = len(content) // 2
    for broken in (content[:-1_000], content[:middle] + b"?" + content[middle + 1 :]):
        other = tmp_path / "broken.backup"
        other.write_bytes(broken)
        refused = await ask("restore", str(other), *there, CAMLEDGER_SECRET=SECRET)
        assert (refused.returncode, "is not a whole backup" in refused.stderr) == (1, True)
    assert not await asyncio.to_thread(fresh.exists), "nothing is half done"
    restored = await ask("restore", str(file), *there, CAMLEDGER_SECRET=SECRET)
    assert restored.returncode == 0, restored.stderr + restored.stdout
    assert "The books are right." in restored.stdout


async def test_workers_make_one_each_day_and_keep_the_newest(
    books: Database, tmp_path: Path
) -> None:
    """Of three days the first is too old; a folder that is gone is told, and tried in an hour."""
    where = tmp_path / "kept"
    environment = settings_of(books, CAMLEDGER_DATA_DIR=str(tmp_path / "d"))
    environment |= {"CAMLEDGER_BACKUP_DIR": str(where), "CAMLEDGER_BACKUP_DAYS": "1"}
    folder = BackupFolder.of(load(environment))
    assert folder is not None
    now = datetime(2026, 12, 1, 2, tzinfo=UTC)

    async def made(at: datetime) -> bool:
        backup = await backups.due(now=at)
        assert backup is not None
        return await backups.make(backup, folder, now=at)

    assert await backups.due(now=now) is None, "the first is planned"
    first = now + timedelta(hours=1)
    assert not await made(first)
    told = await last.last(SYSTEM)
    assert (told.made_at, told.error) == (None, f"There is no folder {where}.")
    assert await backups.due(now=first) is None
    await asyncio.to_thread(where.mkdir)
    times = [first + timedelta(hours=1, days=day) for day in range(3)]
    assert [await made(at) for at in times] == [True, True, True]
    assert await backups.due(now=times[-1]) is None
    names = sorted(path.name for path in await asyncio.to_thread(lambda: [*where.iterdir()]))
    assert names == ["camledger-20261202-040000.zip", "camledger-20261203-040000.zip"]
    told = await last.last(SYSTEM)
    assert (told.made_at, told.kept, told.error) == (times[-1], 2, "")
    with zipfile.ZipFile(where / names[-1]) as archive:
        assert "secret.json" not in archive.namelist(), "it is not encrypted"
