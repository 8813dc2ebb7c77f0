"""An answer's JSON, within bounds."""

from __future__ import annotations

import json
from typing import Any, Final

import msgspec

from portal.values.watcher import Nonsense
from portal.words import _

VALUES_MAX: Final = 150_000
"""Of one answer: a page of 500 cameras that say 300 things each."""
_DIGITS_MAX: Final = 400


def decoded(content: bytes | bytearray) -> Any:
    """The JSON of an answer.

    What it holds is counted before it is read: `[{},{},…]` takes 24 times its length in memory.
    Within the bound an answer takes less than 30 MB besides its text. What strict JSON does not
    allow within a text or a number (bytes that are no UTF-8, half a surrogate pair, a tab,
    infinity) is read all the same: it is one object's, not the list's. Raises `Nonsense` for too
    many values or too many of them within each other, `ValueError` for what is no JSON.
    """
    if count_values(content) > VALUES_MAX:
        raise Nonsense(
            _("an answer of more than %(values_max)s values") % {"values_max": VALUES_MAX}
        )
    try:
        try:
            return msgspec.json.decode(content)
        except (msgspec.DecodeError, UnicodeDecodeError):
            text = content.decode("utf-8", "replace")
            return json.loads(text, strict=False, parse_int=_whole)
    except RecursionError:
        raise Nonsense(_("an answer that is nested too deeply")) from None


def count_values(content: bytes | bytearray) -> int:
    """Commas and opening brackets: as many as there are values, or more."""
    return content.count(b",") + content.count(b"[") + content.count(b"{")


def _whole(digits: str) -> int | float:
    """A number of an answer; Python reads none of more than 4300 digits, and such a one is none."""
    return int(digits) if len(digits) <= _DIGITS_MAX else float(digits)
