"""A Watcher that answers whatever costs most: bytes on a real socket, one attack a path."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain, islice, repeat
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

LIMIT = 4_000_000
"""Just what an answer may have."""
DAY_MS = 86_400_000
BEGAN_MS = 946_684_800_000
WIDE = "\N{VIDEO CAMERA}"
"""A character that makes every character of its text take four bytes."""

Answer = Iterable[bytes]
Ask = tuple[str, dict[str, str]]


def plain(body: bytes, *headers: str) -> Answer:
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers, "", ""]
    return ["\r\n".join(lines).encode() + body]


def data(value: Any) -> Answer:
    return plain(json.dumps(value, ensure_ascii=False).encode())


@lru_cache(maxsize=1)
def bomb() -> bytes:
    """A few kB of gzip in gzip, which are 300 MB."""
    inner = zlib.compressobj(1, wbits=31)
    zeros = bytes(1_000_000)
    packed = b"".join(inner.compress(zeros) for _ in range(300)) + inner.flush()
    return gzip.compress(packed, 9)


def filled(unit: bytes, size: int) -> Answer:
    return plain(b"[" + (unit + b",") * (size // (len(unit) + 1) - 1) + unit + b"]")


@dataclass(frozen=True)
class endless:  # noqa: N801 -- reads as the functions beside it
    """A head, and then the same for ever."""

    head: bytes
    unit: bytes

    def __iter__(self) -> Iterator[bytes]:
        return chain([self.head], repeat(self.unit * 1000))


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

EVERYWHERE: dict[str, Callable[[], Answer]] = {
    "gzip-gzip": lambda: plain(bomb(), "Content-Encoding: gzip, gzip"),
    "gzip-twice": lambda: plain(bomb(), "Content-Encoding: gzip", "Content-Encoding: gzip"),
    "x-gzip": lambda: plain(bomb(), "Content-Encoding: X-GZip"),
    "after-identity": lambda: plain(bomb(), "Content-Encoding: identity, gzip"),
    "br": lambda: plain(bytes(106), "Content-Encoding: br"),
    "zstd": lambda: plain(bytes(106), "Content-Encoding: zstd"),
    "deflate": lambda: plain(zlib.compress(bytes(5_000_000), 9), "Content-Encoding: deflate"),
    "packed-on-the-way": lambda: [
        CHUNKED.replace(b"chunked", b"gzip, chunked"),
        b"3\r\n[]\n\r\n0\r\n\r\n",
    ],
    "objects-10-mb": lambda: filled(b"{}", 10_000_000),
    "objects": lambda: filled(b"{}", LIMIT),
    "lists": lambda: filled(b"[[[[1]]]]", LIMIT),
    "one-field": lambda: filled(b'{"a":1}', LIMIT),
    "short-texts": lambda: filled('"éł"'.encode(), LIMIT),
    "wide-text": lambda: data([{"name": "a" * (LIMIT - 100) + WIDE}]),
    "wide-texts": lambda: data([{"name": f"{n}", "x": "a" * 3900 + WIDE} for n in range(1000)]),
    "deep": lambda: plain(b"[" * LIMIT),
    "number": lambda: plain(b"[" + b"9" * (LIMIT - 2) + b"]"),
    "headers": lambda: endless(b"HTTP/1.1 200 OK\r\n", b"X-More: and more\r\n"),
    "header": lambda: endless(b"HTTP/1.1 200 OK\r\nX-More: ", b"and more"),
    "status-line": lambda: endless(b"HTTP/1.1 200 ", b"fine"),
    "not-yet": lambda: endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "chunks": lambda: endless(CHUNKED, b"8000\r\n" + b"1" * 0x8000 + b"\r\n"),
    "one-chunk": lambda: endless(CHUNKED + b"7fffffff\r\n", b" " * 60),
    "small-chunks": lambda: endless(CHUNKED, b"1\r\n \r\n"),
    "chunk-extensions": lambda: endless(CHUNKED + b"1;", b"and=more;"),
    "trailers": lambda: endless(CHUNKED + b"2\r\n[]\r\n0\r\n", b"X-More: and more\r\n"),
    "length-too-long": lambda: [b"HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n[]"],
    "length-absurd": lambda: [b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n[]"],
    "length-negative": lambda: [b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n[]"],
    "no-length": lambda: endless(b"HTTP/1.1 200 OK\r\n\r\n", b"[1,2,3],"),
    "redirect": lambda: [
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n"
    ],
    "error-body": lambda: [
        b"HTTP/1.1 400 Bad\r\nConnection: close\r\n\r\n",
        *[b'[{"error":{}},' * 10_000] * 25,
    ],
}
"""Attacks that are the same wherever they are asked."""
ONCE = {"wide-text", "wide-texts"}
"""Of those that are read, each list has one page: sixty say nothing more."""


def names(asked: Ask, length: int) -> list[dict[str, Any]]:
    """The cameras of a page of a list without end."""
    _, params = asked
    first = int(params.get("offset") or params.get("cursor") or 0)
    size = int(params["limit"])
    return [{"name": f"{n:08d}".ljust(length, WIDE)} for n in range(first, first + size)]


def listed(asked: Ask, page: list[dict[str, Any]], plural: str) -> Answer:
    """A page of either generation."""
    path, params = asked
    if "/v2/" in path:
        return data(page)
    following = int(params.get("cursor") or 0) + int(params["limit"])
    return data({plural: page, "next": str(following)})


def groups(asked: Ask, length: int) -> list[dict[str, Any]]:
    return [{"id": int(one["name"][:8]), "title": WIDE * length} for one in names(asked, 8)]


def footage(asked: Ask, span_ms: int, *, ends: bool) -> Answer:
    """Ranges that do not touch, a page after the other."""
    return footage_from(int(asked[1].get("cursor") or 0), span_ms, ends)


@lru_cache(maxsize=32)
def footage_from(first: int, span_ms: int, ends: bool) -> Answer:
    ranges = [
        {"opened_at": BEGAN_MS + n * span_ms * 2, "closed_at": BEGAN_MS + n * span_ms * 2 + span_ms}
        for n in range(first, first + 1000)
    ]
    following = None if ends and first >= 18_000 else str(first + 1000)
    return data({"ranges": ranges, "next": following})


def once(asked: Ask, count_: int) -> list[dict[str, Any]]:
    return names(asked, 8)[:count_] if not int(asked[1].get("offset") or 0) else []


LISTS: dict[str, dict[str, Callable[[Ask], Answer]]] = {
    "cameras-without-end": {"cameras": lambda asked: listed(asked, names(asked, 8), "streams")},
    "long-names-without-end": {
        "cameras": lambda asked: listed(asked, names(asked, 255), "streams")
    },
    "organizations-without-end": {
        "organizations": lambda asked: listed(asked, groups(asked, 8), "organizations")
    },
    "long-titles-without-end": {
        "presets": lambda asked: listed(asked, groups(asked, 500), "presets")
    },
    "ids-that-are-lists": {"organizations": lambda _: data([{"id": [[]]}])},
    "footage-without-end": {
        "cameras": lambda asked: data(once(asked, 8)),
        "ranges": lambda asked: footage(asked, 1000, ends=False),
    },
    "footage-in-one-answer": {
        "cameras": lambda asked: data(once(asked, 8)),
        "ranges": lambda _: filled(b'{"from":1700000000,"duration":1}', LIMIT),
    },
    "very-long-cursor": {
        "cameras": lambda asked: data(once(asked, 8)),
        "ranges": lambda _: data({"ranges": [], "next": WIDE * 100_000}),
    },
    "much-footage": {
        "cameras": lambda asked: data(once(asked, 12)),
        "ranges": lambda asked: footage(asked, 1000, ends=True),
    },
    "footage-since-2000": {
        "cameras": lambda asked: data(once(asked, 12)),
        "ranges": lambda _: data([{"opened_at": BEGAN_MS, "closed_at": BEGAN_MS + 9500 * DAY_MS}]),
    },
}
"""Attacks by many answers, by what they are about; the rest is empty."""
GOOD = {
    *("much-footage", "footage-since-2000"),
    *("wide-text", "wide-texts", "ids-that-are-lists"),
}
"""What is much, but within the bounds, or one odd object among others: it is read."""


@lru_cache(maxsize=1)
def everywhere(attack: str) -> Answer:
    """Made once and sent often."""
    return EVERYWHERE[attack]()


def answer(attack: str, path: str, params: dict[str, str]) -> Answer:
    if path.endswith("/login"):
        return data({"access_token": "t", "session": "s"})
    if attack in ONCE and int(params.get("offset") or 0):
        return data([])
    if attack in EVERYWHERE:
        return everywhere(attack)
    for word, found in LISTS[attack].items():
        if path.endswith(("/streams" if word == "cameras" and "/v3/" in path else f"/{word}",)):
            return found((path, params))
    return data([] if "/v2/" in path else {path.rpartition("/")[2]: [], "next": None})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        attack, _, path = parts.path.lstrip("/").partition("/")
        params = {name: values[0] for name, values in parse_qs(parts.query).items()}
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        self.close_connection = attack in EVERYWHERE
        with suppress(OSError):  # whoever asked has heard enough
            for part in islice(answer(attack, f"/{path}", params), 1_000_000):
                self.wfile.write(self._spoken(part))

    def _spoken(self, part: bytes) -> bytes:
        """Whose connection ends says so: else the next question may be on its way to a closed one."""
        if self.close_connection and part.startswith(b"HTTP/1.1 "):
            return part.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)
        return part

    do_POST = do_GET  # noqa: N815 -- the name that the standard library looks for

    def log_message(self, *_: object) -> None:
        """Nothing is said."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Who hangs up in the middle is no error here."""


@contextmanager
def hostile() -> Iterator[str]:
    """The address of one; `/{attack}` below it is a Watcher's."""
    server = _Server(("127.0.0.1", 0), _Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
