"""Who web and workers are when root has started them: the system user, like the servers.

Root's rights are for making directories, the system user, and the servers' processes. What answers
requests from outside, or reads what another system sends, has none of them.
"""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from portal.embedded.process import (
    READING,
    Identity,
    ServiceError,
    clean_environment,
    launched,
    service_identity,
)

ROOT: Final = Path(__file__).parent.parent
LISTENING: Final = "b"
PROBE_SECONDS: Final = 60
LOWEST_PORT: Final = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
_CODE: Final = ("portal", "workers", "static")
_PROBE: Final = """
import os, sys
print("is another")
sys.exit(not all(os.access(path, os.R_OK) for path in sys.stdin.read().split("\\0")))
"""


def identity_of_parts(data_dir: Path, *, port: int = 0) -> Identity:
    """Whom web and workers run as; uid 0 for whoever we are, if that is not root.

    It is the owner of the data directory or the system user. Where that one may not read our own
    code, it keeps root's right to read, and for a `port` below 1024 the right to listen there. It
    has no need of the data directory: what it must know is handed to it. Raises `ServiceError`
    where root may not become somebody else.
    """
    found = service_identity(data_dir)
    if not found.uid:
        return found
    rights = LISTENING if 0 < port < _lowest_port() else ""
    plain = replace(found, rights=rights)
    return plain if may_read(plain, _our_files()) else replace(plain, rights=READING + rights)


def may_read(identity: Identity, paths: Iterable[Path]) -> bool:
    """Whether a system user may read all of these by itself: a process of its own tries."""
    command = [*launched(replace(identity, rights="")), sys.executable, "-I", "-S", "-c", _PROBE]
    tried = subprocess.run(  # noqa: S603 - our own launcher and words
        command,
        input="\0".join(map(str, paths)),
        text=True,
        capture_output=True,
        check=False,
        cwd="/",
        env=clean_environment(),
        timeout=PROBE_SECONDS,
    )
    if tried.stderr.startswith("cannot run as"):
        message = (
            f"Web and workers do not run as root, and root may not become another user here:"
            f" {tried.stderr.strip()}. Start it as a user that is not root."
        )
        raise ServiceError(message)
    return tried.returncode == 0


def name_of(identity: Identity) -> str:
    """The name of a system user, or its number where it has none."""
    try:
        return pwd.getpwuid(identity.uid).pw_name
    except KeyError:
        return str(identity.uid)


def environment_of(identity: Identity) -> dict[str, str]:
    """What the environment says of a system user: no home of root's is looked into."""
    if not identity.uid:
        return {}
    name = name_of(identity)
    return {"HOME": "/", "USER": name, "LOGNAME": name}


def begin_again(identity: Identity, environment: Mapping[str, str]) -> None:
    """Take this process's place with the same command as another user; nothing for uid 0.

    The interpreter starts anew, so that everything that is imported and opened is so by that user.
    """
    if not identity.uid:
        return
    command = [*launched(identity), sys.executable, "-m", "portal.cli", *sys.argv[1:]]
    sys.stdout.flush()
    whole = {**os.environ, **environment, **environment_of(identity)}
    os.execve(command[0], command, whole)  # noqa: S606 - our own launcher and words


def _our_files() -> Iterable[Path]:
    """Our code, and each package beside it."""
    for folder in _CODE:
        yield from (ROOT / folder).rglob("*")
    yield from Path(sysconfig.get_path("purelib")).iterdir()


def _lowest_port() -> int:
    """The first port that everybody may listen on."""
    try:
        return int(LOWEST_PORT.read_text())
    except (OSError, ValueError):
        return 1024
