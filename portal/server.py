"""The server of the web process: uvicorn's, with an end to all that the other side may delay.

A connection that never ends its headers, sends its body byte by byte or takes no answer costs
whoever opened it nothing. Here each wait has a bound, and of too many connections the one that has
waited longest goes.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from typing import Final, cast

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.supervisors import Multiprocess

FACTORY: Final = "portal.app:create_app"
STOP_SECONDS: Final = 6
BACKLOG: Final = 1024
IDLE_SECONDS: Final = 65
"""Between two requests; longer than the minute after which proxies let go themselves."""
STALLED_SECONDS: Final = 60
"""For the next 48 kB or so of an answer to be taken."""
HEAD_MAX: Final = 32 * 1024
"""Bytes of a request's first line and headers."""
RATE: Final = 1024
"""Bytes a second of a body, in each stretch of `ConnectionLimits.timeout`."""
UNREAD_MAX: Final = 64 * 1024 * 1024
"""Bytes of a body that still come after it was answered."""


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """What the other side is given: `timeout` seconds for a head, and for each stretch of a body.

    `connections` is how many a process has open at once.
    """

    timeout: float = 20
    connections: int = 500


class LimitedConfig(uvicorn.Config):
    """uvicorn's settings, and the limits of its connections."""

    limits: ConnectionLimits


class _Phase(Enum):
    HEAD = "a head is awaited, or half of it is there"
    BODY = "the head is there, the body is not whole"
    WHOLE = "the request is there; nothing is awaited"


class PatientProtocol(HttpToolsProtocol):
    """One connection."""

    config: LimitedConfig
    _phase = _Phase.HEAD
    _timer: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None
    _received = 0
    """Bytes: of the head so far, or of the body in this stretch."""
    _unread = 0
    _since = 0.0
    _head_is_large = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_head()
        if len(self.connections) > self.config.limits.connections:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        self._phase = _Phase.WHOLE
        for timer in (self._timer, self._stalled):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._phase is _Phase.WHOLE:
            self._expect_head()
        super().data_received(data)
        if self._phase is _Phase.HEAD:
            self._received += len(data)
            if self._received > HEAD_MAX:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_message_begin(self) -> None:
        if self._phase is _Phase.WHOLE:
            self._expect_head()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > HEAD_MAX:
            self._head_is_large = True
            raise ValueError("the head is too large")  # the parser ends, and 400 is answered
        self._phase, self._received, self._unread = _Phase.BODY, 0, 0
        self._wait()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's signature
        large = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        self._refuse(large if self._head_is_large else HTTPStatus.BAD_REQUEST)

    def on_body(self, body: bytes) -> None:
        self._received += len(body)
        if self.cycle.response_complete:
            self._unread += len(body)
            if self._unread > UNREAD_MAX:
                self.transport.abort()
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._phase, self._since = _Phase.WHOLE, self.loop.time()
        if self._timer is not None:
            self._timer.cancel()
        super().on_message_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled = self.loop.call_later(STALLED_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
        super().resume_writing()

    @property
    def _is_answering(self) -> bool:
        cycle = cast("RequestResponseCycle | None", self.cycle)  # uvicorn's None until the first
        return cycle is not None and not cycle.response_complete

    def _expect_head(self) -> None:
        self._phase, self._received, self._since = _Phase.HEAD, 0, self.loop.time()
        self._wait()

    def _wait(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_later(self.config.limits.timeout, self._look)

    def _look(self) -> None:
        """The time is over: for a head, or for a stretch of a body."""
        in_body = self._phase is _Phase.BODY
        # Nobody can send while nothing is read: what came before is still being worked on.
        if self.flow.read_paused or (not in_body and self._is_answering):
            self._wait()
        elif in_body and self._received >= RATE * self.config.limits.timeout:
            self._received = 0
            self._wait()
        elif in_body and self.cycle.response_started:
            self.transport.abort()
        elif in_body or self._received:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)
        else:
            self.transport.close()

    def _make_room(self) -> None:
        """Close the connection on which nothing has been asked for longest, or else this one."""
        idle = [
            other
            for other in self.connections
            if isinstance(other, PatientProtocol)
            and other is not self
            and other._phase is not _Phase.BODY  # noqa: SLF001 - of the same class
            and not other._is_answering  # noqa: SLF001 - of the same class
            and not other.transport.is_closing()
        ]
        if idle:
            min(idle, key=lambda other: other._since).transport.abort()  # noqa: SLF001 - likewise
        else:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)

    def _refuse(self, status: HTTPStatus) -> None:
        """Say why in a line, and close; who does not take the line is cut off."""
        if self.transport.is_closing():
            return
        text = f"{status.phrase}. {status.description}".strip().encode()
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: text/plain\r\n"
            f"content-length: {len(text)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + text)
        self.transport.close()
        self.loop.call_later(self.config.limits.timeout, self.transport.abort)


def serve_web(
    host: str, port: int, processes: int, limits: ConnectionLimits, *, factory: str = FACTORY
) -> None:
    """Answer web requests until this process is told to stop; `processes` share the port.

    `factory` names what makes the application, "module:function".
    """
    config = LimitedConfig(
        factory,
        factory=True,
        host=host,
        port=port,
        workers=processes,
        http=PatientProtocol,
        ws="none",
        access_log=False,
        log_level="warning",
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    config.limits = limits
    if processes > 1:
        Multiprocess(config, sockets=[config.bind_socket()]).run()
        return
    server = uvicorn.Server(config)
    with suppress(KeyboardInterrupt):  # what was under way has been answered
        server.run()
    if not server.started:
        sys.exit(STARTUP_FAILURE)
