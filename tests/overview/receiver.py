"""An operator's own system: a server of this machine that keeps what it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Receiver:
    """Answers with `status` and `more` headers; `got` are the headers and bodies that came."""

    url: str = ""
    status: int = 200
    more: str = ""
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:-2]
        sent = {name.lower(): value for name, _, value in (line.partition(": ") for line in head)}
        body = await reader.readexactly(int(sent["content-length"]))
        self.got.append((sent, body))
        text = "x" * 3000
        writer.write(
            f"HTTP/1.1 {self.status} Said\r\n{self.more}Content-Length: {len(text)}\r\n"
            f"Connection: close\r\n\r\n{text}".encode()
        )
        writer.close()


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    """One that listens until the end."""
    one = Receiver()
    server = await asyncio.start_server(one.answer, "127.0.0.1", 0)
    one.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    async with server:
        yield one
