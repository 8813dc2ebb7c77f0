"""What an operator's pages and documents wear: a logo, made anew of what was uploaded, a colour."""

from __future__ import annotations

import io
import re
import warnings
from typing import Final

from PIL import Image, UnidentifiedImageError

from portal.errors import Invalid
from portal.words import _

BYTES_MAX: Final = 512_000
SIDE_MAX: Final = 4_000
"""Pixels of a side, looked at before anything is decoded."""
FORMATS: Final = ("PNG", "JPEG", "WEBP")
_SIDES: Final = _("must have at most %(side)s pixels a side")
LOGO: Final = (320, 96)
"""What a logo is made to fit into, in pixels."""


def logo_of(content: bytes, at: str = "logo") -> bytes:
    """A PNG of at most LOGO, made of an uploaded picture. Raises `Invalid` with the field `at`.

    Only pixels are taken over: no metadata, no animation, no bytes behind the picture.
    """
    if len(content) > BYTES_MAX:
        raise Invalid({at: _("must be at most %(size)s kB") % {"size": BYTES_MAX // 1000}})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
                if max(picture.size) > SIDE_MAX:
                    raise Invalid({at: _SIDES % {"side": SIDE_MAX}})
                picture.thumbnail(LOGO)
                plain = picture.convert("RGBA")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Invalid({at: _SIDES % {"side": SIDE_MAX}}) from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Warning) as error:
        if isinstance(error, Invalid):
            raise
        raise Invalid({at: _("must be a picture: PNG, JPEG or WebP")}) from error
    made = io.BytesIO()
    # Pasted onto a new picture, which has none of the other's notes.
    clean = Image.new("RGBA", plain.size)
    clean.paste(plain)
    clean.save(made, "PNG", optimize=True)
    return made.getvalue()


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
