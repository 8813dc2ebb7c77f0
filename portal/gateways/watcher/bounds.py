"""How much of a Watcher's lists is read; `Kept` counts what is kept of them in memory."""

from __future__ import annotations

from typing import Final

CAMERAS_MAX: Final = 150_000
"""Cameras of one connection. Their names are what a sync run keeps in memory."""
PAGES_MAX: Final = 20_000
"""Pages of one list: 150 000 cameras on pages of eight."""
CURSOR_LENGTH_MAX: Final = 2_000
