"""What every test may ask for: a fresh database, the two doors' connections, the application."""

from __future__ import annotations

import gc
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote, urlsplit

import asyncpg
import pytest
from hypothesis import HealthCheck, settings

from portal import audit_key, db
from portal.crypto.keys import key_for
from portal.migrations import migrate
from portal.roles import ensure_roles
from tests import services as test_services
from tests.kept import POOL_SIZE, KeptDatabase, close_all
from tests.patience import PATIENCE_SECONDS
from tests.services import TestServices

T = TypeVar("T")
NOW = datetime(2026, 11, 5, 12, 0, tzinfo=UTC)
"""Every story's clock: October 2026 has ended everywhere, November runs."""

LOGINS = {"web": "camledger_test_web", "admin": "camledger_test_admin"}
PASSWORD = "only-for-tests"
SECRET = "c" * 64
"""The installation's, whose key the audit log is sealed with."""
LOCK = 0x74657374  # "test"
SLOW = (
    *("routes/security", "scenarios", "cli", "browser", "workers", "demo", "gateways", "bench"),
    "routes/portals",
)
"""Folders whose files take long, the longest first: one of them left for the end would run alone."""
STATEMENTS = {"statement_cache_size": 2_000, "max_cached_statement_lifetime": 0}
"""All pages together send five hundred: a process of tests shows them all on one connection."""
LONG = os.environ.get("CAMLEDGER_TEST_LONG", "") == "1"
"""Whether more values are tried than every run has time for."""
GARBAGE_MAX = 1_000_000
"""Objects that are made before those in cycles are looked for."""
SUMMARY_SECONDS = 60
"""A run that is shorter has nothing to say about its slowest files."""
MEMORY = Path("/dev/shm")
MEMORY_BYTES = 4 << 30
"""What has to be free there: a run needs a quarter of it."""


# No example has a time of its own: a machine may be busy.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


def pytest_configure(config: pytest.Config) -> None:
    """Give the run a name for its template, known to all its processes.

    Those that tests start keep compiled code, as in an installation: without it each of a hundred
    compiles the whole portal anew.
    """
    os.environ.setdefault("CAMLEDGER_TEST_RUN", f"{os.getpid():x}")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    _keep_files_in_memory()
    gc.set_threshold(GARBAGE_MAX)
    db.STATEMENTS.update(STATEMENTS)


def _keep_files_in_memory() -> None:
    """Databases are copied and dropped by the dozen: on a disk that costs a processor nine times as
    much. Whoever has set TMPDIR has chosen a place.
    """
    if (
        "TMPDIR" not in os.environ
        and MEMORY.is_dir()
        and os.access(MEMORY, os.W_OK)
        and shutil.disk_usage(MEMORY).free >= MEMORY_BYTES
    ):
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, file by file, so that two processes end at the same time."""
    root = Path(__file__).parent

    def rank(item: pytest.Item) -> int:
        folder = f"{item.path.relative_to(root).parent}/"
        return next((n for n, one in enumerate(SLOW) if folder.startswith(f"{one}/")), len(SLOW))

    items.sort(key=rank)


def pytest_collection_finish() -> None:
    """What is imported by now stays: the collector of cycles need not look at it again and again."""
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which files took longest: what a run's time goes to is not to come as a surprise."""
    seconds: Counter[str] = Counter()
    for report in (
        one for kind in ("passed", "failed", "") for one in terminalreporter.getreports(kind)
    ):
        seconds[report.nodeid.partition("::")[0]] += report.duration
    if seconds.total() >= SUMMARY_SECONDS:
        terminalreporter.section("slowest files")
        for file, length in seconds.most_common(10):
            terminalreporter.line(f"{length:6.1f} s  {file}")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the services this process started."""
    test_services.release(config)


@dataclass(frozen=True, slots=True)
class Database:
    """A migrated, empty database and its three addresses; one that is kept has open connections."""

    name: str
    owner_url: str
    web_url: str
    admin_url: str
    kept: KeptDatabase | None = None

    async def told(self, story: Callable[[], Awaitable[T]]) -> T:
        """Let a story happen as whoever acts; where it has before, its rows are put there."""
        return await (story() if self.kept is None else self.kept.told(story))

    def as_worker(self) -> AbstractAsyncContextManager[None]:
        """Inside, actions run on the owner's connections, as they do in workers."""
        return self._as(self.owner_url)

    def as_web(self) -> AbstractAsyncContextManager[None]:
        """Inside, actions run on the restricted connections, as they do in the web process."""
        return self._as(self.web_url)

    @asynccontextmanager
    async def as_owner(self) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
        """A connection past every policy: to begin one takes longer than most of what is asked."""
        if self.kept is not None:
            async with self.kept.owner() as connection:
                yield connection
            return
        connection = await asyncpg.connect(self.owner_url)
        try:
            yield connection
        finally:
            await connection.close()

    @asynccontextmanager
    async def _as(self, url: str) -> AsyncIterator[None]:
        if self.kept is not None:
            async with self.kept.connections(url):
                yield
            return
        before, config = db.ENGINE.pool, db.ENGINE.config
        db.ENGINE.pool = None
        await db.open_pool(url, size=POOL_SIZE, acquire_timeout=PATIENCE_SECONDS)
        try:
            yield
        finally:
            await db.close_pool()
            db.ENGINE.pool, db.ENGINE.config = before, config


@pytest.fixture(scope="session")
def services(pytestconfig: pytest.Config) -> TestServices:
    """The run's PostgreSQL and Redis."""
    return test_services.acquire(pytestconfig)


@pytest.fixture(scope="session")
async def template(services: TestServices) -> AsyncIterator[str]:
    """The name of a migrated database to copy, made once for all processes of the run."""
    name = f"camledger_template_{os.environ['CAMLEDGER_TEST_RUN']}"
    connection = await asyncpg.connect(services.database_url)
    try:
        await connection.execute("select pg_advisory_lock($1)", LOCK)
        if not await connection.fetchval("select true from pg_database where datname = $1", name):
            await _make_logins(connection)
            await connection.execute(f'create database "{name}_new"')
            url = services.database(f"{name}_new")
            await ensure_roles(url, "no secret", web_url=url, admin_url=url)
            await migrate(url)
            await _have_months(url)
            await audit_key.provide(url, key_for(SECRET, "audit"))
            await connection.execute(f'alter database "{name}_new" rename to "{name}"')
    finally:
        await connection.close()
    yield name
    await close_all()


async def _have_months(url: str) -> None:
    """The stories' months have their partitions, as they have where somebody has begun."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            "select ensure_usage_partition(m::date)"
            " from generate_series('2026-09-01'::date, '2026-11-01', '1 month') as m"
        )
    finally:
        await connection.close()


async def _make_logins(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    await ensure_groups(connection)
    for kind, login in LOGINS.items():
        if not await connection.fetchval("select true from pg_roles where rolname = $1", login):
            await connection.execute(f"create role {login} login password '{PASSWORD}'")
            await connection.execute(f"grant camledger_{kind} to {login}")


async def ensure_groups(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """The group roles that policies name."""
    for group in ("camledger_web", "camledger_admin", "camledger_worker"):
        if not await connection.fetchval("select true from pg_roles where rolname = $1", group):
            await connection.execute(f"create role {group} nologin")


def kept_in(kept: KeptDatabase) -> Database:
    """What is kept, with its addresses."""
    web_url, admin_url = (_as_login(kept.url, LOGINS[login]) for login in ("web", "admin"))
    return Database(kept.name, kept.url, web_url, admin_url, kept)


def _as_login(url: str, login: str) -> str:
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{quote(login)}:{PASSWORD}@{host}").geturl()


@pytest.fixture(scope="session")
async def kept_database(services: TestServices, template: str, worker_id: str) -> KeptDatabase:
    """The process's own copy of the template."""
    name = f"{template}_{worker_id}"
    return KeptDatabase(services.database_url, template, name, services.database(name))


@pytest.fixture
async def database(kept_database: KeptDatabase) -> Database:
    """A database as it was migrated."""
    await kept_database.ready()
    return kept_in(kept_database)


@pytest.fixture
async def web(database: Database) -> AsyncIterator[Database]:
    """The database, with the web process's connections open."""
    async with database.as_web():
        yield database


@pytest.fixture
async def worker(database: Database) -> AsyncIterator[Database]:
    """The database, with a worker's connections open."""
    async with database.as_worker():
        yield database


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory of the test's own, with none of this machine's settings."""
    for name in list(os.environ):
        if name.startswith("CAMLEDGER_") and not name.startswith("CAMLEDGER_TEST_"):
            monkeypatch.delenv(name)
    return tmp_path
