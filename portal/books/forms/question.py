"""What is asked about an invoice, and what is said to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final

from portal.errors import Invalid
from portal.values.kinds import Choice, Text, Whole
from portal.words import _

TEXT_MAX: Final = 2_000
STATES: Final = ("open", "answered", "closed")


@dataclass(frozen=True, slots=True)
class Lines:
    """What somebody writes: a text of several lines, of `maximum` characters in all."""

    maximum: int

    def read(self, value: object, at: str) -> str:
        whole = value if isinstance(value, str) else Text(self.maximum).read(value, at)
        if len(whole) > self.maximum:
            told = _("must have at most %(maximum)s characters")
            raise Invalid({at: told % {"maximum": self.maximum}})
        line = Text(self.maximum, minimum=0)
        text = "\n".join(line.read(one, at) for one in whole.splitlines()).strip()
        if not text:
            raise Invalid({at: _("must not be empty")})
        return text

    read_text = read

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": self.maximum}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewQuestion:
    """A question, about an invoice, a line of it (counted from 0) or a camera of that, or none."""

    text: Annotated[str, Lines(TEXT_MAX)]
    invoice: Annotated[str | None, Text(40)] = None
    line: Annotated[int | None, Whole(0, 2**31 - 1)] = None
    camera: Annotated[str, Text(255, minimum=0)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is written in a question."""

    text: Annotated[str, Lines(TEXT_MAX)]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionFilter:
    """Questions of a state, and of a subscriber."""

    state: Annotated[str | None, Choice(STATES)] = None
    subscriber: Annotated[int | None, Whole(1, 999_999_999)] = None
