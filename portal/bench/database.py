"""A database of a benchmark's own: embedded and durable, or a scratch one on a given server."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import asyncpg

from portal import audit_key
from portal.crypto.keys import key_for
from portal.embedded import Services
from portal.migrations import migrate
from portal.roles import connect, ensure_roles
from portal.settings import database_name, login_name

WORDS: Final = "only for measuring, never kept anywhere"
"""What stands for the installation's secret."""
LOGINS: Final = ("web", "admin")
ATTEMPTS: Final = 10
"""To drop a database that a process which has just ended may not have left yet."""


@dataclass(frozen=True, slots=True)
class Installation:
    """A migrated, empty database with its addresses, and Redis when it was asked for."""

    directory: Path
    database_url: str
    web_url: str
    admin_url: str
    redis_url: str

    def environment(self) -> dict[str, str]:
        """The environment of a process that belongs to this installation."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("CAMLEDGER_")}
        return kept | {
            "CAMLEDGER_DATA_DIR": str(self.directory),
            "CAMLEDGER_SECRET": WORDS,
            "CAMLEDGER_DATABASE_URL": self.database_url,
            "CAMLEDGER_WEB_DATABASE_URL": self.web_url,
            "CAMLEDGER_ADMIN_DATABASE_URL": self.admin_url,
            "CAMLEDGER_REDIS_URL": self.redis_url,
        }


@contextmanager
def installation(*, with_redis: bool = False, name: str = "") -> Iterator[Installation]:
    """An installation for one measurement; everything of it goes at the end.

    `name` tells it from others of the same measurement.

    Its servers are embedded ones in a temporary directory, with the settings they have in service,
    unless CAMLEDGER_DATABASE_URL or CAMLEDGER_REDIS_URL names others.
    """
    given = os.environ.get("CAMLEDGER_DATABASE_URL", "")
    directory = Path(tempfile.mkdtemp(prefix="camledger-bench-"))
    services = Services(
        directory,
        database_url=given,
        redis_url=os.environ.get("CAMLEDGER_REDIS_URL", ""),
        with_redis=with_redis,
    )
    try:
        directory.chmod(0o711)  # the servers' own user passes through to its directories
        with services:
            redis_url = services.redis_url if with_redis else ""
            if not given:
                yield asyncio.run(_prepare(directory, services.database_url, redis_url))
                return
            database = f"camledger_bench_{os.getpid()}{name and f'_{name}'}"
            url = other_database(given, database)
            asyncio.run(_statements(given, f'create database "{database}"'))
            try:
                yield asyncio.run(_prepare(directory, url, redis_url))
            finally:
                asyncio.run(_drop(given, database))
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def other_database(url: str, name: str) -> str:
    """The address of another database on the same server, for the same user."""
    parts = urlsplit(url)
    query = urlencode([pair for pair in parse_qsl(parts.query) if pair[0] != "dbname"], safe="/")
    return parts._replace(path=f"/{quote(name, safe='')}", query=query).geturl()


async def _prepare(directory: Path, database_url: str, redis_url: str) -> Installation:
    web, admin = await ensure_roles(database_url, WORDS)
    await migrate(database_url)
    await audit_key.provide(database_url, key_for(WORDS, "audit"))
    return Installation(directory, database_url, web, admin, redis_url)


@asynccontextmanager
async def copied(found: Installation) -> AsyncIterator[Installation]:
    """The same installation over a copy of its database, to which nobody may be connected."""
    name = database_name(found.database_url)
    copy = f"{name}_copy"
    maintenance = other_database(found.database_url, "postgres")
    await _statements(maintenance, f'create database "{copy}" template "{name}" strategy file_copy')
    try:
        yield replace(found, database_url=other_database(found.database_url, copy))
    finally:
        await _drop_database(maintenance, copy)


async def _statements(url: str, *statements: str) -> None:
    connection = await connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def _drop(url: str, name: str) -> None:
    await _drop_database(url, name)
    logins = (login_name(name, kind) for kind in LOGINS)
    await _statements(url, *(f'drop role if exists "{login}"' for login in logins))


async def _drop_database(url: str, name: str) -> None:
    """Without force: that would need more rights where the server tidies up in it just now."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            await _statements(url, f'drop database if exists "{name}"')
        except asyncpg.ObjectInUseError:
            if attempt == ATTEMPTS:
                raise
            await asyncio.sleep(0.2 * attempt)
        else:
            return


async def server_version(connection: asyncpg.Connection[asyncpg.Record]) -> str:
    """The server's version: "18.1"."""
    said: str = await connection.fetchval("show server_version")
    return said.split(maxsplit=1)[0]
