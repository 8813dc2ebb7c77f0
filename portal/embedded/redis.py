"""The embedded Redis: a queue that keeps nothing on disk, on loopback, with a password."""

from __future__ import annotations

import secrets
import signal
import socket
import subprocess
from pathlib import Path
from typing import Final

from portal.embedded.process import (
    ServiceError,
    end,
    free_port,
    launch,
    own_directory,
    service_identity,
    tail,
    wait_until,
)
from portal.embedded.redis_program import find_program

READY_SECONDS: Final = 20
STOP: Final = [(signal.SIGTERM, 2.0)]


class Redis:
    """A Redis server whose working directory is `directory`. Each object has its own password."""

    name = "redis"

    def __init__(self, directory: Path, *, log: Path) -> None:
        self.directory = directory
        self.log = log
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None
        self._password = secrets.token_urlsafe(24)
        self._program = find_program().path
        self._identity = service_identity(directory)

    def start(self) -> None:
        """Return when the server answers."""
        own_directory(self.directory, self._identity)
        self.port = self.port or free_port()
        self.process = launch(
            [
                str(self._program),
                "-",
            ],  # the settings come by standard input: `ps` shows no password
            identity=self._identity,
            death_signal=signal.SIGTERM,
            log=self.log,
            stdin=(
                f"bind 127.0.0.1\nport {self.port}\nrequirepass {self._password}\n"
                f'dir "{self.directory}"\nsave ""\nappendonly no\n'
                "maxmemory-policy noeviction\nloglevel warning\ndaemonize no\n"
            ),
        )
        if not wait_until(self._ready_or_ended, READY_SECONDS) or not self.alive():
            self.stop()
            message = f"The embedded Redis does not start; {self.log} ends with:\n{tail(self.log)}"
            raise ServiceError(message)

    def alive(self) -> bool:
        """Whether the server process runs."""
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """Stop the server; nothing when it does not run."""
        if self.process is not None:
            end(self.process, STOP)
            self.process = None

    def url(self, database: int = 0) -> str:
        """The address of one of its sixteen numbered databases."""
        return f"redis://:{self._password}@127.0.0.1:{self.port}/{database}"

    def _ready_or_ended(self) -> bool:
        if not self.alive():
            return True
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self._password}\r\nPING\r\n".encode())
                return connection.recv(64).startswith(b"+OK")
        except OSError:
            return False
