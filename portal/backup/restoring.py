"""An installation made of a backup: in an empty database, or nothing is done."""

from __future__ import annotations

import asyncio
import json
import subprocess
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import Any, Final

import asyncpg

from portal import audit_key
from portal.backup.container import DATABASE, SECRET, check, copy, manifest_of, small
from portal.backup.programs import TOLD_MAX, BackupFailed, environment_of, program, start
from portal.crypto.keys import key_for
from portal.migrations import POLICIES, current, migrate
from portal.roles import connect, ensure_roles

_IS_EMPTY: Final = """
select not exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
                   where n.nspname = 'public' and c.relkind in ('r', 'p', 'v', 'S'))
"""
_THERE: Final = """
select array(select oid::bigint from pg_proc where pronamespace = 'public'::regnamespace
             union all select oid::bigint from pg_type where typnamespace = 'public'::regnamespace)
"""
_LOADED: Final = """
select format('drop %s if exists %s cascade', kind, name) as drop from (
  select 1 as place, oid::regclass::text as name,
         case relkind when 'v' then 'view' when 'm' then 'materialized view'
                      when 'S' then 'sequence' else 'table' end as kind
  from pg_class where relnamespace = 'public'::regnamespace
    and relkind in ('r', 'p', 'v', 'm', 'S') and not relispartition
  union all
  select 2, oid::regprocedure::text, 'routine' from pg_proc
  where pronamespace = 'public'::regnamespace and oid <> all($1::bigint[])
  union all
  select 3, t.oid::regtype::text, 'type' from pg_type t left join pg_class c on c.oid = t.typrelid
  where t.typnamespace = 'public'::regnamespace and t.oid <> all($1::bigint[])
    and (t.typtype in ('e', 'd', 'r') or c.relkind = 'c')
) one order by place
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """A backup that was looked at as a whole: its manifest, and its secrets if it has them."""

    manifest: Mapping[str, Any]
    secret: str
    encryption_keys: Sequence[str]


def look(archive: zipfile.ZipFile) -> Kept:
    """Read all of a backup, before anything is made of it. Raises `BackupFailed`."""
    manifest = manifest_of(archive)
    unknown = sorted(set(manifest["migrations"]) - set(current().migrations))
    if unknown:
        told = (
            f"{archive.filename} was made by a newer version ({manifest['camledger']}): use that."
        )
        raise BackupFailed(told)
    check(archive, manifest)
    if SECRET not in manifest["members"]:
        return Kept(manifest, "", ())
    secrets = json.loads(small(archive, SECRET))
    return Kept(manifest, secrets["secret"], secrets["encryption_keys"])


async def restore(
    archive: zipfile.ZipFile,
    database_url: str,
    secret: str,
    *,
    web_url: str = "",
    admin_url: str = "",
) -> list[str]:
    """Load the database of a backup into an empty one, and bring it to this version.

    Names of the migrations that ran after it. Raises `BackupFailed` where the database is not
    empty, and where the archive does not load; and what `migrate` raises. Then it is empty again.
    """
    owner = await connect(database_url)
    try:
        if not await owner.fetchval(_IS_EMPTY):
            raise BackupFailed("The database is not empty: a backup is restored into an empty one.")
        major = owner.get_server_version().major
        await ensure_roles(database_url, secret, web_url=web_url, admin_url=admin_url)
        before = await owner.fetchval(_THERE)
        await asyncio.to_thread(_load, archive, database_url, major)
        try:
            # Of another cluster's roles: policies and grants are made anew.
            await owner.execute("delete from schema_script where name = $1", POLICIES)
            ran = await migrate(database_url)
            await audit_key.provide(database_url, key_for(secret, "audit"))
        except BaseException:
            await _unload(owner, before)
            raise
    finally:
        await owner.close()
    return [name for name in ran if name != POLICIES]


async def _unload(owner: asyncpg.Connection[asyncpg.Record], before: Sequence[int]) -> None:
    """Drop all that was loaded, or nothing; functions and types of `before` (oids) stay."""
    loaded = await owner.fetch(_LOADED, before)
    await owner.execute(";".join(row["drop"] for row in loaded))


def _load(archive: zipfile.ZipFile, url: str, major: int) -> None:
    words = (
        *(program("pg_restore", major, exactly=True), "--no-owner", "--no-privileges"),
        *("--no-password", "--single-transaction", "--exit-on-error"),
        f"--dbname={environment_of(url)['PGDATABASE']}",
    )
    with TemporaryFile() as errors, archive.open(DATABASE) as source:
        process = start(words, environment_of(url), errors.fileno(), stdin=subprocess.PIPE)
        assert process.stdin is not None, "it was asked for"
        try:
            with suppress(BrokenPipeError):  # it has ended, and says why
                copy(source, process.stdin.write)
        finally:
            with suppress(BrokenPipeError):
                process.stdin.close()
            if process.wait() != 0:
                errors.seek(0)
                told = " ".join(errors.read(TOLD_MAX).decode(errors="replace").split())
                raise BackupFailed(f"The backup could not be loaded: {told}")
