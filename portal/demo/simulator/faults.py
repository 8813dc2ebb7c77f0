"""Answers that go wrong on purpose: by path, so many times, after so many good ones."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import msgspec
from litestar.types import ASGIApp, Message, Receive, Scope, Send


class Fault(msgspec.Struct, frozen=True):
    """What goes wrong.

    `match` is a part of the path. The first `after_page` matching requests are let through, then
    `times` of them (None for all) are delayed by `delay_ms` of real time or until the fault is
    taken away, answered with `status`, or have their body cut in half: `truncate_body` true breaks
    the JSON only, "connection" also announces the whole length, so that the connection breaks.
    """

    match: str
    status: int | None = None
    times: int | None = 1
    delay_ms: int = 0
    truncate_body: bool | str = False
    after_page: int = 0
    retry_after: str | None = None
    method: str | None = None


@dataclass(slots=True)
class Armed:
    """A fault, how often it was met, and whether it was taken away."""

    fault: Fault
    met: int = 0
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    def strikes(self, method: str, path: str) -> bool:
        """Whether this request is one of those that go wrong; counts it."""
        fault = self.fault
        if fault.match not in path or (fault.method or method) != method:
            return False
        self.met += 1
        done = self.met - fault.after_page
        return done > 0 and (fault.times is None or done <= fault.times)


@dataclass(slots=True)
class Faults:
    """All that are armed. The control routes are never hit."""

    armed: list[Armed] = field(default_factory=list)

    def arm(self, fault: Fault) -> None:
        """Add one."""
        self.armed.append(Armed(fault))

    def clear(self) -> None:
        """Remove all; whoever waits for an answer has it now."""
        for one in self.armed:
            one.gone.set()
        self.armed.clear()

    def strike(self, method: str, path: str) -> Armed | None:
        """The first fault that hits a request."""
        hits = [one for one in self.armed if one.strikes(method, path)]
        return hits[0] if hits else None


def with_faults(faults: Faults, app: ASGIApp) -> ASGIApp:
    """An app whose answers go wrong as `faults` says."""

    async def faulty(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith("/_sim"):
            await app(scope, receive, send)
            return
        # HTTP is all that is served here; a request always has a method.
        struck = faults.strike(str(scope.get("method")), scope["path"])
        if struck is None:
            await app(scope, receive, send)
            return
        fault = struck.fault
        if fault.delay_ms:
            with suppress(TimeoutError):
                await asyncio.wait_for(struck.gone.wait(), fault.delay_ms / 1000)
        if fault.status is not None:
            await _answer(send, fault, scope["path"])
        elif fault.truncate_body:
            await app(scope, receive, _cut(send, keep_length=fault.truncate_body == "connection"))
        else:
            await app(scope, receive, send)

    return faulty


async def _answer(send: Send, fault: Fault, path: str) -> None:
    status = fault.status or 500
    body: Any = {"error": "SimulatedFault", "error_message": "a fault was asked for"}
    if "/v3/" in path:
        body = {"errors": [{"status": str(status), "code": "simulated", "title": "a fault"}]}
    content = msgspec.json.encode(body)
    headers = [(b"content-type", b"application/json"), _length(len(content))]
    if fault.retry_after is not None:
        headers.append((b"retry-after", fault.retry_after.encode()))
    if 300 <= status < 400:
        headers.append((b"location", b"http://127.0.0.1:9/elsewhere"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content, "more_body": False})


def _cut(send: Send, *, keep_length: bool) -> Send:
    """A `send` that lets half of a body through."""
    start: list[Message] = []
    held: list[bytes] = []

    async def cut(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.append(message)
        elif message["type"] == "http.response.body":
            held.append(message["body"])
            if message["more_body"]:
                return
            whole = b"".join(held)
            half = whole[: len(whole) // 2]
            opening = start[0]
            if opening["type"] == "http.response.start" and not keep_length:
                others = [one for one in opening["headers"] if one[0].lower() != b"content-length"]
                opening["headers"] = [*others, _length(len(half))]
            await send(opening)
            await send({"type": "http.response.body", "body": half, "more_body": False})

    return cut


def _length(size: int) -> tuple[bytes, bytes]:
    return b"content-length", str(size).encode()
