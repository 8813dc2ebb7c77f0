"""Making a backup, while everything runs: all of it is of one moment."""

from __future__ import annotations

import asyncio
import json
import subprocess
import zipfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Final

import asyncpg

from portal.backup.container import (
    DATABASE,
    MANIFEST,
    SECRET,
    Hashed,
    copy,
    encrypt,
    unnamed,
    whole_file,
)
from portal.backup.programs import TOLD_MAX, BackupFailed, environment_of, program, start
from portal.roles import connect
from portal.settings import Settings

_TABLES: Final = """
select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition order by 1
"""


async def take(found: Settings, path: Path, *, secrets: bool, passphrase: str) -> dict[str, Any]:
    """Write the backup of an installation; its manifest. Raises `BackupFailed`.

    `secrets` puts the installation's secret and encryption keys into it, a `passphrase` encrypts
    it. Nothing stands under the name before it is whole, and what stands there is not replaced.
    """
    with whole_file(path) as file:
        if not passphrase:
            return await _write(found, file, secrets=secrets)
        with unnamed(path.parent) as plain:
            manifest = await _write(found, plain, secrets=secrets)
            plain.seek(0)
            await asyncio.to_thread(encrypt, plain, file, passphrase)
        return manifest


async def _write(found: Settings, file: IO[bytes], *, secrets: bool) -> dict[str, Any]:
    members: dict[str, Any] = {}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        async with _moment(found.database_url) as (connection, snapshot):
            facts = await _facts(connection)
            major = connection.get_server_version().major
            with archive.open(DATABASE, "w", force_zip64=True) as member:
                hashed = Hashed(member)
                await asyncio.to_thread(_dump, found.database_url, major, snapshot, hashed)
        members[DATABASE] = hashed.told
        if secrets:
            kept = {"secret": found.secret, "encryption_keys": list(found.encryption_keys)}
            with archive.open(SECRET, "w") as member:
                hashed = Hashed(member)
                hashed.write(json.dumps(kept).encode())
            members[SECRET] = hashed.told
        manifest = {
            "format": 1,
            "camledger": version("camledger"),
            "postgresql": major,
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            **facts,
            "members": members,
        }
        archive.writestr(MANIFEST, json.dumps(manifest, indent=1))
    return manifest


@asynccontextmanager
async def _moment(url: str) -> AsyncIterator[tuple[asyncpg.Connection[asyncpg.Record], str]]:
    """A connection that holds one moment of the database, and the name that others join it by."""
    connection = await connect(url)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            yield connection, await connection.fetchval("select pg_export_snapshot()")
    finally:
        await connection.close()


async def _facts(connection: asyncpg.Connection[asyncpg.Record]) -> dict[str, Any]:
    """The migrations that the database has, and how many rows are in each table."""
    if await connection.fetchval("select to_regclass('public.migration') is null"):
        raise BackupFailed("This database has no books yet. Run: camledger migrate")
    ran = await connection.fetch("select name from migration order by name")
    names = [row["name"] for row in await connection.fetch(_TABLES)]
    rows = {
        name: await connection.fetchval(f'select count(*) from "{name}"')  # noqa: S608 - the catalogue's names
        for name in names
    }
    return {"migrations": [row["name"] for row in ran], "rows": rows}


def _dump(url: str, major: int, snapshot: str, into: Hashed) -> None:
    words: Sequence[str] = (
        *(program("pg_dump", major, exactly=False), "--format=custom", "--no-password"),
        *("--no-owner", "--no-privileges", f"--snapshot={snapshot}"),
    )
    with TemporaryFile() as errors:
        process = start(words, environment_of(url), errors.fileno(), stdout=subprocess.PIPE)
        assert process.stdout is not None, "it was asked for"
        try:
            copy(process.stdout, into.write)
        finally:
            process.stdout.close()
            if process.wait() != 0:
                errors.seek(0)
                told = " ".join(errors.read(TOLD_MAX).decode(errors="replace").split())
                raise BackupFailed(f"The database could not be dumped: {told}")
