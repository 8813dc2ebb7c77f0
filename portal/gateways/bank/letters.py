"""Bytes of text files as letters: banks write in several charsets and say in none which."""

from __future__ import annotations

import codecs
from typing import Final

from portal.gateways.bank.fields import unreadable
from portal.words import _

MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
WITHOUT_MARK: Final = ("utf-8", "cp1252", "latin-1")
"""What is tried in turn: the last one reads any bytes."""


def decoded(content: bytes) -> str:
    """The text of a file. Raises `Invalid` for one that is none."""
    marked = [charset for mark, charset in MARKS if content.startswith(mark)]
    for charset in marked or WITHOUT_MARK:
        try:
            text = content.decode(charset)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return text
    raise unreadable(_("is not a text: it has bytes that no text has"))
