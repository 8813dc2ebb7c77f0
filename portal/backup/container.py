"""The file of a backup: a ZIP, or one that is encrypted, written whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Final

import pyrage

from portal.backup.programs import BackupFailed

DATABASE: Final = "database.dump"
SECRET: Final = "secret.json"  # noqa: S105 - the name of a member
MANIFEST: Final = "manifest.json"
KEY: Final = "key.age"
CONTENT: Final = "content.age"
CHUNK: Final = 1 << 20
SMALL_MAX: Final = 1 << 20
"""Bytes of a member that is read at once."""
DRAFT: Final = ".{name}.{process}.part"
"""What a file is called while it is written."""
NO_SECOND_NAMES: Final = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
BROKEN: Final = "{file} is not a whole backup: {why}"


class Hashed:
    """A file that is written, and its SHA-256."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        """Write it, and count it."""
        self._digest.update(data)
        self.size += len(data)
        return self._file.write(data)

    @property
    def told(self) -> dict[str, Any]:
        """What the manifest says of it."""
        return {"sha256": self._digest.hexdigest(), "size": self.size}


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A file that has its name once it is whole and on the disk, and never over another."""
    if path.exists():
        raise BackupFailed(f"{path} is there already: a backup replaces nothing.")
    draft = path.with_name(DRAFT.format(name=path.name, process=os.getpid()))
    try:
        handle = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        try:
            _name(draft, path)
        except FileExistsError as error:
            raise BackupFailed(f"{path} is there already: a backup replaces nothing.") from error
        _sync_directory(path.parent)
    except OSError as error:
        raise BackupFailed(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()


def _name(draft: Path, path: Path) -> None:
    """Give a file its name. Raises `FileExistsError` where that is taken, and `OSError`."""
    try:
        os.link(draft, path)
    except OSError as error:
        if error.errno not in NO_SECOND_NAMES:
            raise
        # Not every file system gives a file two names: this one is taken first, then filled.
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            draft.replace(path)
        except OSError:
            path.unlink()
            raise


def drafts_of(path: Path) -> list[Path]:
    """What those who were killed while they wrote this file have left."""
    return sorted(path.parent.glob(DRAFT.format(name=path.name, process="*")))


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def encrypt(plain: IO[bytes], into: IO[bytes], passphrase: str) -> None:
    """Write `plain` encrypted with a key of its own, which the passphrase opens."""
    identity = pyrage.x25519.Identity.generate()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        archive.writestr(KEY, pyrage.passphrase.encrypt(str(identity).encode(), passphrase))
        with archive.open(CONTENT, "w", force_zip64=True) as member:
            pyrage.encrypt_io(plain, member, [identity.to_public()])


def unnamed(beside: Path) -> IO[bytes]:
    """A file without a name, in the room of a folder: whoever is killed leaves nothing of it."""
    return TemporaryFile(dir=beside)


@contextmanager
def opened(path: Path, passphrase: str, beside: Path) -> Iterator[zipfile.ZipFile]:
    """The members of a backup. One that is encrypted is opened in the room of `beside`, unnamed.

    Raises `BackupFailed` for what is none, was cut or changed, and for a wrong passphrase.
    """
    with ExitStack() as stack:
        try:
            archive = stack.enter_context(zipfile.ZipFile(path))
            if CONTENT in archive.namelist():
                plain = stack.enter_context(unnamed(beside))
                _decrypt(path, archive, plain, passphrase)
                archive = stack.enter_context(zipfile.ZipFile(plain))
                archive.filename = str(path)
            yield archive
        except (zipfile.BadZipFile, EOFError, KeyError) as error:
            raise BackupFailed(BROKEN.format(file=path, why=error)) from error
        except OSError as error:
            raise BackupFailed(f"{path} cannot be read: {error.strerror or error}.") from error


def _decrypt(path: Path, archive: zipfile.ZipFile, plain: IO[bytes], passphrase: str) -> None:
    if not passphrase:
        raise BackupFailed(f"{path} is encrypted: set CAMLEDGER_BACKUP_PASSPHRASE.")
    try:
        text = pyrage.passphrase.decrypt(small(archive, KEY), passphrase).decode()
        identity = pyrage.x25519.Identity.from_str(text)
    except (pyrage.DecryptError, pyrage.IdentityError, UnicodeDecodeError) as error:
        raise BackupFailed(f"The passphrase does not open {path}.") from error
    try:
        with archive.open(CONTENT) as source:
            pyrage.decrypt_io(source, plain, [identity])
    except (pyrage.DecryptError, OSError) as error:
        raise BackupFailed(BROKEN.format(file=path, why=error)) from error


def small(archive: zipfile.ZipFile, name: str) -> bytes:
    """A member that is read at once. Raises `KeyError`, `BadZipFile`."""
    if archive.getinfo(name).file_size > SMALL_MAX:
        message = f"{name} is too large"
        raise zipfile.BadZipFile(message)
    return archive.read(name)


def manifest_of(archive: zipfile.ZipFile) -> dict[str, Any]:
    """What a backup says of itself. Raises `BackupFailed`."""
    try:
        found = json.loads(small(archive, MANIFEST))
    except ValueError as error:
        raise BackupFailed(BROKEN.format(file=archive.filename, why=error)) from error
    if not isinstance(found, dict) or found.get("format") != 1:
        raise BackupFailed(f"{archive.filename} is no backup that this version reads.")
    return found


def check(archive: zipfile.ZipFile, manifest: dict[str, Any]) -> None:
    """Read all of it once: nothing is restored of a file that was cut or changed."""
    for name, told in manifest["members"].items():
        digest, size = hashlib.sha256(), 0
        with archive.open(name) as member:
            while data := member.read(CHUNK):
                digest.update(data)
                size += len(data)
        if {"sha256": digest.hexdigest(), "size": size} != told:
            raise BackupFailed(BROKEN.format(file=archive.filename, why=f"{name} was changed"))


def copy(source: IO[bytes], write: Callable[[bytes], Any]) -> None:
    """All of it, in pieces."""
    while data := source.read(CHUNK):
        write(data)
