"""Colours, and whether white text can be read on them (WCAG 2.1, 1.4.3)."""

from __future__ import annotations

import re
from typing import Final

_HEX: Final = re.compile(r"#[0-9a-f]{6}")
WHITE: Final = "#ffffff"
CONTRAST_MIN: Final = 4.5


def is_colour(text: str) -> bool:
    """Whether this is a colour like "#1f6feb"."""
    return _HEX.fullmatch(text) is not None


def contrast(one: str, other: str = WHITE) -> float:
    """How much two colours differ in brightness: 1 for the same, 21 for black and white."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
