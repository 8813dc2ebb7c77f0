"""A form as the boxes of a page: which there are, what stands in them, and what was sent back.

A page draws what its form declares, so a field that is added to the form is on the page, too.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final, Literal, TypeVar

from portal.errors import Invalid
from portal.kit.forms.form import Change, ListOf, Member, members, parse_whole
from portal.values import languages
from portal.values.fields import label_of
from portal.values.kinds import Choice, Flag, Text
from portal.values.master.kinds import Address, Parts
from portal.values.master.words import LABELS
from portal.values.typed import typed

T = TypeVar("T")
Shape = Literal["line", "lines", "tick", "choice"]
WAS: Final = "was-"
"""Before a box's name: the mark of what stood in it when its page was made."""
_MARK_LENGTH: Final = 16


@dataclass(frozen=True, slots=True)
class Box:
    """One field of a page: its name, what stands above it, and whether it may not be empty.

    `words` are those of a choice, `maximum` the length of a line.
    """

    name: str
    label: str
    shape: Shape
    required: bool
    maximum: int | None
    words: tuple[str, ...]

    @property
    def options(self) -> list[tuple[str, str]]:
        """The words of a choice as they are sent and as they are read: a language by its name."""
        known = {**LABELS, **dict(languages.names())}
        return [(word, known.get(word, word)) for word in self.words]

    def said(self, value: str) -> str:
        """What stands in the box, as it is read where it is not changed, in the language spoken."""
        return str(dict(self.options).get(value, value))


def boxes_of(form: type[Any]) -> list[Box]:
    """The boxes of a form, in its order."""
    found = []
    for member in members(form):
        if isinstance(member.kind, Parts):
            found += _boxes_of_parts(member.name, member.kind)
            continue
        shape: Shape = "line"
        if isinstance(member.kind, Flag):
            shape = "tick"
        elif isinstance(member.kind, ListOf | Address):
            shape = "lines"
        elif isinstance(member.kind, Choice):
            shape = "choice"
        found.append(
            Box(
                name=member.name,
                label=label_of(member.name),
                shape=shape,
                required=not _may_be_empty(member),
                maximum=member.kind.maximum if isinstance(member.kind, Text) else None,
                words=member.kind.words if isinstance(member.kind, Choice) else (),
            )
        )
    return found


def _boxes_of_parts(name: str, kind: Parts) -> list[Box]:
    """A box for each part: "contact-email"."""
    return [
        Box(
            name=f"{name}-{part}",
            label=label_of(f"{name}_{part}"),
            shape="line",
            required=False,
            maximum=one.maximum if isinstance(one, Text) else None,
            words=(),
        )
        for part, one in kind.of
    ]


def texts_of(form: type[Any], row: object, locale: str) -> dict[str, str]:
    """What stands in the boxes for a row: a list has a line for each member, a tick is "on".

    Numbers are written as people of the locale type them.
    """
    texts: dict[str, str] = {}
    for member in members(form):
        value = getattr(row, member.field)
        if isinstance(member.kind, Parts):
            texts |= {f"{member.name}-{part}": value.get(part, "") for part, _ in member.kind.of}
        else:
            texts[member.name] = _text(value, locale)
    return texts


def mark_of(text: str) -> str:
    """A few letters that tell what stood in a box from anything else."""
    plain = "\n".join(text.strip().splitlines())
    return sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()[:_MARK_LENGTH]


def marks_of(values: Mapping[str, str]) -> dict[str, str]:
    """The marks that a page sends with its boxes: of `texts_of`, or those that were sent."""
    kept = {name: mark for name, mark in values.items() if name.startswith(WAS)}
    return kept or {f"{WAS}{name}": mark_of(text) for name, text in values.items()}


def parse_boxes(form: type[T], sent: Mapping[str, str], only: Collection[str] | None = None) -> T:
    """The form that a page sends whole: an empty box empties its field, and no tick is a no.

    Of a change, a box that was not sent, and one that holds what it held when its page was made
    (its mark says so), is as if not sent: a page that stood open for long takes back nothing that
    somebody else has changed meanwhile. With `only` the page has the boxes of these fields alone.
    Raises `Invalid` with every wrong field.
    """
    texts: dict[str, Any] = {}
    for member in members(form):
        if only is not None and member.name not in only:
            continue
        if issubclass(form, Change) and _is_as_it_was(member, sent):
            continue
        if isinstance(member.kind, Parts):
            texts[member.name] = {
                part: sent.get(f"{member.name}-{part}", "").strip() for part, _ in member.kind.of
            }
            continue
        text = sent.get(member.name, "").strip()
        if isinstance(member.kind, Flag):
            text = text or "false"
        texts[member.name] = None if not text and member.nullable else text
    return parse_whole(form, texts)


def _is_as_it_was(member: Member, sent: Mapping[str, str]) -> bool:
    if isinstance(member.kind, Parts):
        boxes = [f"{member.name}-{part}" for part, _ in member.kind.of]
        return all(
            box not in sent or sent.get(f"{WAS}{box}") == mark_of(sent[box]) for box in boxes
        )
    if member.name not in sent and not isinstance(member.kind, Flag):
        return True
    return sent.get(f"{WAS}{member.name}") == mark_of(sent.get(member.name, ""))


def _may_be_empty(member: Member) -> bool:
    """Whether nothing is a value of the field, too."""
    if member.nullable:
        return True
    try:
        member.kind.read_text("", member.name)
    except Invalid:
        return False
    return True


def _text(value: Any, locale: str) -> str:
    if value is None or value is False:
        return ""
    if value is True:
        return "on"
    if isinstance(value, tuple):
        return "\n".join(_text(member, locale) for member in value)
    return typed(value, locale) if isinstance(value, Decimal) else str(value)
