"""The kinds of fields: what each reads, how it complains, and its JSON Schema.

A form is a dataclass whose fields are annotated with these; see `portal.kit.forms.form`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final, Protocol

from stdnum import iban

from portal.billing.money import CURRENCIES, QUANTITY_MAX, TEXT_MAX, parse_decimal, parse_quantity
from portal.billing.period import Period, parse_day, parse_month, parse_zone
from portal.errors import Invalid
from portal.values import locales
from portal.values.address import LENGTH_MAX, misleading, normal
from portal.values.external_id import EXTERNAL_ID_MAX, complaint_of_id
from portal.values.text import NAME_MAX, complaint, complaint_of_words, shown
from portal.values.typed import decimal_text
from portal.words import _

CODE_MAX: Final = 64
BANK_LINE_MAX: Final = 200
WHOLE_MAX: Final = 2**63 - 1

_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SLUG: Final = re.compile(r"[a-z0-9][a-z0-9_-]*")
_METER: Final = re.compile(r"[a-z0-9_]+(?:[.-][a-z0-9_]+)*")
_PREFIX: Final = re.compile(r"[A-Z0-9-]{1,16}")
_DECIMAL: Final = {"type": "string", "maxLength": TEXT_MAX, "pattern": r"^[0-9]+(\.[0-9]{1,6})?$"}
_IBAN: Final = re.compile(r"IBAN(?:[\s:.]+(.*))?", re.IGNORECASE)
_DIGITS: Final = re.compile(r"[0-9]{1,19}")


def _string(value: object, at: str) -> str:
    if isinstance(value, str):
        return value
    raise Invalid({at: _("must be a string")})


class Kind(Protocol):
    """How one field is read."""

    def read(self, value: object, at: str) -> Any:
        """The parsed value. Raises `Invalid` with the path `at`, or paths below it."""

    def read_text(self, text: str, at: str) -> Any:
        """The same for a value that comes as text, from an HTML form or a query."""

    def schema(self) -> dict[str, Any]:
        """The field as JSON Schema."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text of up to `maximum` characters; not empty unless `minimum` is 0.

    `is_read` is one that people read, such as a name; another is compared or handed on as it is.
    """

    maximum: int = NAME_MAX
    minimum: int = 1
    example: str = ""
    is_read: bool = True

    def read(self, value: object, at: str) -> str:
        value = _string(value, at)
        check = complaint if self.is_read else complaint_of_words
        if problem := check(value, minimum=self.minimum, maximum=self.maximum):
            raise Invalid({at: problem})
        return value

    read_text = read

    def schema(self) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": "string", "maxLength": self.maximum}
        if self.minimum:
            schema["minLength"] = self.minimum
        if self.example:
            schema["examples"] = [self.example]
        return schema


@dataclass(frozen=True, slots=True)
class ExternalId:
    """The video system's name for a camera; see `portal.values.external_id`."""

    def read(self, value: object, at: str) -> str:
        value = _string(value, at)
        if problem := complaint_of_id(value):
            raise Invalid({at: problem})
        return value

    read_text = read

    def schema(self) -> dict[str, Any]:
        return Text(EXTERNAL_ID_MAX, example="site-1/gate").schema()


@dataclass(frozen=True, slots=True)
class Pattern:
    """A text that is a name for machines."""

    pattern: re.Pattern[str]
    maximum: int
    what: str
    example: str

    def read(self, value: object, at: str) -> str:
        value = _string(value, at)
        if len(value) > self.maximum:
            told = _("must have at most %(maximum)s characters") % {"maximum": self.maximum}
            raise Invalid({at: told})
        if self.pattern.fullmatch(value) is None:
            facts = {"what": self.what, "example": self.example}
            raise Invalid({at: _("must be %(what)s like %(example)r") % facts})
        return value

    read_text = read

    def schema(self) -> dict[str, Any]:
        return {
            "type": "string",
            "maxLength": self.maximum,
            "pattern": f"^{self.pattern.pattern}$",
            "examples": [self.example],
        }


def code_like(example: str) -> Pattern:
    """A short name that people choose: letters, digits, ".", "_" and "-"."""
    return Pattern(_CODE, CODE_MAX, _("letters, digits, '.', '_' and '-'"), example)


SLUG: Final = Pattern(_SLUG, CODE_MAX, _("lowercase letters, digits, '-' and '_'"), "north")


def is_slug(text: str) -> bool:
    """Whether a cloud may have this name in addresses."""
    return len(text) <= SLUG.maximum and SLUG.pattern.fullmatch(text) is not None


METER: Final = Pattern(_METER, CODE_MAX, _("lowercase words joined by dots"), "recording.time")
PREFIX: Final = Pattern(_PREFIX, 16, _("capital letters, digits and '-'"), "NORTH")


@dataclass(frozen=True, slots=True)
class Email:
    """An e-mail address in its normal form, told from a typing mistake and a look-alike."""

    optional: bool = False

    def read(self, value: object, at: str) -> str:
        value = _string(value, at)
        # What nobody sees is left out of the normal form, not complained of.
        if problem := complaint_of_words(value, minimum=0, maximum=LENGTH_MAX):
            raise Invalid({at: problem})
        if not value and self.optional:
            return value
        address = normal(value)
        if address is None:
            raise Invalid({at: _('must be an e-mail address like "sue@example.org"')})
        if problem := misleading(value):
            raise Invalid({at: problem})
        return address

    read_text = read

    def schema(self) -> dict[str, Any]:
        schema: dict[str, Any] = {
            "type": "string",
            "maxLength": LENGTH_MAX,
            "examples": ["sue@example.org"],
        }
        if not self.optional:
            schema["format"] = "email"
        return schema


class Typed:
    """What people type as a number, with a comma or a point."""

    __slots__ = ()

    def read_text(self: Kind, text: str, at: str) -> Any:
        return self.read(decimal_text(text, at), at)


@dataclass(frozen=True, slots=True)
class Price(Typed):
    """A price in the currency's major unit, as a string with up to 6 places."""

    def read(self, value: object, at: str) -> Decimal:
        return parse_decimal(value, at)

    def schema(self) -> dict[str, Any]:
        return {**_DECIMAL, "examples": ["9.90"]}


@dataclass(frozen=True, slots=True)
class Percent(Typed):
    """A percentage from 0 to 100, as a string with up to 6 places."""

    def read(self, value: object, at: str) -> Decimal:
        return parse_decimal(value, at, maximum=Decimal(100))

    def schema(self) -> dict[str, Any]:
        return {**_DECIMAL, "examples": ["22"]}


@dataclass(frozen=True, slots=True)
class Quantity(Typed):
    """A quantity of 0 or more: an integer, or a string with up to 6 places."""

    def read(self, value: object, at: str) -> Decimal:
        return parse_quantity(value, at)

    def schema(self) -> dict[str, Any]:
        return {
            "anyOf": [{"type": "integer", "minimum": 0, "maximum": int(QUANTITY_MAX)}, _DECIMAL],
            "examples": ["7"],
        }


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number from `minimum` to `maximum`; with `text_too`, also as a string of digits."""

    minimum: int = 0
    maximum: int = WHOLE_MAX
    text_too: bool = False

    def read(self, value: object, at: str) -> int:
        if self.text_too and isinstance(value, str):
            return self.read_text(value, at)
        if not isinstance(value, int) or isinstance(value, bool):
            raise Invalid({at: _("must be a whole number")})
        if value < self.minimum:
            raise Invalid({at: _("must be at least %(minimum)s") % {"minimum": self.minimum}})
        if value > self.maximum:
            raise Invalid({at: _("must be at most %(maximum)s") % {"maximum": self.maximum}})
        return value

    def read_text(self, text: str, at: str) -> int:
        # A minus as people paste it from a page, too.
        digits = text.replace("\N{MINUS SIGN}", "-", 1)
        below = self.minimum < 0 and digits.startswith("-")
        if _DIGITS.fullmatch(digits[1:] if below else digits) is None:
            raise Invalid({at: _("must be a whole number")})
        return Whole(self.minimum, self.maximum).read(int(digits), at)

    def schema(self) -> dict[str, Any]:
        number = {"type": "integer", "minimum": self.minimum, "maximum": self.maximum}
        if not self.text_too:
            return number
        return {"anyOf": [number, {"type": "string", "pattern": "^[0-9]{1,19}$"}]}


@dataclass(frozen=True, slots=True)
class Flag:
    """Yes or no."""

    def read(self, value: object, at: str) -> bool:
        if not isinstance(value, bool):
            raise Invalid({at: _("must be true or false")})
        return value

    def read_text(self, text: str, at: str) -> bool:
        """A checkbox sends "on"; a query says "true" or "1"."""
        if text in {"true", "1", "on"}:
            return True
        if text in {"false", "0", ""}:
            return False
        raise Invalid({at: _("must be true or false")})

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the calendar, "2026-10-16"."""

    def read(self, value: object, at: str) -> date:
        return parse_day(value, at)

    read_text = read

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date", "examples": ["2026-10-16"]}


@dataclass(frozen=True, slots=True)
class Month:
    """A month, "2026-10"."""

    def read(self, value: object, at: str) -> Period:
        text = Text(7).read(value, at)
        try:
            return parse_month(text, at)
        except Invalid:
            raise Invalid({at: _('must be a month like "2026-10"')}) from None

    read_text = read

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}$", "examples": ["2026-10"]}


@dataclass(frozen=True, slots=True)
class Currency:
    """An ISO 4217 code."""

    def read(self, value: object, at: str) -> str:
        if not isinstance(value, str) or value not in CURRENCIES:
            raise Invalid({at: _("is not an active ISO 4217 currency code")})
        return value

    read_text = read

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^[A-Z]{3}$", "examples": ["EUR"]}


@dataclass(frozen=True, slots=True)
class Locale:
    """A locale that CLDR knows, in its one spelling: "en-us" is "en_US"."""

    def read(self, value: object, at: str) -> str:
        found = locales.normal(value) if isinstance(value, str) else None
        if found is None:
            raise Invalid({at: _('is not a locale that is known, like "en_GB"')})
        return found

    read_text = read

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": locales.LENGTH_MAX, "examples": ["en_GB"]}


@dataclass(frozen=True, slots=True)
class BankLine:
    """A line about where to pay. One that holds an IBAN holds a right one: money goes there."""

    def read(self, value: object, at: str) -> str:
        line = Text(BANK_LINE_MAX).read(value, at)
        labelled = _IBAN.fullmatch(line.strip())
        if labelled is not None and not iban.is_valid(labelled[1] or ""):
            told = _("%(line)r is not an IBAN: a letter or digit is wrong")
            raise Invalid({at: told % {"line": shown(line)}})
        return line

    read_text = read

    def schema(self) -> dict[str, Any]:
        return Text(BANK_LINE_MAX, example="IBAN AT61 1904 3002 3457 3201").schema()


@dataclass(frozen=True, slots=True)
class Zone:
    """An IANA time zone."""

    def read(self, value: object, at: str) -> str:
        return parse_zone(value, at)

    read_text = read

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": 64, "examples": ["Europe/Rome"]}


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]

    def read(self, value: object, at: str) -> str:
        if not isinstance(value, str) or value not in self.words:
            raise Invalid({at: _("must be one of %(names)s") % {"names": ", ".join(self.words)}})
        return value

    read_text = read

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.words)}
