"""The outside world, each part behind a Protocol that tests and other installations can fill.

Keep this file free of imports that run: the children that render PDFs load it too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from portal.gateways.documents.render import RenderedDocument
    from portal.values.document import DocumentValue


class DocumentRenderer(Protocol):
    """Turns the value of an issued document into the bytes that are stored for good."""

    async def render(self, value: DocumentValue) -> RenderedDocument:
        """The PDF and its SHA-256. Raises DocumentFailed, GlyphsMissing or RendererMissing."""

    async def still_waiting(self, waits: Sequence[tuple[str, str]]) -> list[bool]:
        """Of each wait (characters, command), whether it still waits. Raises like `render`."""
