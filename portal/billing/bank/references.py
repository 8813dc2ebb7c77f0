"""Numbers of invoices as payers write them, and the reference by which a bank checks them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Final

from portal.billing.numbering import (
    number_of,
    payment_reference,
    plain_reference,
    remainder,
)

SIGNS: Final = "-/._"

# A separator is one of the signs or white space; a sequence has six digits, or more and then no
# zero before them, or follows a separator without its zeros: "n 2026/16".
_BETWEEN: Final = rf"[{re.escape(SIGNS)}\s]"
_SEQUENCE: Final = "[0-9]{6}|[1-9][0-9]{6,11}"
_SHORT: Final = "[1-9][0-9]{0,4}"
_REFERENCE: Final = re.compile(r"RF[0-9]{2}[0-9A-Z]{1,21}")
_SPACE: Final = re.compile(r"\s+")


def numbers_in(text: str, prefixes: Iterable[str]) -> set[str]:
    """The numbers of documents that stand in a text, as they are printed.

    `prefixes` are those of the issuer's series. Looked at twice: as it is written, and without its
    spaces, where a line may have been broken within a number. Whether there is such a document is
    for the caller to see. Examples, with the prefix N: "fattura n 2026/16" and "STORNO N2026000016"
    name N-2026-000016; "N-2026-0000161" and "2026000016" name nothing.
    """
    found: set[str] = set()
    joined = _SPACE.sub("", text)
    for prefix in filter(plain_reference, prefixes):
        apart, together = _patterns(prefix)
        for pattern, where in ((apart, text), (together, joined)):
            for match in pattern.finditer(where):
                sequence = next(part for part in match.groups()[1:] if part is not None)
                if int(sequence):
                    found.add(number_of(prefix, int(match[1]), int(sequence)))
    return found


@lru_cache(maxsize=256)
def _patterns(prefix: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What finds numbers of one prefix in a text as it is written, and in one without spaces."""
    words = f"{_BETWEEN}*".join(re.escape(word) for word in prefix.split("-") if word)
    begin = rf"{words}{_BETWEEN}*([0-9]{{4}})"
    apart = rf"(?<![^\W_]){begin}(?:{_BETWEEN}*({_SEQUENCE})|{_BETWEEN}+({_SHORT}))(?!\d)"
    together = rf"(?<!\d){begin}{_BETWEEN}*([0-9]{{6}})(?!\d)"
    return re.compile(apart, re.IGNORECASE), re.compile(together, re.IGNORECASE)


def is_reference(text: str) -> bool:
    """Whether a text is an RF reference whose check digits are right; its spaces do not count."""
    plain = plain_reference(text)
    return _REFERENCE.fullmatch(plain) is not None and remainder(plain[4:] + plain[:4]) == 1


def numbers_of(reference: str, prefixes: Collection[str]) -> set[str]:
    """The numbers of documents that a reference given apart from the text stands for.

    It is the RF reference of a number, with the right check digits, or the number itself.
    """
    plain = plain_reference(reference)
    if _REFERENCE.fullmatch(plain) is None:
        return numbers_in(reference, prefixes)
    return {one for one in numbers_in(plain[4:], prefixes) if payment_reference(one) == plain}
