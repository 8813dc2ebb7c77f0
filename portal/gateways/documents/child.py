"""The process that renders: a value's JSON in on standard input, a PDF out on standard output.

A frame is a length of four bytes, most significant first, and that many bytes. A request is a frame
with what is wanted and one with what it is wanted of; the answer is a frame of JSON, one with the
PDF and one with the CSV beside it, both empty after an error. The end of the input is the order to
leave, so children do not outlive a parent that was killed.
"""

from __future__ import annotations

import json
import os
import signal
import struct
import sys
from typing import BinaryIO, Final

from portal.errors import PortalError
from portal.gateways.documents.render import render, still_waiting
from portal.values.document import DocumentValue
from portal.values.rendering import GlyphsMissing, RendererMissing

LENGTH: Final = struct.Struct(">I")
NICENESS: Final = 10
RENDER: Final = b"render"
STILL_WAITING: Final = b"still waiting"


def main() -> None:
    """Answer requests until the input ends."""
    # Ctrl+C reaches the whole group of processes; the parent decides when its children leave.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICENESS)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # libraries that print must not print into an answer
    requests = sys.stdin.buffer
    while (wanted := _read(requests)) is not None and (text := _read(requests)) is not None:
        head, *files = answer(wanted, text)
        try:
            answers.write(frame(json.dumps(head).encode()) + b"".join(map(frame, files)))
            answers.flush()
        except BrokenPipeError:
            return  # the parent has gone, and with it the reader


def answer(wanted: bytes, text: bytes) -> tuple[dict[str, object], bytes, bytes]:
    """The head, the PDF and the CSV for one request: RENDER of a value, STILL_WAITING of waits.

    A head with `error` has no files; its `kind` tells a library that is not installed (`renderer`)
    and a font that is to come (`glyphs`, with `characters` and `command`) from a document that
    cannot be rendered.
    """
    try:
        if wanted == STILL_WAITING:
            return {"waiting": still_waiting(json.loads(text))}, b"", b""
        made = render(DocumentValue.from_json(text))
    except GlyphsMissing as error:
        head = {"characters": error.characters, "command": error.command}
        return {"error": error.message, "kind": "glyphs", **head}, b"", b""
    except PortalError as error:
        kind = "renderer" if isinstance(error, RendererMissing) else ""
        return {"error": error.message, "kind": kind}, b"", b""
    except Exception as error:  # noqa: BLE001 - whatever WeasyPrint raises is this document's failure
        return {"error": f"{type(error).__name__}: {error}", "kind": ""}, b"", b""
    told: dict[str, object] = {
        "sha256": made.sha256,
        "pages": made.pages,
        "replaced": made.replaced,
        "has_usage": made.usage is not None,
    }
    return told, made.pdf, made.usage or b""


def frame(content: bytes) -> bytes:
    """`content` with its length before it."""
    return LENGTH.pack(len(content)) + content


def _read(source: BinaryIO) -> bytes | None:
    """The next frame, or None at the end of the input, also in the middle of one."""
    head = source.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    content = source.read(length)
    return content if len(content) == length else None
