"""Numbers as people type them: with a comma or a point for decimals, with or without groups.

"9,90" and "9.90" are the same price. "1.234" may be a thousand and more or a little above one, so
it is refused with both ways to write it: no amount is ever guessed.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from babel.numbers import get_decimal_symbol

from portal.billing.money import TEXT_MAX, plain
from portal.errors import Invalid
from portal.values import locales
from portal.words import _

GROUP: Final = 3
_MARKS: Final = str.maketrans({"٫": ",", "٬": ".", "’": "'"})
_SPACES: Final = re.compile(r"(?<=[0-9])[\s\u00a0\u202f'](?=[0-9]{3})")
_NUMBER: Final = re.compile(r"[0-9]*[.,]?[0-9]*")
_GROUPED: Final = {
    mark: re.compile(rf"[0-9]{{1,3}}(?:\{mark}[0-9]{{2,3}})*\{mark}[0-9]{{3}}") for mark in ".,"
}


def decimal_text(text: str, at: str) -> str:
    """What was typed as a plain number, "1.234,50" as "1234.50"; other texts as they are.

    Raises `Invalid` for a number that may be read in two ways.
    """
    if len(text) > TEXT_MAX:
        return text
    found = _SPACES.sub("", _ascii(text.strip()).translate(_MARKS))
    last = max(found.rfind("."), found.rfind(","))
    if last < 0:
        return found
    mark, whole = found[last], found[:last]
    other = "," if mark == "." else "."
    if other in whole:  # the last mark is the one of decimals: 1.234,50
        if mark in whole or not _GROUPED[other].fullmatch(whole):
            return found
        return f"{whole.replace(other, '')}.{found[last + 1 :]}"
    if mark in whole:  # several of one mark: 1.234.567
        return found.replace(mark, "") if _GROUPED[mark].fullmatch(found) else found
    return _of_one_mark(found, at) if _NUMBER.fullmatch(found) else found


def _of_one_mark(found: str, at: str) -> str:
    """Digits with one mark among them, which is that of decimals unless three digits follow it."""
    mark = "." if "." in found else ","
    whole, _mark, part = found.partition(mark)
    if len(part) == GROUP and 1 <= len(whole) <= GROUP and not whole.startswith("0"):
        readings = {"text": found, "whole": f"{whole}{part}", "decimal": f"{whole}{mark}{part}0"}
        told = _(
            "%(text)s may be read in two ways: write %(whole)s for the whole number"
            " or %(decimal)s for the fraction"
        )
        raise Invalid({at: told % readings})
    return f"{whole or '0'}.{part}" if part else whole


def typed(value: Decimal, locale: str, places: int = 0) -> str:
    """A number as it stands in a box, which `decimal_text` reads back: 1.125 is "1,1250".

    It has at least so many `places`: 9.9 with two is "9,90".
    """
    whole, _mark, part = plain(value).partition(".")
    part = part.ljust(places, "0")
    if not part:
        return whole
    if len(part) == GROUP:
        part += "0"
    return f"{whole}{get_decimal_symbol(locales.of_stored(locale))}{part}"


def _ascii(text: str) -> str:
    """Digits of every script as 0-9."""
    return "".join(str(int(one)) if one.isdecimal() else one for one in text)
