"""Documents rendered in processes of their own, as many at once as the pool has places.

Rendering is a second of pure computation: on a thread it would stop the event loop, and Pango in
threads is slower than alone. The children start when first needed, run at low priority and are
replaced after some documents. One that dies takes only its own document's first attempt with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from portal.gateways.documents.child import LENGTH, RENDER, STILL_WAITING, frame
from portal.ports import DocumentRenderer
from portal.values.document import DocumentValue
from portal.values.rendering import DocumentFailed, GlyphsMissing, RenderedDocument, RendererMissing
from portal.waiting import refuse_in_transaction
from portal.words import _

ROOT: Final = Path(__file__).parents[3]
# `-P` and an appended path: nothing in the working directory can pass itself off as a library.
START: Final = (
    "import sys; sys.path.append(sys.argv[1]); "
    "from portal.gateways.documents.child import main; main()"
)
ATTEMPTS: Final = 2
TIMEOUT: Final = 120.0
DOCUMENTS_PER_CHILD: Final = 200
GRACE: Final = 5.0


_Answer = tuple[dict[str, Any], bytes, bytes]
"""What a child says, a PDF and a CSV; both files may be empty."""


class DocumentPool(DocumentRenderer):
    """`processes` places, for one event loop.

    `timeout` is in seconds for one attempt; `documents_per_child` is how many documents a child
    renders before a new one takes its place.
    """

    def __init__(
        self,
        processes: int = 2,
        *,
        timeout: float = TIMEOUT,
        documents_per_child: int = DOCUMENTS_PER_CHILD,
    ) -> None:
        self._timeout = timeout
        self._documents_per_child = documents_per_child
        self._closed = False
        self._children = [_Child() for _ in range(max(1, processes))]
        # Last in, first out: a quiet pool keeps one warm child and never starts the second.
        self._idle: asyncio.LifoQueue[_Child] = asyncio.LifoQueue()
        for child in self._children:
            self._idle.put_nowait(child)

    @property
    def pids(self) -> list[int]:
        """The process ids of the children that are running."""
        return [child.pid for child in self._children if child.pid is not None]

    async def render(self, value: DocumentValue) -> RenderedDocument:
        """The PDF of `value`, once a child is free.

        A child that dies is replaced and the document tried once more. Raises DocumentFailed when
        that one dies too, when the document takes longer than the timeout or cannot be rendered,
        GlyphsMissing where it waits for a font, and RendererMissing where Pango is not installed.
        """
        head, pdf, usage = await self._ask(
            frame(RENDER) + frame(value.to_json().encode()), value.number
        )
        return RenderedDocument(
            pdf,
            head["sha256"],
            head["pages"],
            head["replaced"],
            usage if head["has_usage"] else None,
        )

    async def still_waiting(self, waits: Sequence[tuple[str, str]]) -> list[bool]:
        """Of each wait (characters, command), whether it still waits. Raises like `render`."""
        request = frame(STILL_WAITING) + frame(json.dumps(list(waits)).encode())
        head, _, _ = await self._ask(request, "The list of fonts")
        return [bool(one) for one in head["waiting"]]

    async def _ask(self, request: bytes, number: str) -> _Answer:
        refuse_in_transaction("A printing process")
        child = await self._idle.get()
        try:
            if self._closed:
                raise DocumentFailed(
                    _("%(number)s was not printed: the printing pool is closed.")
                    % {"number": number}
                )
            return await self._attempts(child, request, number)
        finally:
            self._idle.put_nowait(child)

    async def close(self) -> None:
        """Let the children leave; those still rendering after a few seconds are ended."""
        self._closed = True
        await asyncio.gather(*(child.stop(GRACE) for child in self._children))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def _attempts(self, child: _Child, request: bytes, number: str) -> _Answer:
        for _attempt in range(ATTEMPTS):
            try:
                async with asyncio.timeout(self._timeout):
                    answer = await child.ask(request)
            except TimeoutError:
                await child.stop()
                raise DocumentFailed(
                    _("%(number)s was not printed within %(timeout)s seconds.")
                    % {"number": number, "timeout": self._timeout}
                ) from None
            except (asyncio.IncompleteReadError, ConnectionError):
                await child.stop()
                if self._closed:
                    break
                continue
            except BaseException:
                # Cancelled in the middle: the answer under way must not become the next one's.
                child.kill()
                raise
            if child.rendered >= self._documents_per_child:
                await child.stop(GRACE)
            return _checked(answer, number)
        raise DocumentFailed(
            _("%(number)s was not printed: the printing process ended before it was done.")
            % {"number": number}
        )


class _Child:
    """One place of the pool: a process when it is needed, none before and after."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self.rendered = 0

    @property
    def pid(self) -> int | None:
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if self._process is not None and running else None

    async def ask(self, request: bytes) -> _Answer:
        """Send a request and read its answer, starting the process if there is none."""
        process = self._process
        if process is None or process.returncode is not None:
            process = await self._start()
        if process.stdin is None or process.stdout is None:
            raise ConnectionError("The printing process has no pipes.")
        process.stdin.write(request)
        await process.stdin.drain()
        head, pdf, usage = [await _frame_from(process.stdout) for _ in range(3)]
        self.rendered += 1
        return json.loads(head), pdf, usage

    async def stop(self, grace: float = 0.0) -> None:
        """End the process: by the end of its input, and by force after `grace` seconds."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), grace)
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    def kill(self) -> None:
        """End the process at once, without waiting for it; the next request starts another."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()

    async def _start(self) -> asyncio.subprocess.Process:
        """A new child. It gets none of the portal's settings: no use for a database's password."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("CAMLEDGER_")}
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-c",
            START,
            str(ROOT),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=environment,
        )
        self.rendered = 0
        return self._process


async def _frame_from(source: asyncio.StreamReader) -> bytes:
    (length,) = LENGTH.unpack(await source.readexactly(LENGTH.size))
    return await source.readexactly(length)


def _checked(answer: _Answer, number: str) -> _Answer:
    head = answer[0]
    if "error" not in head:
        return answer
    if head["kind"] == "glyphs":
        raise GlyphsMissing(head["characters"], head["command"])
    if head["kind"] == "renderer":
        raise RendererMissing(head["error"])
    raise DocumentFailed(
        _("%(number)s was not printed: %(why)s") % {"number": number, "why": head["error"]}
    )
