"""Keeps the parts of one machine's installation running until it is told to stop.

One loop looks after all children: an embedded server, a web process, workers. Whoever ends is
started again after a pause that doubles with each quick end. A worker, for example, ends when Redis
does, and both come back. Every child has a session of its own and dies with this process.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import BinaryIO, Final, Protocol

from portal.embedded.process import Identity, ServiceError, launcher
from portal.errors import PortalError
from portal.privileges import environment_of

TICK_SECONDS: Final = 0.1
PAUSE_SECONDS_MIN: Final = 0.5
PAUSE_SECONDS_MAX: Final = 30.0
STEADY_SECONDS: Final = 30.0
"""A child that has run this long starts anew with the shortest pause."""
STOP_SECONDS: Final = 9.0
ENDS_BEFORE_READY_MAX: Final = 3
ITSELF: Final = Identity()
"""Whoever we are."""


class Part(Protocol):
    """Something that can be kept running: an embedded server or a Child."""

    @property
    def name(self) -> str: ...

    def start(self) -> None: ...

    def alive(self) -> bool: ...


class Child:
    """A process of ours, `camledger serve` or `camledger worker`, whose output we pass on.

    `environment` is added to our own. Each line of its output goes to standard error behind its
    name. Started by root, it runs as `identity`.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        identity: Identity = ITSELF,
    ) -> None:
        self.name = name
        self._command = [
            *launcher(identity, signal.SIGTERM),
            sys.executable,
            "-m",
            "portal.cli",
            *command,
        ]
        self._environment = {
            **os.environ,
            **environment,
            **environment_of(identity),
            "PYTHONUNBUFFERED": "1",
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process; it need not be ready when this returns."""
        self.kill()  # what one that was killed has left behind
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self._environment,
            start_new_session=True,
        )
        if self._process.stdout is not None:
            pump = threading.Thread(
                target=_pass_on, args=(self.name, self._process.stdout), daemon=True
            )
            pump.start()

    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.poll() is None

    def ended_well(self) -> bool:
        """Whether the process has done what it was for."""
        return self._process is not None and self._process.poll() == 0

    def ask_to_stop(self) -> None:
        """Send SIGTERM."""
        if self._process is not None and self.alive():
            self._process.terminate()

    def kill(self) -> None:
        """End the process and whatever it has started, such as the processes that make PDFs."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):  # nobody of its session is left
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None


def _pass_on(name: str, output: BinaryIO) -> None:
    with output:
        for line in output:
            text = line.decode(errors="replace").rstrip("\n")
            sys.stderr.write(f"{name:9} | {text}\n")


@dataclass(slots=True)
class _Kept:
    """A part and when it may be started next."""

    part: Part
    started: float
    pause: float = PAUSE_SECONDS_MIN
    due: float | None = None
    ends: int = 0


@dataclass(slots=True)
class Supervisor:
    """Runs `servers` (started already) and `children` (not yet) until SIGTERM or Ctrl+C.

    The order of children is the order in which they start. `task` comes to an end by itself, and
    those that come `after` it wait for that; readiness is told after it too, or when it takes
    longer than `task_seconds_max`. A second signal ends everything at once.
    """

    servers: Sequence[Part]
    children: Sequence[Child]
    on_ready: Callable[[], None]
    ready: Callable[[], bool]
    task: Child | None = None
    after: Sequence[Child] = ()
    ready_seconds_max: float = 120.0
    task_seconds_max: float = 30.0
    _signals: int = field(default=0, init=False)

    def run(self) -> None:
        """Return when everything has been asked to stop and has stopped.

        Raises ServiceError when the children are not ready in time.
        """
        previous = {
            number: signal.signal(number, self._on_signal)
            for number in (signal.SIGTERM, signal.SIGINT)
        }
        try:
            self._keep()
        finally:
            self._stop()
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._signals += 1

    def _keep(self) -> None:
        begun = time.monotonic()
        kept = [_Kept(part, begun) for part in self.servers] + _started(self.children)
        first = _started([] if self.task is None else [self.task])
        is_ready = is_over = False
        while not self._signals:
            if not is_over and (self.task is None or self.task.ended_well()):
                is_over, first = True, []
                kept += _started(self.after)
            looked_after = [*kept, *first]
            for each in looked_after:
                _look_after(each)
            seconds = time.monotonic() - begun
            is_long = seconds > self.task_seconds_max
            if not is_ready and (is_over or is_long) and self.ready():
                is_ready = True
                self.on_ready()
            if not is_ready:
                self._be_patient(looked_after, seconds)
            time.sleep(TICK_SECONDS)

    @property
    def _all_children(self) -> list[Child]:
        return [*self.children, *([] if self.task is None else [self.task]), *self.after]

    def _be_patient(self, kept: Sequence[_Kept], seconds: float) -> None:
        for each in kept:
            if each.ends >= ENDS_BEFORE_READY_MAX:
                message = f"{each.part.name} cannot run: see what it says above."
                raise ServiceError(message)
        if seconds > self.ready_seconds_max:
            message = f"Camledger did not answer within {self.ready_seconds_max:.0f} s."
            raise ServiceError(message)

    def _stop(self) -> None:
        """Children first; their servers are their owner's to stop afterwards."""
        deadline = time.monotonic() + STOP_SECONDS
        asked = self._signals
        for child in self._all_children:
            child.ask_to_stop()
        while any(child.alive() for child in self._all_children):
            if time.monotonic() > deadline or self._signals > max(asked, 1):
                break
            time.sleep(TICK_SECONDS / 2)
        for child in self._all_children:
            child.kill()


def _started(children: Sequence[Child]) -> list[_Kept]:
    for child in children:
        child.start()
    return [_Kept(child, time.monotonic()) for child in children]


def _look_after(kept: _Kept) -> None:
    """Notice an end, and start again when the pause is over."""
    now = time.monotonic()
    if kept.due is None and not kept.part.alive():
        if now - kept.started > STEADY_SECONDS:
            kept.pause = PAUSE_SECONDS_MIN
        kept.due = now + kept.pause
        kept.ends += 1
        sys.stderr.write(f"{kept.part.name} has ended; starting it again in {kept.pause:g} s\n")
        kept.pause = min(kept.pause * 2, PAUSE_SECONDS_MAX)
    if kept.due is not None and now >= kept.due:
        kept.due = None
        try:
            kept.part.start()
        except PortalError as error:
            sys.stderr.write(f"{error.message}\n")
        kept.started = time.monotonic()
