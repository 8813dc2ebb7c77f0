"""E-mail addresses: the one normal form by which people are told apart.

What looks or types differently and reaches the same mailbox is the same text here: capital letters,
letters of full width, characters that nobody sees and a dot after the domain make no second person.
Sign-in, its throttle, the database's unique index and every form use this form and no other.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import idna

from portal.words import _

LENGTH_MAX: Final = 254

_ADDRESS: Final = re.compile(r"[^@\s<>,;:\"()\[\]\\]+@[^@\s<>,;:\"()\[\]\\]+")
# Characters that nobody sees, besides those of category Cf: joiners, fillers, variation selectors.
_UNSEEN: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_DOTS: Final = str.maketrans({"\u3002": ".", "\uff0e": ".", "\uff61": "."})
# One letter in two shapes. Turkish i's have no lower case of their own that mailboxes could be
# told apart by: "adm\u0130n" and "adm\u0131n" are read as "admin".
_SHAPES: Final = str.maketrans({"\u0131": "i", "\u03c2": "\u03c3"})
_DOTTED: Final = re.compile("(?<=[ij])\u0307+")
_TURKISH: Final = frozenset("\u0130\u0131")
_WRITTEN_TOGETHER: Final = frozenset({"LATIN", "CJK", "HIRAGANA", "KATAKANA", "HANGUL"})


def normal(text: str) -> str | None:
    """The normal form of an address; None when the text is no address at all.

    Lower case, compatibility characters as the ones they stand for, nothing invisible, the domain
    in its ASCII form without a trailing dot. The normal form of a normal form is itself.
    """
    if len(text) > 4 * LENGTH_MAX:
        return None
    plain = _folded(text).strip()
    if len(plain) > LENGTH_MAX or _ADDRESS.fullmatch(plain) is None or not plain.isprintable():
        return None
    local, _, domain = plain.partition("@")
    if local.startswith(".") or local.endswith(".") or ".." in local:
        return None
    ascii_domain = _domain(domain)
    if ascii_domain is None or len(local) + 1 + len(ascii_domain) > LENGTH_MAX:
        return None
    return f"{local}@{ascii_domain}"


def misleading(text: str) -> str | None:
    """Why a new person cannot have this address, although it is one; None when they can.

    An address is compared by people's eyes, too: "аdmin@…" with a Cyrillic "а" is refused, one
    that is Cyrillic throughout is not.
    """
    if _TURKISH & set(text):
        return _('must be written with a plain "i"')
    local, _at, domain = unicodedata.normalize("NFKC", text).partition("@")
    for part in (local, *domain.split(".")):
        shown = _decoded(part)
        scripts = {_script(letter) for letter in shown if letter.isalpha()}
        if len(scripts) > 1 and not scripts <= _WRITTEN_TOGETHER:
            return _("must not mix letters of several scripts")
    return None


def _folded(text: str) -> str:
    """The same letters in one shape; done until nothing changes, since one step enables another."""
    before, after = "", text
    for _step in range(8):
        if before == after:
            break
        before = after
        seen = "".join(c for c in _UNSEEN.sub("", before) if unicodedata.category(c) != "Cf")
        lower = unicodedata.normalize("NFKC", seen).lower().translate(_SHAPES)
        after = unicodedata.normalize("NFKC", _DOTTED.sub("", lower))
    return after.translate(_DOTS)


def _domain(domain: str) -> str | None:
    try:
        encoded = idna.encode(domain.removesuffix("."), uts46=True).decode().lower()
    except (idna.IDNAError, UnicodeError):
        return None
    return encoded if not encoded.endswith(".") else None


def _decoded(label: str) -> str:
    """A label of a domain as people read it: "xn--bcher-kva" is "bücher"."""
    if not label.lower().startswith("xn--"):
        return label
    try:
        return idna.decode(label)
    except (idna.IDNAError, UnicodeError):
        return label


def _script(letter: str) -> str:
    """The script of a letter, by the first word of its name in Unicode."""
    return unicodedata.name(letter, "UNKNOWN").split(" ", 1)[0]
