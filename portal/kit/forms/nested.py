"""Rows within a form: the box "items-0-service" holds the service of the first item.

A page sends boxes, a form is made of objects and lists of them. `nested` makes these of the boxes,
`flat` and `box_of` lead back, and `Intent` says which button was pressed. Rows are added and taken
away by the server, so pages with rows work without JavaScript.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from portal.errors import Invalid
from portal.kit.forms.form import parse_typed

BETWEEN: Final = "-"
ROWS_MAX: Final = 100
DEPTH_MAX: Final = 6
SAVE: Final = "save"
INTENT: Final = "intent"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Intent:
    """The button that sent a form: its verb, and the rows or the row that it is about.

    "add-items" is to add to `items`; "remove-items-2" takes away the third of them.
    """

    verb: str = SAVE
    target: str = ""

    @property
    def saves(self) -> bool:
        """Whether the form is to be stored, and not only shown again."""
        return self.verb == SAVE


def intent_of(sent: Mapping[str, str]) -> Intent:
    """The button's, read from the box "intent"; Enter in a field saves."""
    verb, _, target = sent.get(INTENT, "").partition(BETWEEN)
    return Intent(verb or SAVE, target)


def nested(sent: Mapping[str, str]) -> dict[str, Any]:
    """Boxes as objects and lists: {"items-0-service": "plates"} is {"items": [{"service": …}]}.

    Rows keep the order of their numbers and lose the gaps. Boxes that name a row too far or too
    deep, and those that contradict another, are left out.
    """
    found: dict[str, Any] = {}
    for name in sorted(sent):
        _put(found, name.split(BETWEEN), sent[name])
    return {name: _closed(one) for name, one in found.items()}


def flat(values: Any, before: str = "") -> dict[str, str]:
    """Objects and lists as boxes; None is an empty one, True "on"."""
    if isinstance(values, Mapping):
        members = [(str(name), one) for name, one in values.items()]
    elif isinstance(values, list | tuple):
        members = [(str(index), one) for index, one in enumerate(values)]
    else:
        return {before: "on" if values is True else "" if values in (None, False) else str(values)}
    found: dict[str, str] = {}
    for name, one in members:
        found.update(flat(one, f"{before}{BETWEEN}{name}" if before else name))
    return found


def count_rows(boxes: Mapping[str, str], rows: str) -> int:
    """How many rows of a list the boxes have, "items" or "items-0-overage-tiers"."""
    before = f"{rows}{BETWEEN}"
    numbers = {
        name[len(before) :].partition(BETWEEN)[0] for name in boxes if name.startswith(before)
    }
    return len({one for one in numbers if _number(one) is not None})


def box_of(path: str) -> str:
    """The box of a path in `Invalid`: "items[0].overage.tiers[1].up_to"."""
    return path.replace("[", BETWEEN).replace("]", "").replace(".", BETWEEN)


def by_box(invalid: Invalid) -> dict[str, str]:
    """The messages by box."""
    return {box_of(path): message for path, message in invalid.fields.items()}


def changed_rows(
    values: dict[str, Any], intent: Intent, blank: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The nested values with the row added or taken away that an intent names."""
    rows, index = _rows(values, intent)
    if intent.verb == "add" and rows is not None and index is None and len(rows) < ROWS_MAX:
        rows.append(dict(blank or {}))
    if intent.verb == "remove" and rows is not None and index is not None and index < len(rows):
        del rows[index]
    return values


def parse_nested(
    form: type[T], values: Mapping[str, Any], empty: Mapping[str, Any] | None = None
) -> T:
    """The form from nested texts: an empty box is one that was not sent, an empty row none.

    `empty` says by name what it means instead that nothing stands in a box: to take something away.
    Raises `Invalid` with every wrong field by its path; the rows count as they stand on the page.
    """
    return parse_typed(form, {**(empty or {}), **(_filled(values) or {})})


def _put(found: dict[str, Any], names: list[str], text: str) -> None:
    """Store a text below its names. Rows are kept by number until all are there."""
    numbers = [_number(name) for name in names]
    too_far = any(number is not None and number >= ROWS_MAX for number in numbers)
    if too_far or len(names) > DEPTH_MAX or not all(names):
        return
    at = found
    for name in names[:-1]:
        at = at.setdefault(name, {})
        if not isinstance(at, dict):
            return
    at.setdefault(names[-1], text)


def _closed(value: Any) -> Any:
    """Objects whose names are all numbers as lists."""
    if not isinstance(value, dict):
        return value
    if value and all(_number(name) is not None for name in value):
        return [_closed(value[name]) for name in sorted(value, key=int)]
    return {name: _closed(one) for name, one in value.items()}


def _number(name: str) -> int | None:
    """The row that a name is, if it is one; all beyond the last that there may be are one."""
    return min(int(name[:9]), ROWS_MAX) if name.isascii() and name.isdigit() else None


def _rows(values: dict[str, Any], intent: Intent) -> tuple[list[Any] | None, int | None]:
    """The list that an intent is about, made where there is none yet, and the number of its row."""
    names = intent.target.split(BETWEEN)
    if not all(names) or len(names) > DEPTH_MAX:
        return None, None
    index = _number(names[-1])
    if index is not None:
        names = names[:-1]
    at: Any = values
    for place, name in enumerate(names):
        number = _number(name)
        if isinstance(at, list) and number is not None and number < len(at):
            at = at[number]
        elif isinstance(at, dict):
            at = at.setdefault(name, [] if place == len(names) - 1 else {})
        else:
            return None, None
    return (at, index) if isinstance(at, list) else (None, None)


def _filled(value: Any) -> Any:
    """Without the boxes that are empty; a row of which none is filled is None."""
    if isinstance(value, Mapping):
        kept = {name: _filled(one) for name, one in value.items()}
        return {name: one for name, one in kept.items() if one not in ("", None)} or None
    if isinstance(value, list):
        return [_filled(one) for one in value]
    return value.strip() if isinstance(value, str) else value
