"""Locales: how figures and dates are written, as the Unicode repository (CLDR) knows them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from babel.core import Locale, UnknownLocaleError

LENGTH_MAX: Final = 16
SCRIPT_LENGTH: Final = 4
_LOCALE: Final = re.compile(r"[A-Za-z]{2,3}([_-][A-Za-z]{4})?([_-]([A-Za-z]{2}|[0-9]{3}))?")
_UNDETERMINED: Final = "und"


@lru_cache(maxsize=1024)
def normal(text: str) -> str | None:
    """A locale's name in its one spelling, "en-us" as "en_US"; None for one that nobody knows.

    "jp" and "dk" are countries and no languages; "no_NO" is "nb_NO" or "nn_NO".
    """
    if len(text) > LENGTH_MAX or _LOCALE.fullmatch(text) is None:
        return None
    language, *rest = re.split("[_-]", text)
    spelled = [word.title() if len(word) == SCRIPT_LENGTH else word.upper() for word in rest]
    name = "_".join([language.lower(), *spelled])
    try:
        Locale.parse(name)
    except (UnknownLocaleError, ValueError):
        return None
    return None if language.lower() == _UNDETERMINED else name


@lru_cache(maxsize=1024)
def of_stored(name: str) -> Locale:
    """The locale of a name that is stored: of an unknown one its language, English in the end.

    A page is shown and a document printed whatever stands there.
    """
    for wanted in (name, name.replace("-", "_").partition("_")[0]):
        known = normal(wanted)
        if known is not None:
            return Locale.parse(known)
    return Locale("en")
