"""A language in which every sentence of the catalogue is marked, and what on a page is not.

Its catalogue is the English one with each sentence in brackets, ⟦like this⟧, put beside copies of
the others: a language is a catalogue and nothing else. Whatever a page then shows outside of
brackets was not translated, and has to be data.
"""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from babel.core import Locale
from babel.messages.pofile import read_po, write_po
from lxml.etree import HTMLParser

from portal.billing.money import CURRENCIES
from portal.values import languages

LANGUAGE = "eo"
"""Esperanto: CLDR knows its months and figures, and no catalogue of ours is there."""
READ = ("title", "aria-label", "placeholder", "alt", "data-running", "data-label")
"""Attributes that people read or hear."""
UNREAD = {"script", "style"}
BRANDS = (
    "GET",
    "POST",
    "Ctrl",
    "Enter",
    "Esc",
    "Camledger",
    "Watcher",
    "API",
    "PDF",
    "CSV",
    "XLSX",
    "JSON",
    "PostgreSQL",
)
"""Names, formats and keys of a keyboard, the same in every language."""
UNITS = ("GB", "MB", "kB", "TB", "€", "US$", "USD", "EUR", "UTC")
_LETTERS = re.compile(r"[^\W\d_]{2,}")
_URL = re.compile(r"https?://\S+")
# What only machines have: an address, a secret to type, a hash, the name of a file, a place in a text.
_ADDRESS = re.compile(
    r"\b[A-Z2-7]{4}(?: [A-Z2-7]{4}){3,}\b|\b[0-9a-f]{8,64}\b|/[\w/{}.-]+|\b[\w.-]+\.(?:csv|xlsx|pdf)\b|\{[a-z]+\}"
)


def marked(text: str) -> str:
    """A sentence with its marks."""
    return f"⟦{text}⟧"


def begin(directory: Path) -> None:
    """Make a copy of all catalogues and one more, of the marked language."""
    shutil.copytree(languages.CATALOGUES, directory, dirs_exist_ok=True)
    file = Path("LC_MESSAGES") / f"{languages.DOMAIN}.po"
    catalogue = read_po(io.BytesIO((directory / languages.ENGLISH / file).read_bytes()))
    catalogue.locale = Locale(LANGUAGE)
    for message in catalogue:
        if isinstance(message.id, str):
            message.string = marked(message.id) if message.id else message.string
        else:
            message.string = tuple(marked(one) for one in message.id)
    (directory / LANGUAGE / file).parent.mkdir(parents=True)
    with (directory / LANGUAGE / file).open("wb") as written:
        write_po(written, catalogue)


@contextmanager
def one_language_more(directory: Path) -> Iterator[None]:
    """Have the catalogues read from a directory to which `begin` added the marked language."""
    begin(directory)
    before = languages.CATALOGUES
    _read_from(directory)
    try:
        yield
    finally:
        _read_from(before)


def _read_from(directory: Path) -> None:
    languages.CATALOGUES = directory  # type: ignore[misc] # where an installation has its files
    languages.known.cache_clear()
    languages.catalogue.cache_clear()


class Texts:
    """What of a page is outside of all brackets: its texts, and attributes that are read."""

    def __init__(self, html: str) -> None:
        self.bare: list[str] = []
        self._deep = 0
        self._unread = ""
        self._parts: list[str] = []
        reads = HTMLParser(target=self)
        reads.feed(html)
        reads.close()

    def start(self, tag: str, of: Mapping[str, str]) -> None:
        self._end_text()
        if tag in UNREAD:
            self._unread = tag
        for name, value in of.items():
            if name in READ and value:
                self.bare += [text for text, _ in _split(value, 0) if text.strip()]

    def end(self, tag: str) -> None:
        self._end_text()
        if tag == self._unread:
            self._unread = ""

    def close(self) -> None:
        """The page has ended."""
        self._end_text()

    def data(self, part: str) -> None:
        """A text comes in parts: "Turks", "&" and "Caicos Islands"."""
        self._parts.append(part)

    def _end_text(self) -> None:
        data = "".join(self._parts)
        self._parts.clear()
        if self._unread:
            return
        for text, deep in _split(data, self._deep):
            self._deep = deep
            if text.strip():
                self.bare.append(text)


def _split(text: str, deep: int) -> Iterator[tuple[str, int]]:
    """The parts of a text outside of brackets, with how deep it is after each of them."""
    part = ""
    for sign in text:
        if sign == "⟦":
            yield part, deep + 1
            part, deep = "", deep + 1
        elif sign == "⟧":
            deep -= 1
        elif not deep:
            part += sign
    yield part, deep


class Data:
    """What is shown as it is: names of the story, and what the locale itself says."""

    def __init__(self, names: Iterable[str]) -> None:
        locale = Locale(LANGUAGE)
        said = [
            *(word for width in locale.months["format"].values() for word in width.values()),
            *(word for width in locale.days["format"].values() for word in width.values()),
            *(name for _, name in languages.names()),
        ]
        self._asked: dict[str, bool] = {}
        known = sorted({*names, *said, *BRANDS, *UNITS} - {""}, key=len, reverse=True)
        self._known = re.compile(
            "|".join(rf"(?<!\w){re.escape(one)}(?!\w)" for one in known), re.IGNORECASE
        )

    def unmarked(self, html: str) -> set[str]:
        """The texts of a page that are neither marked nor data."""
        return {
            text for text in {" ".join(one.split()) for one in Texts(html).bare} if self._is(text)
        }

    def _is(self, text: str) -> bool:
        """Whether it is of a language; a currency's code is not, where nothing else is said."""
        if text not in self._asked:
            rest = _ADDRESS.sub(" ", self._known.sub(" ", _URL.sub(" ", text)))
            self._asked[text] = text not in CURRENCIES and bool(_LETTERS.search(rest))
        return self._asked[text]
