"""Elements of XML by their local names, whatever their namespace is called."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, TypeAlias

Element: TypeAlias = Any  # lxml says nothing of its types
SAME_MAX: Final = 200
"""Elements of one name that are kept in one place."""


def name_of(element: Element | None) -> str:
    """The local name, "" of none."""
    return "" if element is None else str(element.tag).rpartition("}")[2]


def namespace_of(element: Element) -> str:
    """The namespace, "" of none. Of a broken tag ("a:b" without one) nothing is raised."""
    tag = str(element.tag)
    return tag[1:].partition("}")[0] if tag.startswith("{") else ""


class Fields:
    """All that is within an element, by the names on the way: "Dbtr/Pty/Nm".

    Everything that is asked for afterwards is found at once. Elements called as one of `apart` are
    found themselves, and what is within them is not.
    """

    def __init__(self, element: Element, apart: frozenset[str] = frozenset()) -> None:
        self._found: dict[str, list[Element]] = {}
        for path, one in _within(element, "", apart):
            alike = self._found.setdefault(path, [])
            if len(alike) < SAME_MAX or name_of(one) in apart:
                alike.append(one)

    def first(self, path: str) -> Element | None:
        """The first element down a path."""
        return next(iter(self._found.get(path, ())), None)

    def all(self, *paths: str) -> list[Element]:
        """The elements down all of the paths."""
        return [one for path in paths for one in self._found.get(path, ())]

    def text(self, *paths: str) -> str:
        """What the first of some paths says that says anything."""
        for path in paths:
            found = self.first(path)
            if found is not None and (said := (found.text or "").strip()):
                return str(said)
        return ""

    def texts(self, *paths: str) -> list[str]:
        """What all elements down the paths say."""
        told = ((one.text or "").strip() for one in self.all(*paths))
        return [one for one in told if one]


def _within(element: Element, path: str, apart: frozenset[str]) -> Iterator[tuple[str, Element]]:
    for one in element:
        name = name_of(one)
        here = f"{path}/{name}" if path else name
        yield here, one
        if name not in apart:
            yield from _within(one, here, apart)
