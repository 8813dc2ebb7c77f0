"""What a browser says of itself, as people say it."""

from __future__ import annotations

import re
from typing import Final

from portal.words import _

# The first that fits wins: Edge and Opera say that they are Chrome, and Chrome that it is Safari.
_BROWSERS: Final = (
    ("Edge", r"Edg(e|A|iOS)?/"),
    ("Opera", r"OPR/|Opera"),
    ("Firefox", r"Firefox/|FxiOS/"),
    ("Chrome", r"Chrome/|Chromium/|CriOS/"),
    ("Safari", r"Safari/"),
)
_SYSTEMS: Final = (
    ("Android", r"Android"),
    ("iPhone", r"iPhone"),
    ("iPad", r"iPad"),
    ("Windows", r"Windows"),
    ("macOS", r"Mac OS X|Macintosh"),
    ("ChromeOS", r"CrOS"),
    ("Linux", r"Linux|X11"),
)


def device_of(agent: str) -> str:
    """A browser by what it says of itself: "Firefox on Linux"."""
    browser = _first(_BROWSERS, agent)
    system = _first(_SYSTEMS, agent)
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or agent.partition("/")[0][:40] or _("Unknown browser")


def _first(kinds: tuple[tuple[str, str], ...], agent: str) -> str:
    return next((name for name, pattern in kinds if re.search(pattern, agent)), "")
