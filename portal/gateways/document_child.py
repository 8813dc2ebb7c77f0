"""The process that renders: a value's JSON in on standard input, a PDF out on standard output.

A frame is a length of four bytes, most significant first, and that many bytes. One request is one
frame; the answer is a frame of JSON and a frame with the PDF, which is empty after an error. The
end of the input is the order to leave, so children do not outlive a parent that was killed.
"""

from __future__ import annotations

import json
import os
import signal
import struct
import sys
from typing import BinaryIO, Final

from portal.errors import PortalError
from portal.gateways.document_value import DocumentValue
from portal.gateways.documents import RendererMissing, render

LENGTH: Final = struct.Struct(">I")
NICENESS: Final = 10


def main() -> None:
    """Answer requests until the input ends."""
    # Ctrl+C reaches the whole group of processes; the parent decides when its children leave.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICENESS)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # libraries that print must not print into an answer
    requests = sys.stdin.buffer
    while (text := _read(requests)) is not None:
        head, pdf = answer(text)
        try:
            answers.write(frame(json.dumps(head).encode()) + frame(pdf))
            answers.flush()
        except BrokenPipeError:
            return  # the parent has gone, and with it the reader


def answer(text: bytes) -> tuple[dict[str, str | int], bytes]:
    """The head and the PDF for one request.

    A head with `error` has no PDF; its `missing` tells a library that is not installed from a
    document that cannot be rendered. Otherwise `missing` holds the characters no font could draw.
    """
    try:
        made = render(DocumentValue.from_json(text))
    except PortalError as error:
        return {"error": error.message, "missing": isinstance(error, RendererMissing)}, b""
    except Exception as error:  # noqa: BLE001 - whatever WeasyPrint raises is this document's failure
        return {"error": f"{type(error).__name__}: {error}", "missing": False}, b""
    return {"sha256": made.sha256, "pages": made.pages, "missing": made.missing}, made.pdf


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
