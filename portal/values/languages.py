"""The languages that the portal speaks: one catalogue each in `portal/locale`.

A language is there when its catalogue is: `locale/fr/LC_MESSAGES/camledger.po` adds French to every
choice. Catalogues are read as they are, once in a process, so nothing has to be built.
"""

from __future__ import annotations

import io
import re
from functools import lru_cache
from gettext import GNUTranslations
from pathlib import Path
from typing import Final

from babel.core import Locale
from babel.localedata import locale_identifiers
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from portal import words
from portal.values import locales

DOMAIN: Final = "camledger"
CATALOGUES: Final = Path(__file__).resolve().parents[1] / "locale"
ENGLISH: Final = "en"
ACCEPTED_MAX: Final = 20
"""Languages of an Accept-Language header that are looked at."""
_ACCEPTED: Final = re.compile(
    r"\s*([A-Za-z]{2,3})(?:-[A-Za-z0-9-]+)?\s*(?:;\s*q=([01](?:\.\d+)?))?"
)


@lru_cache(maxsize=1)
def known() -> tuple[str, ...]:
    """The codes of all languages that have a catalogue, in order: "en", "it"."""
    found = CATALOGUES.glob(f"*/LC_MESSAGES/{DOMAIN}.po")
    return tuple(sorted(path.parents[1].name for path in found))


@lru_cache(maxsize=32)
def catalogue(code: str) -> GNUTranslations:
    """The sentences of one of the `known` languages."""
    with (CATALOGUES / code / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        return compiled(file.read())


def compiled(po: bytes) -> GNUTranslations:
    """A catalogue from the text of its file; sentences marked fuzzy are left out."""
    binary = io.BytesIO()
    write_mo(binary, read_po(io.BytesIO(po)))
    binary.seek(0)
    return GNUTranslations(binary)


def names() -> tuple[tuple[str, str], ...]:
    """Each language with its own name, for a choice: ("it", "Italiano")."""
    return tuple((code, _own_name(Locale(code), code)) for code in known())


@lru_cache(maxsize=1)
def regions() -> tuple[tuple[str, str], ...]:
    """Locales of the known languages, each with its own name: ("it_CH", "Italiano (Svizzera)")."""
    return _regions_of(known())


@lru_cache(maxsize=4)
def _regions_of(spoken_languages: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    found = []
    for name in locale_identifiers():
        locale = Locale.parse(name)
        if locale.language not in spoken_languages or len(name) > locales.LENGTH_MAX:
            continue
        if locale.territory:
            found.append((name, _own_name(locale, name)))
    return tuple(sorted(found, key=lambda one: one[1]))


def _own_name(locale: Locale, code: str) -> str:
    """What a locale is called in its own language, with a capital: "Italiano (Svizzera)"."""
    name: str = locale.get_display_name() or code
    return name[:1].upper() + name[1:]


def spoken() -> str:
    """The code of the language that is spoken just now."""
    return words.spoken().info().get("language", ENGLISH)


def of_locale(locale: str) -> str:
    """The language to speak to readers of a locale: its own, English where nobody has put it in."""
    code = locales.of_stored(locale).language
    return code if code in known() else ENGLISH


def spoken_in(locale: str, language: str | None) -> str:
    """A locale's figures for a language that was chosen: "it" where it is "en_IT" is "it_IT".

    Without a choice the locale itself.
    """
    if not language:
        return locale
    here = locales.of_stored(locale)
    if here.language == language:
        return locale
    return (here.territory and locales.normal(f"{language}_{here.territory}")) or language


def accepted(header: str) -> str:
    """The best of the known languages that a browser asks for; English where it asks for none."""
    wanted = []
    for place, part in enumerate(header.split(",", ACCEPTED_MAX)[:ACCEPTED_MAX]):
        if found := _ACCEPTED.fullmatch(part):
            wanted.append((-float(found[2] or 1), place, found[1].lower()))
    return next((code for weight, _, code in sorted(wanted) if weight and code in known()), ENGLISH)


def direction(locale: str) -> str:
    """Which way the words of a locale's language run: "ltr", or "rtl"."""
    return Locale(of_locale(locale)).text_direction
