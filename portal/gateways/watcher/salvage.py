"""What can be read of a page that cannot be read as a whole, because one object spoils it.

An object may be nested thousands deep, hold more values than a whole answer may, or be written
wrongly: then the page is cut into the elements of its list, and each is read alone. It may be
longer than an answer may be: then what stands behind the list still says where it goes on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from portal.gateways.watcher.decoding import VALUES_MAX, count_values, decoded
from portal.values.watcher import Nonsense, called
from portal.words import _

ELEMENTS_MAX: Final = 5_000
"""Of a page that is cut into elements: ten times as many as are ever asked for."""
# Possessive: what was read once is never tried again, so that a text of escapes alone takes no
# longer than any other, and one without an end goes on to the end.
_TOKEN: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{},]', re.DOTALL)
_OPENING, _CLOSING = frozenset(b"[{"), frozenset(b"]}")
_QUOTE, _COMMA, _BRACKET = b'",['
_KEY_LENGTH_MAX: Final = 200

Span = tuple[int, int]


@dataclass(slots=True)
class Salvage:
    """Reads pages of the list `plural`, and says in `lost` why objects of it were not read.

    An object that cannot be read leaves None in its place: it counts as one.
    """

    plural: str
    lost: list[str] = field(default_factory=list)

    def elements(self, content: bytearray) -> Any:
        """The page: its list, or the envelope that holds it.

        Takes time in proportion to its length: 4 MB of brackets are two seconds of work. Raises
        `ValueError` for what is cut off or no JSON around the objects, `Nonsense` for too many.
        """
        (start, end), spans = _cut(content, self.plural)
        around = decoded(content[:start] + content[end:])
        listed = around[self.plural] if isinstance(around, dict) else around
        if listed != []:
            raise ValueError("a page that shows its list twice")
        listed.extend(self._read(content, spans))
        return around

    def end(self, content: bytearray) -> Any:
        """The envelope of a page of one object that is too long, from the end of its text.

        The bracket that closes the list is the last one, unless a text behind it holds another,
        and then what follows that is no JSON. Raises `Nonsense` where it does not say how the list
        goes on: that it ended here is not to be guessed.
        """
        try:
            if self.plural in (whole := decoded(content)):
                return whole  # it has become short meanwhile
        except (ValueError, Nonsense, TypeError):
            whole = {}
        rest = content.rpartition(b"]")[2].lstrip()
        try:
            around = decoded(b"{" + rest.removeprefix(b","))
        except ValueError:
            around = {}
        if "next" not in around:
            raise Nonsense(
                _("one of Watcher's %(plural)s is so long that the list is lost in it")
                % {"plural": called(self.plural)}
            )
        return {**around, self.plural: [None]}

    def _read(self, content: bytearray, spans: list[Span]) -> Iterator[Any]:
        """The elements one by one; where they hold too many values, the largest are left out."""
        counts = [count_values(content[start:end]) for start, end in spans]
        allowed, left = set(), VALUES_MAX
        for number in sorted(range(len(spans)), key=counts.__getitem__):
            left -= counts[number]
            if left >= 0:
                allowed.add(number)
        for number, (start, end) in enumerate(spans):
            if number in allowed:
                yield self._one(content[start:end])
            else:
                self._lose(_("it holds %(counts)s values") % {"counts": counts[number]})
                yield None

    def _one(self, content: bytearray) -> Any:
        try:
            return decoded(content)
        except Nonsense as error:
            self._lose(error.message)
        except ValueError:
            self._lose(_("it is not JSON"))
        return None

    def _lose(self, why: str) -> None:
        if why not in self.lost:
            self.lost.append(why)


def _cut(content: bytearray, plural: str) -> tuple[Span, list[Span]]:
    """The inside of the list, from and to which byte, and the same of each of its elements.

    The list is the page itself, or what stands under `plural` in the object that is the page.
    """
    base = start = begin = 0
    inside: Span | None = None
    spans: list[Span] = []
    for mark, at, depth in _marks(content):
        if not base:
            if inside is None and _begins(content, at, depth, plural):
                base, start, begin = depth, at + 1, at + 1
        elif mark in _CLOSING and depth < base:
            if spans or content[begin:at].strip():
                spans.append((begin, at))
            inside, base = (start, at), 0
        elif mark == _COMMA and depth == base:
            spans.append((begin, at))
            begin = at + 1
            if len(spans) > ELEMENTS_MAX:
                raise Nonsense(
                    _("a page of more than %(elements_max)s %(plural)s")
                    % {"elements_max": ELEMENTS_MAX, "plural": called(plural)}
                )
    if inside is None:
        raise ValueError("a page that is cut off, or is none")
    return inside, spans


def _marks(content: bytearray) -> Iterator[tuple[int, int, int]]:
    """Every comma and bracket outside of texts, where it is, and how deep it is then.

    Raises `ValueError` in the end where a bracket is left open.
    """
    depth = 0
    for token in _TOKEN.finditer(content):
        at = token.start()
        mark = content[at]
        if mark in _OPENING:
            depth += 1
        elif mark in _CLOSING:
            depth -= 1
        if mark != _QUOTE:
            yield mark, at, depth
    if depth:
        raise ValueError("a page that is cut off")


def _begins(content: bytearray, at: int, depth: int, plural: str) -> bool:
    """Whether the list begins here."""
    if content[at] != _BRACKET or depth > 2:
        return False
    before = content[max(0, at - _KEY_LENGTH_MAX) : at].rstrip()
    if depth == 1:
        return not before
    return before.endswith(b":") and before[:-1].rstrip().endswith(f'"{plural}"'.encode())
