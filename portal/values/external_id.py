"""What an external id may hold: the one rule for forms, the API, rows of usage and readings.

A camera's external id stands in addresses, forms, lists and documents. So it has 1 to 255
characters that can be seen (`portal.values.text`), and is neither blank nor "." or "..": these
never arrive where an address sends them.
"""

from __future__ import annotations

import unicodedata
from hashlib import sha256
from typing import Final
from urllib.parse import quote

from portal.values.text import REFUSED, complaint, is_shown
from portal.words import _

EXTERNAL_ID_MAX: Final = 255
_MARK_LENGTH: Final = 16
ESCAPED_MAX: Final = 12
"""Characters that one becomes when it is escaped: four bytes, three each."""


def complaint_of_id(text: str) -> str | None:
    """What is wrong with an external id; None when nothing is."""
    if text in {".", ".."}:
        return _("must not be a dot or two: an address cannot hold that")
    return complaint(text, minimum=1, maximum=EXTERNAL_ID_MAX)


def id_for(name: str, suffix: str = "", *, marked: bool = False) -> str:
    """The external id of a camera that Watcher calls `name`: the name itself, where it may be one.

    What an id may not hold is escaped as in an address (a tab is "%09"), and a name that is too
    long is cut and marked by its hash, as is every one with `marked`. The same name gives the same
    id, at any time; `suffix` is put behind it.
    """
    text = "".join(
        letter
        if is_shown(name, place) and unicodedata.category(letter) not in REFUSED
        else escaped(letter)
        for place, letter in enumerate(name)
    )
    if complaint(text, minimum=1, maximum=len(name) * ESCAPED_MAX) or text in {".", ".."}:
        # "." is what `quote` leaves as it is.
        text = quote(text, safe="").replace(".", "%2E")
    if marked or not text or len(text) + len(suffix) > EXTERNAL_ID_MAX:
        mark = "~" + sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:_MARK_LENGTH]
        text = _cut(text, EXTERNAL_ID_MAX - len(mark) - len(suffix), mark) + mark
    return text + suffix


def _cut(text: str, length: int, behind: str) -> str:
    """The beginning of a text, without a joiner at its end that would join nothing."""
    text = text[:length]
    while text and not is_shown(text + behind, len(text) - 1):
        text = text[:-1]
    return text


def escaped(letter: str) -> str:
    """A character as an address writes it, halves of surrogate pairs as well: "%ED%A0%80"."""
    return quote(letter.encode("utf-8", "surrogatepass"), safe="")
