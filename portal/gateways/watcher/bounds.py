"""How much of a Watcher's lists is kept in memory: so many things, and so many bytes of text."""

from __future__ import annotations

from sys import getsizeof
from typing import Final

from portal.gateways.watcher.failures import Nonsense

CAMERAS_MAX: Final = 150_000
"""Cameras of one connection. Their names are what a sync run keeps in memory."""
OTHERS_MAX: Final = 50_000
"""Organizations of one Watcher, or presets."""
TEXT_BYTES_MAX: Final = 12_000_000
"""Of all names or titles: 80 for each of 150 000 cameras. An accent or an emoji makes a text take
two or four bytes a character, all of them."""
PAGES_MAX: Final = 20_000
"""Pages of one list: 150 000 cameras on pages of eight."""
CURSOR_LENGTH_MAX: Final = 2_000


class Kept:
    """Counts what is kept of a list. `what` names it: "cameras"."""

    __slots__ = ("count", "count_max", "size", "what")

    def __init__(self, what: str, count_max: int = OTHERS_MAX) -> None:
        self.what, self.count_max = what, count_max
        self.count = self.size = 0

    def add(self, text: str) -> None:
        """One more with its text. Raises `Nonsense` when it is one too many."""
        self.count += 1
        self.size += getsizeof(text)
        if self.count > self.count_max:
            raise Nonsense(f"Watcher lists more than {self.count_max} {self.what}")
        if self.size > TEXT_BYTES_MAX:
            raise Nonsense(
                f"Watcher lists {self.what} with names of more than {TEXT_BYTES_MAX} bytes"
            )
