"""Putting values into the form of a page that is written already, whichever page it is."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from html.parser import HTMLParser
from typing import Final

_TYPED: Final = frozenset(
    {
        *("text", "email", "search", "tel", "url", "number"),
        *("date", "month", "time", "datetime-local", "color"),
    }
)
_STEPS: Final = frozenset({"intent", "confirmed"})
"""Which button was pressed, and that it was asked: said again by who sends the form again."""
_FIELDS: Final = frozenset({"input", "select", "textarea", "button"})
Attributes = list[tuple[str, str | None]]


def refill(page: str, path: str, action: str, fields: Mapping[str, str]) -> str | None:
    """The page with `fields` in the form that is sent to `action`.

    None where it has no such form, or one without a place for something that was typed: rows that
    were added.
    `path` is the page's own, to which a form without an action is sent. Hidden fields and
    passwords stay as the page has them; everything outside the form stays to the letter.
    """
    writer = _Writer(path, action, fields)
    writer.feed(page)
    writer.close()
    typed = {name for name, value in fields.items() if value and name not in _STEPS}
    return "".join(writer.out) if writer.found and typed <= writer.placed else None


class _Writer(HTMLParser):
    def __init__(self, path: str, action: str, fields: Mapping[str, str]) -> None:
        super().__init__(convert_charrefs=False)
        self.path, self.action, self.fields = path, action, fields
        self.out: list[str] = []
        self.found = False
        self.placed: set[str] = set()
        self._inside = False
        self._select: str | None = None
        self._skips = False

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        raw, given = self.get_starttag_text() or "", dict(attrs)
        if tag == "form":
            sent_to = given.get("action") or self.path
            self._inside = given.get("method") == "post" and sent_to == self.action
            self.found = self.found or self._inside
        name = given.get("name")
        if self._inside:
            if name and tag in _FIELDS:
                self.placed.add(name)
            if tag == "input" and name:
                raw = self._input(raw, name, given, attrs)
            elif tag == "textarea" and name and name in self.fields:
                raw += "\n" + escape(self.fields[name])
                self._skips = True
            elif tag == "select":
                self._select = name if name in self.fields else None
            elif tag == "option" and self._select is not None:
                chosen = given.get("value") == self.fields[self._select]
                raw = _written(tag, attrs, "selected", chosen=chosen)
        self.out.append(raw)

    def _input(
        self, raw: str, name: str, given: Mapping[str, str | None], attrs: Attributes
    ) -> str:
        kind = given.get("type") or "text"
        if kind == "checkbox":
            return _written("input", attrs, "checked", chosen=name in self.fields)
        if kind == "radio" and name in self.fields:
            chosen = given.get("value") == self.fields[name]
            return _written("input", attrs, "checked", chosen=chosen)
        if kind in _TYPED and name in self.fields and "readonly" not in given:
            others = [(key, value) for key, value in attrs if key != "value"]
            return _written("input", [*others, ("value", self.fields[name])])
        return raw

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._skips = False
        self.out.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self._keep(data)

    def handle_entityref(self, name: str) -> None:
        self._keep(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._keep(f"&#{name};")

    def handle_comment(self, data: str) -> None:
        self._keep(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self._keep(f"<!{decl}>")

    def _keep(self, text: str) -> None:
        if not self._skips:
            self.out.append(text)


def _written(tag: str, attrs: Attributes, mark: str = "", *, chosen: bool = False) -> str:
    """The tag anew, with or without its mark: "checked", "selected"."""
    kept = [(name, value) for name, value in attrs if name != mark]
    texts = [name if value is None else f'{name}="{escape(value)}"' for name, value in kept]
    return f"<{' '.join([tag, *texts, *([mark] if chosen else [])])}>"
