"""Every word on a page comes from the catalogues: a template holds none of its own.

Pages of the API's description are left out: the API speaks English.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import nodes

from portal.routes.templating import TEMPLATES, make_environment
from tests.house.sources import listed

GETTEXT = {"_", "gettext", "ngettext"}
SPOKEN = {"aria-label", "title", "placeholder", "alt", "data-running"}
NAMES = {"API", "Camledger", "Ctrl", "Enter", "Esc"}
"""Names that are the same in every language: of the house, and of keys."""
WORD = re.compile(r"[^\W\d_]{2,}")
CODE = re.compile(r"[a-z0-9_./:#%=?&{}<>,;*+|@()\[\]'\"-]*|(?:%[A-Za-z][-: ]?)+")
STYLES = re.compile(r"(?:end|wide|unseen|d-[\w-]+|text-[\w-]+|[a-z]+-[\w-]+)(?: (?:[\w-]+))*")
MARKED = re.compile(
    r"\{#.*?#\}|\{%-?\s*trans\b.*?endtrans\s*-?%\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL
)
"""What is Jinja's, with the sentences of its {% trans %}."""
ATTRIBUTES = re.compile(r'\s*(?:[\w-]+="[^"]*"\s*)+')
"""A macro may make nothing but attributes."""
ENVIRONMENT = make_environment()


class _Words(HTMLParser):
    """The words of a page's source, in its text and in what is read out of its tags."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in SPOKEN]

    def handle_data(self, data: str) -> None:
        self.found.append(data)


def texts_of(source: str) -> Iterator[str]:
    """What stands in a template besides its markup and its Jinja."""
    parser = _Words()
    parser.feed(MARKED.sub("", source))
    for text in parser.found:
        if set(WORD.findall(text)) - NAMES and not ATTRIBUTES.fullmatch(text):
            yield " ".join(text.split())


def constants_of(node: nodes.Node) -> Iterator[str]:
    """Texts within its Jinja that look like words for people and are not marked as such."""
    if (
        isinstance(node, nodes.Call)
        and isinstance(node.node, nodes.Name)
        and node.node.name in GETTEXT
    ):
        sentences = 2 if node.node.name == "ngettext" else 1
        for value in (*node.args[sentences:], *(one.value for one in node.kwargs)):
            yield from constants_of(value)
        return
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        text = node.value.strip()
        if WORD.search(text) and not CODE.fullmatch(text) and not STYLES.fullmatch(text):
            yield text
    for child in node.iter_child_nodes():
        yield from constants_of(child)


def untranslated(source: str) -> list[str]:
    return [*texts_of(source), *constants_of(ENVIRONMENT.parse(source))]


def test_a_template_has_no_words_that_no_catalogue_knows() -> None:
    offences = [
        f"{path.relative_to(TEMPLATES)}: {text!r}"
        for path in sorted(Path(TEMPLATES).rglob("*.html"))
        if path.parent.name != "api"
        for text in untranslated(path.read_text())
    ]
    assert not offences, listed(offences)


@pytest.mark.parametrize(
    "source",
    [
        "<p>Revenue {{ x }}</p>",
        '<a title="Close"></a>',
        '{{ ui.card("Months") }}',
        '{{ ui.card("%s of %s" % (a, b)) }}',
        '{{ ui.field("name", "the name of it") }}',
        '{{ _("%(a)s", a="Not so") }}',
    ],
)
def test_words_of_its_own_are_found(source: str) -> None:
    assert untranslated(source)


@pytest.mark.parametrize(
    "source",
    ['{{ _("Revenue") }}', '<p class="text-end">{{ x }} · {{ y | day }}</p>', "{{ ui.icon('x') }}"],
)
def test_marked_words_and_code_are_left_alone(source: str) -> None:
    assert untranslated(source) == []
