"""What a sync run met that is not as it should be: said in a few sentences, and in nobody's way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from portal.values.watcher import AddressRefused, WatcherFailed, called
from portal.words import _, english, mapped, ngettext

SAID_MAX: Final = 20
SENTENCE_MAX: Final = 300
WARNINGS_MAX: Final = SAID_MAX + 2
"""The first sentences, how many cameras have no name, and how many sentences there are more."""
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
            unnamed = ngettext(
                "%(count)s camera has no readable name and is left out",
                "%(count)s cameras have no readable name and are left out",
                self.unnamed,
            )
            found.insert(0, unnamed % {"count": self.unnamed})
        more = self.count - SAID_MAX
        if more > 0 and self.count == COUNTED_MAX:
            found.append(_("Not shown: at least %(count)s more warnings") % {"count": more})
        elif more > 0:
            rest = ngettext(
                "Not shown: %(count)s more warning", "Not shown: %(count)s more warnings", more
            )
            found.append(rest % {"count": more})
        return found

    def add(self, sentence: str) -> None:
        """Keep a sentence about one object."""
        if len(self._sentences) < COUNTED_MAX:
            line: str = mapped(sentence, _line)
            fits = len(line) <= SENTENCE_MAX
            self._sentences[line if fits else _line(english(line))] = None

    def failed(self, sentence: str, error: WatcherFailed) -> None:
        """Keep what failed for one object. Raises the error when it is not that object's."""
        self._in_a_row += 1
        if self._in_a_row >= IN_A_ROW_MAX or isinstance(error, AddressRefused):
            raise error
        self.add(_("%(what)s: %(why)s") % {"what": sentence, "why": error.message})

    def worked(self) -> None:
        """One object answered: what fails is single ones."""
        self._in_a_row = 0


def no_id(plural: str) -> str:
    """That objects of a list were left out."""
    told = _("Some of the %(plural)s have no readable id and are left out")
    return told % {"plural": called(plural)}


def _line(text: Any) -> Any:
    """On one line and short; what cannot be printed is shown by its escape. Numbers as they are."""
    if not isinstance(text, str):
        return text
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text[: SENTENCE_MAX * 2])
    return shown if len(shown) <= SENTENCE_MAX else shown[: SENTENCE_MAX - 1] + "…"
