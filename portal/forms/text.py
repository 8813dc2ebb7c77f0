"""What a text from outside may hold: the one rule about characters."""

from __future__ import annotations

import unicodedata
from typing import Final

# Control characters (NUL included), halves of surrogate pairs, and separators of lines.
REFUSED: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})


def complaint(text: str, *, minimum: int, maximum: int) -> str | None:
    """What is wrong with a text of `minimum` to `maximum` characters; None when nothing is."""
    if len(text) > maximum:
        return f"must have at most {maximum} characters"
    if len(text) < minimum or (minimum and not text.strip()):
        return "must not be empty"
    if text.isascii() and text.isprintable():
        return None
    if any(unicodedata.category(letter) in REFUSED for letter in text):
        return "must not hold control characters"
    return None


def shown(text: object, maximum: int = 60) -> str:
    """A text from outside, made fit to stand in a message."""
    whole = str(text)
    cut = whole[:maximum] + "…" if len(whole) > maximum else whole
    return cut.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
