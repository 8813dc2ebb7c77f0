"""Every sentence has its words in every language, and every language has the same sentences."""

from __future__ import annotations

import re

import pytest

from portal.values import languages
from scripts import words

PLACEHOLDER = re.compile(r"%\((\w+)\)[srd]")
WANTED = {message.id for message in words.sentences() if message.id}


def _texts(message) -> list[str]:
    return [message.id] if isinstance(message.id, str) else list(message.id)


@pytest.mark.parametrize("code", languages.known())
def test_a_catalogue_holds_exactly_the_sentences_of_the_code(code):
    """`make words` brings it up to date; what it then says is missing, somebody puts in."""
    catalogue = words.read(code)
    messages = [message for message in catalogue if message.id]
    assert {message.id for message in messages} == WANTED
    missing = [message.id for message in messages if not all(words.strings_of(message))]
    assert missing == []
    assert [message.id for message in messages if message.fuzzy] == []


@pytest.mark.parametrize("code", languages.known())
def test_a_translation_asks_for_no_value_that_its_sentence_has_not(code):
    for message in words.read(code):
        if not message.id:
            continue
        given = {name for text in _texts(message) for name in PLACEHOLDER.findall(text)}
        for string in words.strings_of(message):
            assert set(PLACEHOLDER.findall(string)) <= given, message.id
            if given:
                assert string % dict.fromkeys(given, 1), message.id


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
        made = words.text_of(words.updated(code, words.sentences()))
        assert words.catalogue_file(code).read_bytes() == made, "make words"
