"""How the months of a cloud close, and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from portal.words import _

AUTOMATIC: Final = "automatic"
LOOK: Final = "look"
HAND: Final = "hand"
MODES: Final[Mapping[str, tuple[str, str]]] = {
    LOOK: (
        _("Automatically unless something needs a look"),
        _("Workers close a month when it is due and complete, and every surprise is fine."),
    ),
    AUTOMATIC: (
        _("Automatically"),
        _("Workers close a month when it is due, unless days of usage are missing."),
    ),
    HAND: (_("By hand"), _("A month stays open until a person closes it.")),
}
"""Each with its name and what it means; the first is what a new cloud gets."""

REASONS: Final = (
    _("Switched off on these days"),
    _("The connection failed; the usage is lost"),
    _("Usage follows later"),
)
"""Why days without complete usage are accepted; the first is preselected."""
