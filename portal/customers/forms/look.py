"""How a sign-in page looks."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Annotated, Any

from portal.errors import Invalid
from portal.kit.forms.form import UNSET, Unset
from portal.values.look import BYTES_MAX, CONTRAST_MIN, contrast, is_colour
from portal.words import _

ENCODED_MAX = 4 * (BYTES_MAX // 3 + 1)


@dataclass(frozen=True, slots=True)
class Colour:
    """A colour like "#1f6feb" on which white text can be read."""

    def read(self, value: object, at: str) -> str:
        colour = value.lower() if isinstance(value, str) else ""
        if not is_colour(colour):
            raise Invalid({at: _("must be a colour like #1f6feb")})
        if (found := contrast(colour)) < CONTRAST_MIN:
            facts = {"found": f"{found:.1f}", "least": f"{CONTRAST_MIN:.1f}"}
            raise Invalid(
                {
                    at: _("is too light: white on it has a contrast of %(found)s, not %(least)s")
                    % facts
                }
            )
        return colour

    read_text = read

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^#[0-9A-Fa-f]{6}$", "examples": ["#1f6feb"]}


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG, JPEG or WebP picture in base64."""

    def read(self, value: object, at: str) -> bytes:
        if not isinstance(value, str) or len(value) > ENCODED_MAX:
            raise Invalid({at: _("must be a picture in base64, of at most 512 kB")})
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError) as error:
            raise Invalid({at: _("must be a picture in base64, of at most 512 kB")}) from error

    read_text = read

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "contentEncoding": "base64", "maxLength": ENCODED_MAX}


@dataclass(frozen=True, slots=True, kw_only=True)
class LookChange:
    """A logo and a colour; null takes them away."""

    logo: Annotated[bytes | Unset | None, Picture()] = UNSET
    colour: Annotated[str | Unset | None, Colour()] = UNSET
