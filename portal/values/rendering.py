"""What comes of rendering a document: the files that are kept, or why there are none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from portal.errors import PortalError
from portal.words import _

CHARACTERS_NAMED: Final = 20
"""Characters that a reason spells out; a document in Japanese may lack hundreds."""
CODES_NAMED: Final = 3
"""Of these, those that are told by their code, too."""


@dataclass(frozen=True, slots=True)
class RenderedDocument:
    """The bytes of a PDF and their SHA-256 in hex.

    `replaced` holds the characters that no font can be had for, printed as U+FFFD. `usage` is the
    CSV that is attached to the PDF, None where the appendix lists the cameras itself.
    """

    pdf: bytes
    sha256: str
    pages: int
    replaced: str = ""
    usage: bytes | None = None


class DocumentFailed(PortalError):
    """The document was not made into a PDF. The books are untouched, so it can be tried again."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = _("Document not rendered")


class RendererMissing(PortalError):
    """A system library for rendering is not installed; everything but PDFs works."""

    status: ClassVar[int] = 503
    title: ClassVar[str] = _("PDF rendering is not installed")


class GlyphsMissing(PortalError):
    """No installed font draws some characters of the document: it waits until one does.

    `characters` are those, each once and in order; `command` brings fonts for them.
    """

    status: ClassVar[int] = 409
    title: ClassVar[str] = _("A font is missing")

    def __init__(self, characters: str, command: str) -> None:
        self.characters = characters
        self.command = command
        told = _("%(reason)s Run as root: %(command)s")
        super().__init__(told % {"reason": reason_of(characters), "command": command})


def reason_of(characters: str) -> str:
    """Why a document waits, for people: the characters, and by code where they are few."""
    shown = characters[:CHARACTERS_NAMED]
    more = len(characters) - len(shown)
    codes = ", ".join(f"U+{ord(c):04X}" for c in shown[:CODES_NAMED])
    facts = {"shown": shown, "more": more, "codes": codes}
    if more:
        return _("No installed font draws “%(shown)s” and %(more)s more (%(codes)s, …).") % facts
    if len(characters) > CODES_NAMED:
        return _("No installed font draws “%(shown)s” (%(codes)s, …).") % facts
    return _("No installed font draws “%(shown)s” (%(codes)s).") % facts
