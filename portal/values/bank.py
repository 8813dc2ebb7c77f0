"""Numbers of bank accounts and of banks, as forms take them: checked, and stored without spaces."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from stdnum import bic, iban

from portal.errors import Invalid
from portal.values.kinds import Text
from portal.words import _

_NAMED: Final = re.compile(r"^\s*IBAN\b[\s:.]*", re.IGNORECASE)


def iban_of(lines: Iterable[str]) -> str:
    """The first IBAN that stands in the lines of a bank: "IBAN AT61 1904…" has AT611904…; or ""."""
    numbers = (_NAMED.sub("", line) for line in lines)
    return next((str(iban.compact(one)) for one in numbers if iban.is_valid(one)), "")


@dataclass(frozen=True, slots=True)
class Iban:
    """An IBAN whose check digits are right: "AT61 1904…" is "AT611904…"."""

    optional: bool = True

    def read(self, value: object, at: str) -> str:
        text = Text(64, minimum=0 if self.optional else 1).read(value, at).strip()
        if not text and self.optional:
            return ""
        if not iban.is_valid(text):
            raise Invalid({at: _("is not an IBAN: a letter or digit is wrong")})
        return str(iban.compact(text))

    read_text = read

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": 64, "examples": ["AT61 1904 3002 3457 3201"]}


@dataclass(frozen=True, slots=True)
class Bic:
    """The BIC of a bank, or nothing."""

    def read(self, value: object, at: str) -> str:
        text = Text(32, minimum=0).read(value, at).strip()
        if text and not bic.is_valid(text):
            raise Invalid({at: _('must be a BIC like "BKAUATWW"')})
        return str(bic.compact(text)) if text else ""

    read_text = read

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": 32, "examples": ["BKAUATWW"]}
