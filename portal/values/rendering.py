"""What comes of rendering a document: the files that are kept, or why there are none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from portal.errors import PortalError

CHARACTERS_NAMED: Final = 20
"""Characters that a reason spells out; a document in Japanese may lack hundreds."""


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
    title: ClassVar[str] = "Document not rendered"


class RendererMissing(PortalError):
    """A system library for rendering is not installed; everything but PDFs works."""

    status: ClassVar[int] = 503
    title: ClassVar[str] = "PDF rendering is not installed"


class GlyphsMissing(PortalError):
    """No installed font draws some characters of the document: it waits until one does.

    `characters` are those, each once and in order; `command` brings fonts for them.
    """

    status: ClassVar[int] = 409
    title: ClassVar[str] = "A font is missing"

    def __init__(self, characters: str, command: str) -> None:
        self.characters = characters
        self.command = command
        super().__init__(f"{reason_of(characters)} Run as root: {command}")


def reason_of(characters: str) -> str:
    """Why a document waits, for people: the characters, and by code where they are few."""
    shown = characters[:CHARACTERS_NAMED]
    more = len(characters) - len(shown)
    codes = ", ".join(f"U+{ord(c):04X}" for c in shown[:3])
    rest = f" and {more} more" if more else ""
    return (
        f"No installed font draws “{shown}”{rest} ({codes}{', …' if len(characters) > 3 else ''})."
    )
