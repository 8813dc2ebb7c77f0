"""A sentence is English to machines, and worded in the language of whoever reads it."""

from __future__ import annotations

import json
import logging
import pickle

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.errors import Conflict, Invalid
from portal.values import languages
from portal.words import (
    STORED_MAX,
    Sentence,
    _,
    english,
    joined,
    ngettext,
    speaking,
    stored,
    told,
)

ITALIAN = languages.compiled(
    """
msgid ""
msgstr ""
"Language: it\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"
"Content-Type: text/plain; charset=utf-8\\n"

msgid "There is no cloud %(name)s."
msgstr "Non esiste il cloud %(name)s."

msgid "%(count)s day"
msgid_plural "%(count)s days"
msgstr[0] "%(count)s giorno"
msgstr[1] "%(count)s giorni"

msgid "is required"
msgstr "è obbligatorio"
""".encode()
)


def test_a_sentence_is_worded_when_it_is_written_out() -> None:
    sentence = _("There is no cloud %(name)s.") % {"name": "north"}
    assert str(sentence) == f"{sentence}" == "There is no cloud north."
    with speaking(ITALIAN):
        assert str(sentence) == f"{sentence}" == "Non esiste il cloud north."
        assert json.dumps([sentence]) == '["There is no cloud north."]', "machines read English"
        assert sentence == "There is no cloud north."
        assert type(english(sentence)) is str
    assert str(sentence) == "There is no cloud north."


@pytest.mark.parametrize(("number", "said"), [(0, "0 giorni"), (1, "1 giorno"), (30, "30 giorni")])
def test_what_is_counted_is_inflected(number: int, said: str) -> None:
    sentence = ngettext("%(count)s day", "%(count)s days", number) % {"count": number}
    assert english(sentence) == ("1 day" if number == 1 else f"{number} days")
    with speaking(ITALIAN):
        assert str(sentence) == said
        assert str(pickle.loads(pickle.dumps(sentence))) == said


def test_values_and_parts_are_worded_with_their_sentence() -> None:
    inner = ngettext("%(count)s day", "%(count)s days", 2) % {"count": 2}
    outer = joined([_("There is no cloud %(name)s.") % {"name": inner}, inner])
    assert english(outer) == "There is no cloud 2 days. 2 days"
    with speaking(ITALIAN):
        assert str(outer) == "Non esiste il cloud 2 giorni. 2 giorni"


def test_an_error_speaks_to_its_reader_and_is_logged_in_english() -> None:
    wrong = Invalid({"name": _("is required")})
    with speaking(ITALIAN):
        assert str(wrong.message) == "name: è obbligatorio"
        assert str(wrong) == "name: is required"
        logged = logging.LogRecord("x", 20, "", 0, "refused: %s", (wrong,), None)
        assert logged.getMessage() == "refused: name: is required"
        assert str(Conflict(_("is required")).message) == "è obbligatorio"


def test_a_template_words_and_escapes() -> None:
    environment = jinja2.Environment(autoescape=True)
    page = environment.from_string('<a title="{{ said }}">{{ said }}{{ "" ~ said }}</a>')
    sentence = _("There is no cloud %(name)s.") % {"name": "<b>"}
    with speaking(ITALIAN):
        said = "Non esiste il cloud &lt;b&gt;."
        assert page.render(said=sentence) == f'<a title="{said}">{said}{said}</a>'


def test_nothing_is_no_heading_of_a_catalogue() -> None:
    with speaking(ITALIAN):
        assert str(Sentence("")) == str(joined([])) == ""


@pytest.mark.parametrize(
    ("locale", "language", "spoken"),
    [
        ("en_IT", None, "en_IT"),
        ("en_IT", "it", "it_IT"),
        ("it_IT", "it", "it_IT"),
        ("en_US", "it", "it"),
        ("it_CH", "en", "en_CH"),
        ("de", "it", "it"),
    ],
)
def test_a_chosen_language_keeps_the_figures_of_its_place(
    locale: str, language: str | None, spoken: str
) -> None:
    assert languages.spoken_in(locale, language) == spoken


def test_where_nobody_put_a_language_in_english_is_spoken() -> None:
    assert {"en", "it"} <= set(languages.known())
    assert languages.of_locale("it_CH") == "it"
    assert languages.of_locale("fi_FI") == languages.of_locale("nonsense") == "en"
    assert dict(languages.names())["it"] == "Italiano"


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "en"),
        ("it", "it"),
        ("it-IT,it;q=0.9,en;q=0.8", "it"),
        ("xx,en;q=0.5,it;q=0.7", "it"),
        ("it;q=0, en;q=0.1", "en"),
        ("fi-FI", "en"),
        (",;q=;=," * 500, "en"),
    ],
)
def test_a_browser_is_answered_in_the_best_it_asks_for(header: str, code: str) -> None:
    assert languages.accepted(header) == code


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60)
WHATEVER = st.recursive(
    TEXTS | st.integers(-(2**53), 2**53) | st.none(),
    lambda inner: st.builds(
        lambda name, other: (
            ngettext("%(count)s day %(name)s", "%(count)s days %(name)s", 2)
            % {"count": 2, "name": name, "other": other}
        ),
        inner,
        inner,
    ),
    max_leaves=4,
)


@given(WHATEVER)
def test_a_sentence_that_is_kept_is_worded_for_whoever_reads_it_later(name: object) -> None:
    sentence = _("There is no cloud %(name)s.") % {"name": name}
    kept = stored(sentence)
    assert type(kept) is str
    assert len(kept) <= STORED_MAX
    again = told(kept)
    assert again == sentence
    with speaking(ITALIAN):
        assert str(again) == str(sentence)
        assert str(again).startswith("Non esiste il cloud")


@given(TEXTS)
def test_a_text_is_kept_as_it_is(text: str) -> None:
    """Also one of an older version, and one that looks like a sentence that was kept."""
    assert told(stored(text)) == text
    looks_so = f'{{"sentence": {text}'
    assert told(stored(looks_so)) == looks_so


@pytest.mark.parametrize("size", [STORED_MAX, 100_000])
def test_what_is_kept_has_a_bound(size: int) -> None:
    """A sentence that is longer is kept in English, and cut."""
    sentence = _("There is no cloud %(name)s.") % {"name": "n" * size}
    kept = stored(sentence)
    assert len(kept) == STORED_MAX
    assert told(kept).startswith("There is no cloud nnn")
    assert told(kept).endswith("…")
