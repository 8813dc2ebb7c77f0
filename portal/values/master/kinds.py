"""The kinds of fields of master data: numbers that offices give, addresses by field, contacts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from stdnum import get_cc_module
from stdnum.eu import at_02, vat
from stdnum.exceptions import ValidationError

from portal.errors import Invalid
from portal.values.kinds import Email, Kind, Text
from portal.values.master.codes import EU, EXEMPTIONS, SCHEMES, countries
from portal.values.text import shown
from portal.words import _

_VAT: Final = re.compile(r"[A-Z]{2}[A-Z0-9]{2,28}")
_ENDPOINT: Final = re.compile(r"([0-9]{4}|AN|AQ|AS|AU|EM):(\S{1,100})")
_GREECE: Final = "EL"
_ADDRESS_LINE_MAX: Final = 200
_BETWEEN: Final = re.compile(r"[\s.\-/]")


def _optional(value: object, at: str, maximum: int) -> str:
    return Text(maximum, minimum=0).read(value, at).strip()


@dataclass(frozen=True, slots=True)
class VatId:
    """A VAT number with the country before it, its check digits right where that is known."""

    def read(self, value: object, at: str) -> str:
        text = _BETWEEN.sub("", _optional(value, at, 64)).upper()
        if not text:
            return ""
        if _VAT.fullmatch(text) is None:
            raise Invalid({at: _('must be a VAT number with its country, like "IT00743110157"')})
        if not _is_right(text):
            raise Invalid({at: _("is no VAT number of its country: a letter or digit is wrong")})
        return text

    read_text = read

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": 64, "examples": ["IT00743110157"]}


def _is_right(number: str) -> bool:
    """Whether the country's own rule takes it; where none is known, any will do."""
    prefix = number[:2]
    if prefix == _GREECE or prefix in EU - {"GR"}:
        return bool(vat.is_valid(number))
    if prefix == "GR":
        return False
    known = get_cc_module(prefix.lower(), "vat")
    if known is None:
        return True
    try:
        known.validate(number)
    except ValidationError:
        return bool(known.is_valid(number[2:]))
    return True


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An electronic address, its scheme before it: "0201:ABC1234", "EM:bills@example.org"."""

    def read(self, value: object, at: str) -> str:
        text = _optional(value, at, 140)
        found = _ENDPOINT.fullmatch(text)
        if text and (found is None or found[1] not in SCHEMES):
            told = _(
                'must be a scheme and an address like "0204:991-01234-56" or "EM:a@example.org"'
            )
            raise Invalid({at: told})
        return text

    read_text = read

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": 140, "examples": ["EM:bills@example.org"]}


@dataclass(frozen=True, slots=True)
class CreditorId:
    """The identifier of a creditor of SEPA direct debits, its check digits right."""

    def read(self, value: object, at: str) -> str:
        text = _optional(value, at, 64)
        if text and not at_02.is_valid(text):
            told = _("is not a creditor identifier: a letter or digit is wrong")
            raise Invalid({at: told})
        return str(at_02.compact(text)) if text else ""

    read_text = read

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": 64, "examples": ["DE98ZZZ09999999999"]}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why no tax is charged: a code of the list of reasons, or a sentence."""

    def read(self, value: object, at: str) -> str:
        text = _optional(value, at, 300)
        if text.upper().startswith("VATEX-"):
            if text.upper() not in EXEMPTIONS:
                told = _("%(code)r is not in the list of reasons (VATEX)") % {"code": shown(text)}
                raise Invalid({at: told})
            return text.upper()
        return text

    read_text = read

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": 300, "examples": ["VATEX-EU-132-1B"]}


@dataclass(frozen=True, slots=True)
class Country:
    """A country by its ISO 3166 code, "IT"; or nothing."""

    def read(self, value: object, at: str) -> str:
        text = _optional(value, at, 8).upper()
        if text and text not in countries():
            raise Invalid({at: _('must be a country by its code, like "IT"')})
        return text

    read_text = read

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": 8, "examples": ["IT"]}


@dataclass(frozen=True, slots=True)
class Parts:
    """An object of a few texts, kept as one; without any of them it is {}.

    On a page each of them is a box: "contact-name".
    """

    of: tuple[tuple[str, Kind], ...]
    needed: tuple[str, ...] = ()

    def read(self, value: object, at: str) -> dict[str, str]:
        if not isinstance(value, Mapping):
            raise Invalid({at: _("must be an object")})
        return self._read(value, f"{at}.")

    def read_text(self, value: Any, at: str) -> dict[str, str]:
        """Of the boxes of a page, by the names of the parts."""
        return self._read(value if isinstance(value, Mapping) else {}, f"{at}-")

    def _read(self, value: Mapping[str, Any], before: str) -> dict[str, str]:
        known = dict(self.of)
        problems = {
            f"{before}{shown(name)}": _("is not a field of this object")
            for name in value
            if name not in known
        }
        found: dict[str, str] = {}
        for name, kind in self.of:
            try:
                found[name] = kind.read(value.get(name, ""), f"{before}{name}")
            except Invalid as wrong:
                problems.update(wrong.fields)
        if not problems and any(found.values()):
            problems = {
                f"{before}{name}": _("is required") for name in self.needed if not found[name]
            }
        if problems:
            raise Invalid(problems)
        return found if any(found.values()) else {}

    def schema(self) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {name: kind.schema() for name, kind in self.of},
            "additionalProperties": False,
        }


_LINE: Final = Text(_ADDRESS_LINE_MAX, minimum=0)
POSTAL: Final = Parts(
    (
        *(("line1", _LINE), ("line2", _LINE), ("postcode", Text(32, minimum=0))),
        *(("city", Text(100, minimum=0)), ("country", Country())),
    ),
    needed=("line1", "city", "country"),
)
"""An address field by field; its street, city and country are there."""
CONTACT: Final = Parts(
    (("name", _LINE), ("telephone", Text(64, minimum=0)), ("email", Email(optional=True)))
)
"""Whom to ask about a document."""


class Postal(tuple[str, ...]):  # noqa: SLOT001 - a tuple has no places for its parts
    """An address as it is printed, line by line, of one that was given field by field."""

    parts: dict[str, str]

    @classmethod
    def of(cls, parts: Mapping[str, str]) -> Postal:
        """Street, postcode with city, and the country's name in English capitals."""
        if not parts:
            made = cls(())
        else:
            town = " ".join(one for one in (parts["postcode"], parts["city"]) if one)
            country = countries()[parts["country"]].upper()
            lines = (parts["line1"], parts["line2"], town, country)
            made = cls(line for line in lines if line)
        made.parts = dict(parts)
        return made


@dataclass(frozen=True, slots=True)
class Address:
    """An address: a list of lines, or an object that has it field by field."""

    lines: Kind

    @property
    def member(self) -> Any:
        """The kind of a line."""
        return getattr(self.lines, "member", None)

    def read(self, value: object, at: str) -> tuple[str, ...]:
        if isinstance(value, Mapping):
            return Postal.of(POSTAL.read(value, at))
        found: tuple[str, ...] = self.lines.read(value, at)
        return found

    def read_text(self, text: Any, at: str) -> tuple[str, ...]:
        found: tuple[str, ...] = self.lines.read_text(text, at)
        return found

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [self.lines.schema(), POSTAL.schema()]}
