"""What a sync run met that is not as it should be: said in a few sentences, and in nobody's way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from portal.values.watcher import AddressRefused, WatcherFailed

SAID_MAX: Final = 20
SENTENCE_MAX: Final = 300
WARNINGS_MAX: Final = SAID_MAX + 2
"""The first sentences, how many cameras have no name, and how many sentences there are more."""
NO_ID: Final = "Some of the {} have no readable id and are left out"
COUNTED_MAX: Final = 10_000
IN_A_ROW_MAX: Final = 20
"""So many failures without a success between them are Watcher's as a whole, not a camera's."""


@dataclass(slots=True)
class Oddities:
    """Sentences about single objects, each counted once however often it is met.

    `unnamed` is how many cameras were listed without a name that can be read.
    """

    unnamed: int = 0
    _sentences: dict[str, None] = field(default_factory=dict)
    _in_a_row: int = 0

    @property
    def count(self) -> int:
        """How many there are; no more than `COUNTED_MAX` are told apart."""
        return len(self._sentences)

    @property
    def said(self) -> list[str]:
        """The first of them, for people."""
        return list(self._sentences)[:SAID_MAX]

    @property
    def warnings(self) -> list[str]:
        """What a reading keeps of them: at most `WARNINGS_MAX`, each of one line."""
        found = self.said
        if self.unnamed:
            one = "1 camera has no readable name and is left out"
            many = f"{self.unnamed} cameras have no readable name and are left out"
            found.insert(0, one if self.unnamed == 1 else many)
        more = self.count - SAID_MAX
        if more > 0:
            at_least = "at least " if self.count == COUNTED_MAX else ""
            found.append(f"Not shown: {at_least}{more} more warning{'' if more == 1 else 's'}")
        return found

    def add(self, sentence: str) -> None:
        """Keep a sentence about one object."""
        if len(self._sentences) < COUNTED_MAX:
            self._sentences[_line(sentence)] = None

    def failed(self, sentence: str, error: WatcherFailed) -> None:
        """Keep what failed for one object. Raises the error when it is not that object's."""
        self._in_a_row += 1
        if self._in_a_row >= IN_A_ROW_MAX or isinstance(error, AddressRefused):
            raise error
        self.add(f"{sentence}: {error.message}")

    def worked(self) -> None:
        """One object answered: what fails is single ones."""
        self._in_a_row = 0


def _line(text: str) -> str:
    """On one line and short; what cannot be printed is shown by its escape."""
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text[: SENTENCE_MAX * 2])
    return shown if len(shown) <= SENTENCE_MAX else shown[: SENTENCE_MAX - 1] + "…"
