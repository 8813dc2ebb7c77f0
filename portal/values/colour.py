"""Colours as an operator chooses one: "#1f6feb", dark enough for white text."""

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


def tint(colour: str, percent: int) -> str:
    """So many percent of a colour on white: 10 of "#000000" is "#e6e6e6"."""
    mixed = (255 - (255 - part) * percent // 100 for part in _parts(colour))
    return "#" + "".join(f"{part:02x}" for part in mixed)


def _parts(colour: str) -> tuple[int, int, int]:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return red, green, blue


def _luminance(colour: str) -> float:
    shares = (part / 255 for part in _parts(colour))
    red, green, blue = (
        share / 12.92 if share <= 0.03928 else ((share + 0.055) / 1.055) ** 2.4 for share in shares
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
