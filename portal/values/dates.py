"""Dates within sentences: worded in the language that the sentence is."""

from __future__ import annotations

from datetime import date
from typing import Any, Final, Self

from babel.core import Locale
from babel.dates import format_date

from portal.values import languages
from portal.words import Sentence

_DAY: Final = "long"
_MONTH: Final = "LLLL y"


class SpokenDate(Sentence):
    """A date as a value of a sentence: "1 October 2026", in Italian "1 ottobre 2026"."""

    __slots__ = ("_day", "_form")
    _day: date
    _form: str

    def __new__(cls, day: date, form: str) -> Self:
        made = super().__new__(cls, _written(day, form, languages.ENGLISH))
        made._day, made._form = day, form
        return made

    def __str__(self) -> str:
        return _written(self._day, self._form, languages.spoken())

    def __reduce__(self) -> tuple[Any, ...]:
        return SpokenDate, (self._day, self._form)


def day(value: date) -> str:
    """A day: "1 October 2026"."""
    return SpokenDate(value, _DAY)


def month(value: date) -> str:
    """The month that holds a day: "October 2026"."""
    return SpokenDate(value, _MONTH)


def _written(value: date, form: str, language: str) -> str:
    # English without a place writes days as the United States do.
    locale = Locale("en", "GB") if language == languages.ENGLISH else Locale(language)
    return format_date(value, form, locale=locale)
