"""Locales: how figures and dates are written, as the Unicode repository (CLDR) knows them."""

from __future__ import annotations

import re
import unicodedata
from copy import deepcopy
from functools import cached_property, lru_cache
from typing import Any, Final

from babel import localedata
from babel.core import Locale, UnknownLocaleError
from babel.numbers import get_currency_symbol

LENGTH_MAX: Final = 16
SCRIPT_LENGTH: Final = 4
_LOCALE: Final = re.compile(r"[A-Za-z]{2,3}([_-][A-Za-z]{4})?([_-]([A-Za-z]{2}|[0-9]{3}))?")
_UNDETERMINED: Final = "und"
RIGHT_TO_LEFT: Final = frozenset({"R", "AL"})
# A hyphen is too short beside digits; marks of direction would put a minus behind its number.
SIGNS: Final = str.maketrans("-", "\u2212", "\u200e\u200f\u061c")


class _OwnLocale(Locale):
    """A locale with data of its own.

    Babel's locales share what they inherit, and write into it what an alias comes to: after a month
    was written in Japanese, November is 11月 in Arabic and Italian too.
    """

    @cached_property
    def _data(self) -> localedata.LocaleDataDict:
        shared: Any = localedata.load(str(self))
        return localedata.LocaleDataDict(deepcopy(shared))


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


@lru_cache(maxsize=128)
def of_stored(name: str) -> Locale:
    """The locale of a name that is stored: of an unknown one its language, English in the end.

    A page is shown and a document printed whatever stands there.
    """
    for wanted in (name, name.replace("-", "_").partition("_")[0]):
        known = normal(wanted)
        if known is not None:
            return _OwnLocale.parse(known)
    return _OwnLocale("en")


@lru_cache(maxsize=128)
def english_of(locale: Locale) -> Locale:
    """English as that territory writes its dates: 5 October 2026, in the US October 5, 2026."""
    known = locale.territory and localedata.exists(f"en_{locale.territory}")
    return _OwnLocale("en", locale.territory if known else "GB")


def left_to_right(money: str, currency: str, locale: Locale) -> str:
    """Money for words that run from the left: a sign in Arabic letters becomes its code."""
    symbol = get_currency_symbol(currency, locale)
    if any(unicodedata.bidirectional(letter) in RIGHT_TO_LEFT for letter in symbol):
        money = money.replace(symbol, currency)
    return money.translate(SIGNS)
