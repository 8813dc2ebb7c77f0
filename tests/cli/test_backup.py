"""All of an installation in one file, and back: the same books, or nothing at all."""

from __future__ import annotations

import asyncio
import errno
import os
import sys
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from tempfile import gettempdir
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from portal.access import SYSTEM
from portal.backup.container import whole_file
from portal.backup.folder import BackupFolder
from portal.backup.programs import BackupFailed
from portal.backup.taking import take
from portal.books.actions.money import credit_notes, payments
from portal.books.forms.payments import CreditForm, NewPayment
from portal.db import atomic
from portal.kit.queries import backups as last
from portal.kit.queries import tenancy
from portal.overview.actions import backups
from portal.settings import load
from tests.books.proof.hand import done
from tests.books.proof.sums import TARIFF
from tests.books.test_closing import close
from tests.cast import CARL
from tests.commands import Done, command
from tests.conftest import NOW, SECRET, Database
from tests.factories import worked_example
from tests.patience import somebody_waits
from tests.queues import RecordingQueue

PASSPHRASE = "gate yard plates"
KEPT = {"series", "subscriber", "commission_day", "credit_source", "draft_mark"}
"""What is written over, beside sums."""
_THERE = """
select c.relname from pg_class c where c.relnamespace = 'public'::regnamespace
union all
select p.oid::regprocedure::text from pg_proc p where p.pronamespace = 'public'::regnamespace
union all
select t.typname from pg_type t where t.typnamespace = 'public'::regnamespace
"""


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


def named(folder: Path) -> set[str]:
    """What is in a folder."""
    return {path.name for path in folder.iterdir()}


async def grown(before: str, after: str, table: str) -> bool:
    """Whether a table has the rows of another database's, the newest of them left out."""
    rows = {}
    for url in (before, after):
        connection = await asyncpg.connect(url)
        try:
            text = f'select id, t::text as row from "{table}" t order by id'
            rows[url] = [tuple(one) for one in await connection.fetch(text)]
        finally:
            await connection.close()
    return rows[after][: len(rows[before])] == rows[before]


async def write_until(taken: asyncio.Task[Any]) -> None:
    """Sue pays, and is credited, cent by cent; once more when it is taken."""
    north, queue = await tenancy.get(SYSTEM, "north"), RecordingQueue()
    for place in count():
        new = NewPayment(amount="0.01", paid_on=NOW.date(), reference=f"cent {place}", subscriber=1)
        await payments.receive(CARL, north, new, now=NOW)
        cent = CreditForm(amount="0.01", reason="one cent")
        await credit_notes.credit(CARL, north, "NORTH-2026-000001", cent, now=NOW, queue=queue)
        if taken.done():
            return


async def test_a_restored_installation_has_the_same_books(books: Database, tmp_path: Path) -> None:
    """While somebody writes: all of the file is of one moment, encrypted, and proven at its end.

    Tables that only grow have what there was at that moment; sums follow from those, as is proven;
    all others are the same.
    """
    file, fresh = tmp_path / "north.backup", tmp_path / "fresh"
    environment = settings_of(books, CAMLEDGER_BACKUP_PASSPHRASE=PASSPHRASE)
    settings = load(environment | {"CAMLEDGER_DATA_DIR": str(tmp_path / "d")})
    taking = asyncio.create_task(take(settings, file, secrets=True, passphrase=PASSPHRASE))
    await write_until(taking)
    await taking
    with zipfile.ZipFile(file) as archive:
        assert set(archive.namelist()) == {"key.age", "content.age"}
    again = await ask("backup", str(file), "--encrypt", **environment)
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
        now, then = await tables_of(books.owner_url), await tables_of(url)
        changed = {name for name in now if now[name] != then[name]}
        assert changed >= {"payment", "invoice", "invoice_line", "posting", "entry", "audit"}
        kept = {name for name in changed if name.endswith("_sum")} | KEPT & changed
        for name in changed - kept:
            assert await grown(url, books.owner_url, name), name
        assert (fresh / "secret").read_text() == SECRET
        other = ("--data-dir", str(tmp_path / "other"))
        twice = await ask("restore", str(file), *other, **own)
        assert (twice.returncode, "The database is not empty" in twice.stderr) == (1, True)
    again = await ask("restore", str(file), *there, CAMLEDGER_BACKUP_PASSPHRASE=PASSPHRASE)
    assert (again.returncode, f"{fresh} is not empty" in again.stderr) == (1, True)


async def test_a_restore_whose_migrations_fail_leaves_the_database_as_it_found_it(
    books: Database, tmp_path: Path
) -> None:
    """Of another text of a migration; a function that somebody had there stays."""
    file = tmp_path / "other.backup"
    settings = load(settings_of(books, CAMLEDGER_DATA_DIR=str(tmp_path / "d")))
    async with books.as_owner() as owner:
        await owner.execute("update schema_script set sha256 = 'other' where name <> 'policies'")
    await take(settings, file, secrets=False, passphrase="")
    async with empty_database(books) as url:
        mine = await asyncpg.connect(url)
        try:
            await mine.execute("create function mine() returns int language sql return 1")
            own = {"CAMLEDGER_DATABASE_URL": url, "CAMLEDGER_SECRET": SECRET}
            there = ("--data-dir", str(tmp_path / "fresh"))
            refused = await ask("restore", str(file), *there, **own)
            assert refused.returncode == 1
            assert "another version" in refused.stderr
            assert [row[0] for row in await mine.fetch(_THERE)] == ["mine()"]
        finally:
            await mine.close()


async def test_who_is_killed_leaves_nothing_that_is_not_encrypted(
    books: Database, tmp_path: Path
) -> None:
    """While a table is locked, a backup waits; then it is killed."""
    file = tmp_path / "north.backup"
    environment = settings_of(books, CAMLEDGER_BACKUP_PASSPHRASE=PASSPHRASE)
    async with books.as_owner() as owner, owner.transaction():
        await owner.execute("lock table invoice in access exclusive mode")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "portal.cli", "backup", str(file), "--encrypt"),
            env=os.environ | environment,
        )
        await somebody_waits(books.owner_url)
        draft = f".north.backup.{process.pid}.part"
        assert named(tmp_path) == {draft}
        process.kill()
        await process.wait()
    assert named(tmp_path) == {draft}
    assert not (tmp_path / draft).read_bytes()


def test_a_file_system_without_second_names_has_backups_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_names: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    file = tmp_path / "north.backup"
    with whole_file(file) as whole:
        whole.write(b"all of it")
        assert not file.exists()
    assert file.read_bytes() == b"all of it"
    with pytest.raises(BackupFailed, match="is there already"), whole_file(file):
        pass
    assert named(tmp_path) == {file.name}


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


async def test_a_backup_is_proven_without_being_kept(books: Database, tmp_path: Path) -> None:
    """Of books in which a sum was changed: the difference is named, and nothing stays.

    Nor does what a proof that was killed has left.
    """
    file = tmp_path / "north.backup"
    settings = load(settings_of(books, CAMLEDGER_DATA_DIR=str(tmp_path / "d")))
    async with done(books, TARIFF):
        await take(settings, file, secrets=True, passphrase="")
    killed = Path(gettempdir()) / "camledger-proof-killed"
    killed.mkdir()
    (killed / "lock").touch()
    proven = await ask("verify", "--backup", str(file), "--quiet")
    assert (proven.returncode, proven.stdout.strip()) == (1, TARIFF.said), proven.stderr
    assert not killed.exists()
    assert named(tmp_path) == {file.name}


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
    names = ["camledger-20261202-040000.zip", "camledger-20261203-040000.zip"]
    assert named(where) == set(names)
    told = await last.last(SYSTEM)
    assert (told.made_at, told.kept, told.error) == (times[-1], 2, "")
    with zipfile.ZipFile(where / names[-1]) as archive:
        assert "secret.json" not in archive.namelist(), "it is not encrypted"

    # A worker is killed with its file made, or half made, and before it could write that down.
    killed = where / "camledger-20261205-030000.zip"
    killed.with_name(f".{killed.name}.17.part").touch()
    killed.touch()
    at = times[-1] + timedelta(days=2)
    async with atomic(SYSTEM) as tx:
        await tx.execute(
            "update backup set began_at = $1, file = $2 where ended_at is null", at, killed.name
        )
    assert (await last.last(SYSTEM)).kept == 2
    assert await made(at)
    assert named(where) == {f"camledger-{at:%Y%m%d-%H%M%S}.zip"}


async def test_the_doctor_says_how_backups_stand(worker: Database, tmp_path: Path) -> None:
    async def said() -> str:
        done = await ask("doctor", "--data-dir", str(tmp_path), **settings_of(worker))
        return next(line for line in done.stdout.splitlines() if "Backups" in line)

    async def ended(hours: int, **columns: str) -> None:
        names = ", ".join(columns)
        async with atomic(SYSTEM) as tx:
            await tx.execute(
                f"insert into backup (due_at, began_at, ended_at, {names}) select at, at, at, $1"
                f" from (select now() - interval '{hours} hours' as at) t",
                *columns.values(),
            )

    await ended(40, file="old.zip")
    assert "one is due each day, and 36 hours have passed" in await said()
    await ended(2, file="new.zip")
    assert not (await last.last(SYSTEM)).is_old
    await ended(1, error="There is no folder /b.")
    assert (await said()).startswith("!! Backups: the last one failed: There is no folder /b.")
