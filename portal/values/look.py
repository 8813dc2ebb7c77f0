"""What an operator's pages and documents wear: a logo, made anew of what was uploaded."""

from __future__ import annotations

import io
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
