"""The data directory of a machine: its owner's alone, and the installation's secret in it."""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Final

OTHERS: Final = 0o077
"""The bits of a mode that let others in."""
PATHS_MAX: Final = 100
_OURS: Final = (
    *("secret", "runtime.json", "lock", "watcher.json", "postgres", "redis", "logs"),
    *("postgres/password", "postgres/data", "logs/*.log*", "cards", "cards/cards.json"),
)


def secret_in(data_dir: Path) -> str:
    """The installation's secret, made at the first start and kept beside its data. Raises OSError.

    Of several processes that start at once, one makes it and all read that one. A directory that
    was open to others, from a copy or a careless umask, is closed.
    """
    path = data_dir / "secret"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = data_dir / f"secret.{os.getpid()}"
        with suppress(FileNotFoundError):  # of a process of that number that was killed
            draft.unlink()
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(32))
        with suppress(FileExistsError):  # another process was quicker: its secret counts
            os.link(draft, path)
        draft.unlink()
    close_to_others(data_dir)
    return path.read_text().strip()


def write_closed(path: Path, content: bytes) -> None:
    """Write a file of the data directory that is its owner's alone from the first byte: 0600."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as file:
        os.fchmod(handle, 0o600)
        file.write(content)


def close_to_others(data_dir: Path) -> None:
    """Take from all others what they may do in a data directory: mode 0700, its files 0600.

    That is done by its owner or root, to what is ours alone. A directory that many share, such as
    /tmp, stays as it is; so does what is inside a cluster, which PostgreSQL looks after: of the
    cluster's own directory it asks that it is closed, or it does not start.
    """
    _close(data_dir)
    for pattern in _OURS:
        for path in islice(data_dir.glob(pattern), PATHS_MAX):
            _close(path)


def _close(path: Path) -> None:
    """Close one file or directory that we own. A link is not followed: it may lead anywhere."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return  # a link, gone by now, or another's: who reads it says what is wrong
    try:
        found = os.fstat(handle)
        is_ours = os.geteuid() in {0, found.st_uid} and not found.st_mode & stat.S_ISVTX
        is_plain = stat.S_ISDIR(found.st_mode) or (
            stat.S_ISREG(found.st_mode) and found.st_nlink == 1
        )
        if is_ours and is_plain and found.st_mode & OTHERS:
            os.fchmod(handle, stat.S_IMODE(found.st_mode) & ~OTHERS)
    finally:
        os.close(handle)
