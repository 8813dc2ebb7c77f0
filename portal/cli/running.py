"""The installation a command works on: one that runs, one that is given, or one that is started."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import rich_click as click

from portal.embedded import ServiceError, Services
from portal.errors import Invalid, NotThere
from portal.options import Folder
from portal.settings import DATA_DIR_DEFAULT, Settings, check, secret_of, settings

RUNTIME: Final = "runtime.json"
LOCK: Final = "lock"
WAIT_SECONDS: Final = 120
POLL_SECONDS: Final = 0.1

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Runtime:
    """Where a running installation is: kept in its data directory, for its owner's eyes only."""

    pid: int
    url: str
    database_url: str
    web_database_url: str
    admin_database_url: str
    redis_url: str
    test_clock: str = ""

    def environment(self) -> dict[str, str]:
        """The settings that lead there."""
        return {
            "CAMLEDGER_PUBLIC_URL": os.environ.get("CAMLEDGER_PUBLIC_URL") or self.url,
            "CAMLEDGER_DATABASE_URL": self.database_url,
            "CAMLEDGER_WEB_DATABASE_URL": self.web_database_url,
            "CAMLEDGER_ADMIN_DATABASE_URL": self.admin_database_url,
            "CAMLEDGER_REDIS_URL": self.redis_url,
            "CAMLEDGER_TEST_CLOCK": self.test_clock,
        }

    def write(self, data_dir: Path) -> None:
        """Leave it where other commands look; whole or not at all."""
        draft = data_dir / f"{RUNTIME}.new"
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            json.dump(asdict(self), file)
        draft.replace(data_dir / RUNTIME)


def data_dir_option(command: F) -> F:
    """`--data-dir`, which every command takes."""
    return click.option(
        "--data-dir",
        type=Folder(),
        default=DATA_DIR_DEFAULT,
        envvar="CAMLEDGER_DATA_DIR",
        show_default=True,
        show_envvar=True,
        help="Where this machine's data is kept.",
    )(command)


@contextmanager
def sole_user(data_dir: Path) -> Iterator[Runtime | None]:
    """Hold the data directory's lock, or yield the Runtime of the `up` that holds it.

    Waits for another command that is at work there, or an `up` that is starting. The lock goes with
    the process that holds it, however that ends: nothing stale is ever left.
    """
    check(os.environ)
    secret_of(data_dir)
    handle = os.open(data_dir / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + WAIT_SECONDS
    try:
        while not _locked(handle, fcntl.LOCK_EX):
            if runtime := runtime_of(data_dir):
                yield runtime
                return
            if time.monotonic() > deadline:
                message = f"Another process has been busy with {data_dir} for {WAIT_SECONDS} s."
                raise ServiceError(message)
            time.sleep(POLL_SECONDS)
        (data_dir / RUNTIME).unlink(missing_ok=True)  # of one that was killed
        try:
            yield None
        finally:
            (data_dir / RUNTIME).unlink(missing_ok=True)
    finally:
        os.close(handle)


def runtime_of(data_dir: Path) -> Runtime | None:
    """The installation that `up` runs on this directory just now."""
    try:
        runtime = Runtime(**json.loads((data_dir / RUNTIME).read_bytes()))
        handle = os.open(data_dir / LOCK, os.O_RDONLY)
    except FileNotFoundError:
        return None
    except OSError as error:
        message = f"Cannot use the data directory {data_dir}: {error.strerror}."
        raise ServiceError(message) from error
    except (ValueError, TypeError) as error:
        message = f"{data_dir / RUNTIME} is not what `up` writes there: remove it."
        raise ServiceError(message) from error
    try:
        # Nobody holds the lock: the file is of one that was killed.
        return None if _locked(handle, fcntl.LOCK_SH) else runtime
    finally:
        os.close(handle)


def _locked(handle: int, kind: int) -> bool:
    """Lock the file, if nobody forbids it."""
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def use_settings_of(environment: dict[str, str], data_dir: Path) -> Settings:
    """Make these the settings of this process."""
    os.environ.update({"CAMLEDGER_DATA_DIR": str(data_dir), **environment})
    settings.cache_clear()
    return settings()


@contextmanager
def installation(data_dir: Path) -> Iterator[Settings]:
    """The settings of a database that answers, for as long as a command needs it.

    That is the one CAMLEDGER_DATABASE_URL names, else the one `up` runs on this directory, else the
    embedded one, started and brought to the current migration for the time being.
    """
    if os.environ.get("CAMLEDGER_DATABASE_URL"):
        yield use_settings_of({}, data_dir)
        return
    with sole_user(data_dir) as runtime:
        if runtime is not None:
            yield use_settings_of(runtime.environment(), data_dir)
            return
        with Services(data_dir, with_redis=False) as services:
            found = use_settings_of({"CAMLEDGER_DATABASE_URL": services.database_url}, data_dir)
            asyncio.run(prepare(found))
            yield found


def connected(data_dir: Path) -> Settings:
    """The settings for a part that needs a running database and Redis: `serve`, `worker`."""
    named = {"CAMLEDGER_DATABASE_URL", "CAMLEDGER_WEB_DATABASE_URL"}
    runtime = None if any(map(os.environ.get, named)) else runtime_of(data_dir)
    found = use_settings_of(runtime.environment() if runtime else {}, data_dir)
    if not (found.database_url or found.web_database_url) or not found.redis_url:
        message = (
            "Set CAMLEDGER_DATABASE_URL and CAMLEDGER_REDIS_URL to your servers, "
            "or run everything on this machine with: camledger up"
        )
        raise ServiceError(message)
    return found


async def prepare(found: Settings) -> list[str]:
    """Roles, migrations and the audit log's key; the ids of the migrations that ran now."""
    from portal import audit_key
    from portal.migrations import migrate
    from portal.roles import ensure_roles

    await ensure_roles(
        found.database_url,
        found.secret,
        web_url=os.environ.get("CAMLEDGER_WEB_DATABASE_URL", ""),
        admin_url=os.environ.get("CAMLEDGER_ADMIN_DATABASE_URL", ""),
    )
    ran = await migrate(found.database_url)
    await audit_key.provide(found.database_url, found.key_for("audit"))
    return ran


async def time_now() -> datetime:
    """What time it is for the installation: this machine's, or that of its test clock."""
    from portal.kit.queries.clock import books_time

    return await books_time()


def run(data_dir: Path, work: Callable[[Settings], Coroutine[Any, Any, T]]) -> T:
    """Do some work as the installation's owner, with a pool of connections open.

    What the books refuse about a value is wrong usage, of the option by that name.
    """
    try:
        with installation(data_dir) as found:
            return asyncio.run(with_pool(found, work))
    except NotThere:
        raise
    except Invalid as wrong:
        raise _wrong_usage(wrong) from wrong


def _wrong_usage(wrong: Invalid) -> click.UsageError:
    context = click.get_current_context(silent=True)
    for field, problem in wrong.fields.items():
        for parameter in context.command.params if context else ():
            # "scope" is what `scopes` are called here, "password_stdin" where a password is from.
            if (parameter.name or "").startswith(field):
                return click.BadParameter(problem, ctx=context, param=parameter)
    return click.UsageError(wrong.message, ctx=context)


async def with_pool(found: Settings, work: Callable[[Settings], Coroutine[Any, Any, T]]) -> T:
    """Do some work with a pool of connections open, in a database that is up to date."""
    from portal.db import close_pool, open_pool
    from portal.migrations import pending
    from portal.roles import connect

    connection = await connect(found.database_url)
    try:
        if await pending(connection):
            message = "The database is not up to date. Run: camledger migrate"
            raise ServiceError(message)
    finally:
        await connection.close()
    await open_pool(found.database_url, size=2)
    try:
        return await work(found)
    finally:
        await close_pool()
