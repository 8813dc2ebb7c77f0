"""Field :86: of MT940: who paid and what for, in any of the ways in which banks say it.

In subfields ("166?00CREDIT?20EREF+…?21SVWZ+…?32NAME"), with words between slashes
("/EREF/…/REMI/…/NAME/…"), or as a plain text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from portal.billing.bank.references import is_reference
from portal.gateways.bank.fields import (
    NAME_MAX,
    REFERENCES_MAX,
    account_of,
    reference_of,
    text_of,
)

_SUBFIELDS: Final = re.compile(r"[0-9]{3}\s*\?[0-9]{2}")
_SUBFIELD: Final = re.compile(r"\?([0-9]{2})")
_KEYWORD: Final = re.compile(
    r"(?:^|(?<=[\s\n]))(EREF|KREF|MREF|CRED|DEBT|COAM|OAMT|SVWZ|ABWA|ABWE|IBAN|BIC|PURP)\+"
)
_SLASHED: Final = re.compile(
    r"/(EREF|REMI|NAME|IBAN|BIC|TRTP|CSID|MARF|RTRN|ORDP|BENM|ID|ADDR|USTD|CNTP|PURP|SVCL)/"
)
_CANDIDATE: Final = re.compile(r"\bRF[0-9]{2}[0-9A-Z]{1,21}\b", re.IGNORECASE)
_PURPOSE: Final = frozenset({*(str(n) for n in range(20, 30)), *(str(n) for n in range(60, 64))})
"""Subfields with what the payer wrote, in their order."""


@dataclass(frozen=True, slots=True)
class Details:
    """What the field says; "" for what it does not."""

    text: str
    end_to_end: str = ""
    name: str = ""
    iban: str = ""
    return_reason: str | None = None
    references: tuple[str, ...] = ()


def details_of(value: str) -> Details:
    """What a field says, its rows apart: a number may be broken at the end of one."""
    if _SUBFIELDS.match(value):
        return _of_subfields(value)
    if _SLASHED.match(value):
        return _of_slashes(value)
    text = text_of(value)
    return Details(text, references=_references(text))


def _of_subfields(value: str) -> Details:
    """Rows are cut anywhere and mean nothing; subfields end where their words may end."""
    pieces = _SUBFIELD.split(value.replace("\n", ""))
    found = list(zip(pieces[1::2], pieces[2::2], strict=True))
    purpose = "\n".join(said for code, said in found if code in _PURPOSE)
    words = _words(purpose)
    text = text_of(words.get("SVWZ", words.get("", "")))
    account = words.get("IBAN") or next((said for code, said in found if code == "31"), "")
    return Details(
        text,
        end_to_end=reference_of(_unbroken(words.get("EREF", ""))),
        name=text_of("".join(said for code, said in found if code in {"32", "33"}), NAME_MAX),
        iban=account_of(account),
        references=_references(text),
    )


def _words(purpose: str) -> Mapping[str, str]:
    """What stands after each keyword, and before the first one as ""."""
    pieces = _KEYWORD.split(purpose)
    return {"": pieces[0], **dict(zip(pieces[1::2], pieces[2::2], strict=True))}


def _of_slashes(value: str) -> Details:
    pieces = _SLASHED.split(value)
    words = dict(zip(pieces[1::2], pieces[2::2], strict=True))
    text = text_of(words.get("REMI", words.get("USTD", "")))
    return Details(
        text,
        end_to_end=reference_of(_unbroken(words.get("EREF", ""))),
        name=text_of(words.get("NAME", ""), NAME_MAX),
        iban=account_of(words.get("IBAN", "")),
        return_reason=text_of(words["RTRN"], 35) if "RTRN" in words else None,
        references=_references(text),
    )


def _unbroken(reference: str) -> str:
    """A reference that was broken at the end of a row or subfield."""
    return reference.replace("\n", "")


def _references(text: str) -> tuple[str, ...]:
    """RF references with the right check digits: the format has no field of their own."""
    found = [one for one in _CANDIDATE.findall(text) if is_reference(one)]
    return tuple(dict.fromkeys(found))[:REFERENCES_MAX]
