"""Every sentence has its words in every language, and every language has the same sentences."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

import pytest
from babel.messages.catalog import Catalog

from portal.values import languages
from scripts import words

PLACEHOLDER = re.compile(r"%\((\w+)\)[srd]")


@cache
def of_the_code() -> Catalog:
    """Found when a test asks: it takes seconds, and every process of a run collects all tests."""
    return words.sentences()


NUMBERS = {"count", "days", "minutes"}
"""Placeholders of what a sentence counts; a plural form may say it otherwise: "every minute"."""


def _texts(message) -> list[str]:
    return [message.id] if isinstance(message.id, str) else list(message.id)


def _is_exact(string: str, given: set[str], *, counts: bool) -> bool:
    """Whether a text has each placeholder of its sentence once; of one that counts, the number."""
    found = Counter(PLACEHOLDER.findall(string))
    left_out = given - set(found)
    return (
        set(found) <= given
        and max(found.values(), default=1) == 1
        and left_out <= (NUMBERS if counts else set())
    )


@pytest.mark.parametrize("code", languages.known())
def test_a_catalogue_holds_exactly_the_sentences_of_the_code(code):
    """`make words` brings it up to date; what it then says is missing, somebody puts in."""
    catalogue = words.read(code)
    messages = [message for message in catalogue if message.id]
    assert {message.id for message in messages} == {one.id for one in of_the_code() if one.id}
    missing = [message.id for message in messages if not all(words.strings_of(message))]
    assert missing == []
    assert [message.id for message in messages if message.fuzzy] == []
    assert list(catalogue.obsolete) == []


@pytest.mark.parametrize("code", languages.known())
def test_a_translation_has_exactly_the_values_of_its_sentence(code):
    """One that is left out is a fact that a reader of this language misses."""
    for message in words.read(code):
        if not message.id:
            continue
        given = {name for text in _texts(message) for name in PLACEHOLDER.findall(text)}
        for string in words.strings_of(message):
            assert _is_exact(string, given, counts=not isinstance(message.id, str)), message.id
            if given:
                assert "%" not in PLACEHOLDER.sub("", string.replace("%%", "")), message.id
                assert string % dict.fromkeys(given, 1), message.id


@pytest.mark.parametrize(
    ("string", "counts", "is_exact"),
    [
        ("%(count)s di %(total)s", False, True),
        ("%(total)s: %(count)s", False, True),
        ("%(total)s", False, False),
        ("%(total)s", True, True),
        ("%(count)s", True, False),
        ("%(count)s, %(count)s di %(total)s", False, False),
        ("%(count)s di %(totale)s", False, False),
    ],
)
def test_only_what_is_counted_may_be_left_out_of_a_plural(string, counts, is_exact):
    assert _is_exact(string, {"count", "total"}, counts=counts) == is_exact


@pytest.mark.parametrize("code", languages.known())
def test_a_translation_is_no_markup(code):
    """Pages trust the words of a catalogue, so none of them may open a tag or end an attribute."""
    for message in words.read(code):
        if message.id:
            allowed = "".join(_texts(message))
            for string in words.strings_of(message):
                assert not set('<>"') & (set(string) - set(allowed)), message.id


def test_the_files_are_as_the_script_writes_them():
    for code in languages.known():
        made = words.text_of(words.updated(code, of_the_code()))
        assert words.catalogue_file(code).read_bytes() == made, "make words"
