"""Sentences that people read, worded in the language of whoever reads them.

    raise Conflict(_("The month %(month)s is closed.") % {"month": month})

`_()` marks a sentence for the catalogues (`portal/locale`) and makes a `Sentence`: a text that is
English as it stands, for logs, files and the JSON API, and is worded anew each time a page or a
document writes it out. Which language that is, `speaking()` says for a request or a document; the
catalogues themselves are read by `portal.values.languages`. Standard library only.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from gettext import NullTranslations
from html import escape
from typing import Any, Final, Self

_TEMPLATE: Final = "sentence"
STORED: Final = f'{{"{_TEMPLATE}": '
"""How a sentence begins that is kept in the database; any other text is one as it stands."""
STORED_MAX: Final = 1_200
"""Characters of a sentence that is kept; a longer one is kept as it is in English, and cut."""
_ENGLISH: Final = NullTranslations()
_spoken: ContextVar[NullTranslations] = ContextVar("spoken", default=_ENGLISH)


class Sentence(str):
    """A sentence with its values. As a plain text it is English; `str()` words it.

    `"%s" % sentence`, f-strings and templates word it; JSON, comparisons and what the database
    stores see the English. Values that are sentences are worded with it.
    """

    __slots__ = ("_many", "_number", "_one", "_values")
    _one: str
    _many: str
    _number: int
    _values: Mapping[str, Any]

    def __new__(
        cls,
        one: str,
        many: str = "",
        number: int = 1,
        values: Mapping[str, Any] | None = None,
    ) -> Self:
        """`many` is the plural of a sentence that counts `number`; `values` fill %(name)s."""
        template = many if many and number != 1 else one
        text = template % {k: english(v) for k, v in values.items()} if values else template
        made = super().__new__(cls, text)
        made._one, made._many, made._number = str.__str__(one), many, number
        made._values = values or {}
        return made

    def __mod__(self, values: Any) -> Sentence:
        """The sentence with its named values: `_("No. %(number)s") % {"number": 7}`."""
        return Sentence(self._one, self._many, self._number, {**self._values, **values})

    def __str__(self) -> str:
        if not self._one:  # what a catalogue has under "" is its header
            return ""
        spoken = _spoken.get()
        if self._many:
            template = spoken.ngettext(self._one, self._many, self._number)
        else:
            template = spoken.gettext(self._one)
        return template % self._values if self._values else template

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __html__(self) -> str:
        """For a page, escaped: so templates word it, also where they join texts."""
        return escape(str(self))

    def __add__(self, other: str) -> str:
        return str(self) + str(other)

    def capitalize(self) -> str:
        """As worded, with a capital at its beginning."""
        return str(self).capitalize()

    def lower(self) -> str:
        """As worded, in small letters."""
        return str(self).lower()

    def mapped(self, change: Callable[[Any], Any]) -> Sentence:
        """The sentence with its values changed, its own words left as they are."""
        values = {name: mapped(value, change) for name, value in self._values.items()}
        return Sentence(self._one, self._many, self._number, values)

    def kept(self) -> dict[str, Any]:
        """The sentence as JSON; values that are no texts or whole numbers as texts."""
        kept: dict[str, Any] = {_TEMPLATE: self._one}
        if self._many:
            kept |= {"many": self._many, "number": self._number}
        if self._values:
            kept["values"] = {name: _kept(value) for name, value in self._values.items()}
        return kept

    def __reduce__(self) -> tuple[Any, ...]:
        return Sentence, (self._one, self._many, self._number, dict(self._values))


def _(text: str) -> str:
    """A sentence that is worded when it is read. The text stands here as it is: no f-string."""
    return Sentence(text)


def ngettext(one: str, many: str, number: int) -> str:
    """The same for a sentence that counts: "%(count)s day", "%(count)s days"."""
    return Sentence(one, many, number)


def joined(parts: Iterable[str], between: str = " ") -> str:
    """Sentences after one another, as one."""
    given = {f"part{place}": part for place, part in enumerate(parts)}
    return Sentence(between.join(f"%({name})s" for name in given), values=given)


def and_more(names: str, more: int) -> str:
    """A list that was cut, and how many are not in it: "5 Oct, 6 Oct and 3 more"."""
    return _("%(names)s and %(count)s more") % {"names": names, "count": more}


def english(value: Any) -> Any:
    """A text as it is stored and logged: plain, in English. Anything else as it is."""
    return str.__str__(value) if isinstance(value, Sentence) else value


def stored(text: str, *, at_most: int = STORED_MAX) -> str:
    """A sentence as the database keeps it, to be worded by `told` in the language of a reader.

    `{"sentence": "There is no cloud %(name)s.", "values": {"name": "north"}}`; a text that is no
    sentence is kept as it is. Nothing that is kept is longer than `at_most`.
    """
    if isinstance(text, Sentence) and text:
        kept = json.dumps(text.kept(), ensure_ascii=False)
        if len(kept) <= at_most:
            return kept
    elif text.startswith(STORED):
        return stored(joined([text]), at_most=at_most)
    plain: str = english(text)
    return plain if len(plain) <= at_most else f"{plain[: at_most - 1]}…"


def told(text: str) -> str:
    """What `stored` has kept, as a sentence again; a text of an older version as it stands."""
    if not text.startswith(STORED):
        return text
    try:
        found: str = _told(json.loads(text))
    except (ValueError, LookupError, TypeError):
        return text
    return found


def mapped(text: Any, change: Callable[[Any], Any]) -> Any:
    """A value changed; of a sentence the values in it, so that it is worded as before."""
    return text.mapped(change) if isinstance(text, Sentence) else change(text)


def _kept(value: Any) -> Any:
    if isinstance(value, Sentence):
        return value.kept()
    return value if isinstance(value, int | str | None) else str(value)


def _told(kept: Any) -> Any:
    if not isinstance(kept, dict):
        return kept
    values = {name: _told(one) for name, one in kept.get("values", {}).items()}
    return Sentence(kept[_TEMPLATE], kept.get("many", ""), kept.get("number", 1), values)


def spoken() -> NullTranslations:
    """The catalogue that sentences are worded by just now."""
    return _spoken.get()


@contextmanager
def speaking(catalogue: NullTranslations | None) -> Iterator[None]:
    """Word sentences by a catalogue meanwhile; None is English as it stands in the code."""
    token = _spoken.set(catalogue or _ENGLISH)
    try:
        yield
    finally:
        _spoken.reset(token)


def speak(catalogue: NullTranslations) -> None:
    """Word sentences by a catalogue from here to the end of what is `speaking` around it."""
    _spoken.set(catalogue)
