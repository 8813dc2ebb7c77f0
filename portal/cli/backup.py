"""`camledger backup` and `restore`: all of an installation in one file, and back."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Final

import rich_click as click

from portal.backup.container import opened
from portal.backup.programs import BackupFailed
from portal.backup.restoring import Kept, look, restore
from portal.backup.taking import take
from portal.cli.proof import report
from portal.cli.running import data_dir_option, installation, run, with_pool
from portal.data_directory import write_closed
from portal.embedded import Services
from portal.options import NewFile, PlainFile
from portal.settings import Settings, load

PASSPHRASE: Final = "CAMLEDGER_BACKUP_PASSPHRASE"  # noqa: S105 - the name of a variable
ROOM: Final = "camledger-proof-"
LOCK: Final = "lock"
"""Held while a proof runs: it goes with the process, however that ends."""
KEYS_FILE: Final = "encryption_keys"


@click.command()
@data_dir_option
@click.argument("file", type=NewFile())
@click.option(
    "--without-secrets",
    is_flag=True,
    help="Leave out the installation's secret and encryption keys: keep them elsewhere.",
)
@click.option(
    "--encrypt",
    is_flag=True,
    help=f"Encrypt it with the passphrase in {PASSPHRASE}.",
)
def backup(*, data_dir: Path, file: Path, without_secrets: bool, encrypt: bool) -> None:
    """Write all of an installation into FILE, as of one moment, while everything runs."""
    passphrase = _passphrase() if encrypt else ""
    if encrypt and not passphrase:
        raise BackupFailed(f"Set {PASSPHRASE} to encrypt.")
    with installation(data_dir) as found:
        made = asyncio.run(take(found, file, secrets=not without_secrets, passphrase=passphrase))
    rows = sum(made["rows"].values())
    click.echo(f"{file}: {rows} rows of {len(made['rows'])} tables, {file.stat().st_size} bytes.")


@click.command("restore")
@data_dir_option
@click.argument("file", type=PlainFile())
def restore_command(*, data_dir: Path, file: Path) -> None:
    """Make the installation of FILE in an empty data directory, or in an empty database.

    The database is the embedded one below --data-dir, or the one of CAMLEDGER_DATABASE_URL. Its
    books are proven, as by `verify`; exit 1 if something differs. A backup without secrets needs
    CAMLEDGER_SECRET.
    """
    given = os.environ.get("CAMLEDGER_DATABASE_URL", "")
    if data_dir.exists() and any(data_dir.iterdir()):
        raise BackupFailed(f"{data_dir} is not empty: a backup is restored into an empty one.")
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    with _draft(data_dir) as draft, opened(file, _passphrase(), draft.parent) as archive:
        kept = look(archive)
        secret = _secret_of(file, kept)
        _keep_secrets(draft, kept, secret)
        with Services(draft, database_url=given, with_redis=False) as services:
            ran = asyncio.run(
                restore(
                    archive,
                    services.database_url,
                    secret,
                    web_url=os.environ.get("CAMLEDGER_WEB_DATABASE_URL", ""),
                    admin_url=os.environ.get("CAMLEDGER_ADMIN_DATABASE_URL", ""),
                )
            )
    made = kept.manifest
    click.echo(f"Restored what Camledger {made['camledger']} had at {made['made_at']}.")
    if ran:
        click.echo(f"Migrated to this version: {len(ran)} migrations ran.")
    if kept.encryption_keys:
        click.echo(f"Set CAMLEDGER_ENCRYPTION_KEYS to what {data_dir / KEYS_FILE} holds.")

    async def prove(found: Settings) -> int:
        return await report(found, quiet=True)

    differences = run(data_dir, prove)
    if differences:
        click.echo(f"{differences} differences.", err=True)
        sys.exit(1)
    click.echo("The books are right.")


def prove_backup(file: Path, *, quiet: bool) -> int:
    """Restore a backup into a PostgreSQL of its own, prove its books, and throw both away.

    How many differences there are; each is printed.
    """
    with _room() as name, opened(file, _passphrase(), Path(name)) as archive:
        kept = look(archive)
        secret = _secret_of(file, kept)
        with Services(Path(name), with_redis=False, durable=False) as services:
            asyncio.run(restore(archive, services.database_url, secret))
            found = load(
                {
                    "CAMLEDGER_DATA_DIR": name,
                    "CAMLEDGER_DATABASE_URL": services.database_url,
                    "CAMLEDGER_SECRET": secret,
                }
            )
            return asyncio.run(with_pool(found, lambda found: report(found, quiet=quiet)))


@contextmanager
def _room() -> Iterator[str]:
    """A folder for a proof, below TMPDIR; what those who were killed have left there goes first."""
    for left in Path(gettempdir()).glob(f"{ROOM}*"):
        with suppress(OSError), (left / LOCK).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if left.lstat().st_uid == os.geteuid():
                shutil.rmtree(left)
    with TemporaryDirectory(prefix=ROOM) as name, (Path(name) / LOCK).open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield name


def _secret_of(file: Path, kept: Kept) -> str:
    """The secret of a backup's installation. Raises `BackupFailed` where nobody says it."""
    if secret := kept.secret or os.environ.get("CAMLEDGER_SECRET", ""):
        return secret
    raise BackupFailed(f"{file} has no secrets: set CAMLEDGER_SECRET to that installation's.")


def _passphrase() -> str:
    return os.environ.get(PASSPHRASE, "")


@contextmanager
def _draft(data_dir: Path) -> Iterator[Path]:
    """A directory beside the one that is to be; it takes its place once all of it is there."""
    draft = data_dir.with_name(f".{data_dir.name}.{os.getpid()}.restoring")
    draft.mkdir(mode=0o700)
    try:
        yield draft
        if data_dir.exists():
            data_dir.rmdir()
        draft.rename(data_dir)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _keep_secrets(directory: Path, kept: Kept, secret: str) -> None:
    write_closed(directory / "secret", secret.encode())
    if kept.encryption_keys:
        write_closed(directory / KEYS_FILE, ",".join(kept.encryption_keys).encode())
