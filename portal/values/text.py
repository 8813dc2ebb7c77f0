"""What a text from outside may hold: the one rule about characters.

Everything that people read (names, titles, addresses, reasons) is free of what they cannot see, and
of what turns a line around, so that no name reads otherwise than it is stored. Letters of all
scripts stay, also of those that are written from right to left.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from itertools import count
from typing import Final

from portal.words import _

NAME_MAX: Final = 300
"""Characters of a name, and of any text that people read unless it says otherwise."""

# Control characters (NUL included), halves of surrogate pairs, and separators of lines.
REFUSED: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
# Marks of direction, spaces of no width, tags (Cf), and what has no meaning that is known to all.
_UNSEEN: Final = frozenset({"Cf", "Cn", "Co"})
# Fillers and joiners that Unicode counts among letters and marks, and a blank among symbols.
_FILLERS: Final = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0]")
_VARIANTS: Final = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
# Blocks of pictures alone: those of a Unicode newer than Python's tables are seen as well.
_PICTURES: Final = re.compile("[\U0001f300-\U0001faff]")
_NON_JOINER: Final = "\u200c"
_JOINER: Final = "\u200d"
# Scripts whose words are spelled with the two: Persian "می‌خواهم", Sinhala "ශ්‍රී".
_JOINING: Final = frozenset(
    {
        *("ARABIC", "SYRIAC", "MANDAIC", "NKO", "MONGOLIAN", "DEVANAGARI", "BENGALI", "GURMUKHI"),
        *("GUJARATI", "ORIYA", "TAMIL", "TELUGU", "KANNADA", "MALAYALAM", "SINHALA", "TIBETAN"),
        *("MYANMAR", "KHMER", "BALINESE", "JAVANESE", "CHAKMA", "GRANTHA"),
    }
)
# What a spreadsheet would take for a formula when it opens a CSV.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)
_VIRAMA: Final = 9
"""The combining class of signs that bind two consonants."""


def complaint(text: str, *, minimum: int, maximum: int) -> str | None:
    """What is wrong with a text for people, of `minimum` to `maximum` characters; None: nothing."""
    if problem := complaint_of_words(text, minimum=minimum, maximum=maximum):
        return problem
    if text.isascii() and text.isprintable():
        return None
    if not (_is_plain(text) or all(is_shown(text, place) for place in range(len(text)))):
        return _("must not hold invisible characters or such that change the direction of writing")
    if minimum and not any(
        unicodedata.category(letter)[0] in "LNPS" or _PICTURES.match(letter) for letter in text
    ):
        return _("must not be empty")
    return None


def complaint_of_words(text: str, *, minimum: int, maximum: int) -> str | None:
    """The same for a text that is compared or handed on and not read: a password, another's id.

    It may hold everything but what no system keeps.
    """
    if len(text) > maximum:
        return _("must have at most %(maximum)s characters") % {"maximum": maximum}
    if len(text) < minimum or (minimum and not text.strip()):
        return _("must not be empty")
    if text.isascii() and text.isprintable():
        return None
    if any(unicodedata.category(letter) in REFUSED for letter in set(text)):
        return _("must not hold control characters")
    return None


def cleaned(text: str, maximum: int) -> str:
    """A name that another system gives, without what ours may not hold; "" when nothing is left.

    Controls and ends of lines are spaces, what nobody sees is left out.
    """
    # What is cut off is cut before the work: a title may be as long as a whole answer.
    seen = text[: 4 * maximum]
    if not _is_plain(seen):
        seen = "".join(
            " " if unicodedata.category(letter) in REFUSED else letter for letter in seen
        )
        while len(left := "".join(c for n, c in enumerate(seen) if is_shown(seen, n))) < len(seen):
            seen = left  # a joiner may have stood beside something that is gone now
    name = " ".join(seen.split(" ")).strip()[:maximum].strip()
    return "" if complaint(name, minimum=1, maximum=maximum) else name


def shown(text: object, maximum: int = 60) -> str:
    """A text from outside, made fit to stand in a message."""
    whole = str(text)
    cut = whole[:maximum] + "…" if len(whole) > maximum else whole
    return "".join(
        one if one == " " or is_shown(cut, place) else "\ufffd" for place, one in enumerate(cut)
    )


def is_shown(text: str, place: int) -> bool:
    """Whether the character at a place is one that a reader sees, or that changes how one looks."""
    letter = text[place]
    if _is_plain(letter):
        return True
    before = text[place - 1] if place else ""
    after = text[place + 1 : place + 2]
    if letter == _JOINER and _is_pictured(before) and unicodedata.category(after or "a") == "So":
        return True  # a family is several pictures
    if letter in {_JOINER, _NON_JOINER}:
        return _joins(before) and (
            unicodedata.combining(before) == _VIRAMA or (_joins(after) and after.isalpha())
        )
    if _VARIANTS.match(letter):
        return _is_pictured(before) or before in set("0123456789#*") or _is_ideograph(before)
    return False


def _is_plain(text: str) -> bool:
    """Whether every character is one that is seen whatever stands beside it.

    Each is looked at once, however often it comes: titles may be long, and there are many.
    """
    return (text.isascii() and text.isprintable()) or all(
        " " <= letter <= "~"
        or _PICTURES.match(letter)
        or (
            unicodedata.category(letter) not in REFUSED | _UNSEEN
            and not _FILLERS.match(letter)
            and not _VARIANTS.match(letter)
        )
        for letter in set(text)
    )


def _joins(letter: str) -> bool:
    """Whether it is a letter, or a mark on one, of a script that is spelled with joiners."""
    return (
        letter != ""
        and unicodedata.category(letter)[0] in "LM"
        and unicodedata.name(letter, "").partition(" ")[0] in _JOINING
    )


def _is_pictured(letter: str) -> bool:
    """A picture, the colour of its skin, or the sign that it is in colours."""
    return letter != "" and (unicodedata.category(letter) in {"So", "Sk"} or letter == "\ufe0f")


def _is_ideograph(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith("CJK") if letter else False


def unformula(text: str) -> str:
    """`text`, with an apostrophe before what a spreadsheet would run: "=1+1", not "-1.50"."""
    runs = text.lstrip(" ").startswith(_FORMULA) and not _NUMBER.fullmatch(text)
    return f"'{text}" if runs else text


def code_of(name: str, maximum: int = 64) -> str:
    """A name as a code for addresses: "Städtische Video Süd" is "stadtische-video-sud".

    Letters that are none of a to z without their accents are left out; "" where nothing is left.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain))[:maximum].rstrip("-")


def free_code(name: str, taken: Collection[str], maximum: int = 64) -> str:
    """As `code_of`, with a number behind it where that is taken: "casa-7-giorni-2"."""
    code = code_of(name, maximum - 6)
    if not code or code not in taken:
        return code
    return next(one for number in count(2) if (one := f"{code}-{number}") not in taken)
