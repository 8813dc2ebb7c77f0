"""Several cameras at once: a line each, "external id; name", or an object each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final

from portal.errors import Invalid
from portal.kit.forms.form import ListOf, Nested
from portal.values.external_id import complaint_of_id
from portal.values.kinds import Day, ExternalId, Text, code_like
from portal.values.text import NAME_MAX, complaint
from portal.words import _, joined, ngettext

LINES_MAX: Final = 1_000
"""Of cameras that are added at once; more are imported."""
LINES_BYTES: Final = 262_144
"""Of a form with as many lines, each with a long name."""
COMPLAINTS_MAX: Final = 10
_BETWEEN: Final = ";"
_AT: Final = "cameras"


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraLine:
    """A camera, by the video system's name for it; `name` as people call it."""

    external_id: Annotated[str, ExternalId()]
    name: Annotated[str | None, Text(example="Gate")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCameras:
    """Cameras for a subscriber, all on a tariff from a day on.

    Without `tariff` they are registered only; without `starts_on` it begins today.
    """

    cameras: Annotated[tuple[CameraLine, ...], ListOf(Nested(CameraLine), LINES_MAX)]
    tariff: Annotated[str | None, code_like("home-7")] = None
    starts_on: Annotated[date | None, Day()] = None


def path_of(index: int) -> str:
    """How a complaint names a camera of the list, counted from 0."""
    return f"{_AT}[{index}].external_id"


def parse_lines(text: str, field: str = _AT) -> tuple[CameraLine, ...]:
    """The cameras of a text area: "gate; Front gate" a line, empty lines are none.

    Raises `Invalid` at `field`, naming each wrong line by its number from 1.
    """
    found: list[CameraLine] = []
    problems: dict[int, str] = {}
    for number, line in _numbered(text):
        external_id, _between, name = (part.strip() for part in line.partition(_BETWEEN))
        wrong = complaint_of_id(external_id) or complaint(name, minimum=0, maximum=NAME_MAX)
        if wrong:
            problems[number] = wrong
        found.append(CameraLine(external_id=external_id, name=name or None))
    if len(found) > LINES_MAX:
        raise Invalid({field: _("must hold at most %(maximum)s lines") % {"maximum": LINES_MAX}})
    if problems:
        raise Invalid({field: by_lines(problems)})
    return tuple(found)


def by_line(invalid: Invalid, text: str, field: str = _AT) -> Invalid:
    """The same complaints where the cameras were typed as lines: those of a camera by its line."""
    numbers = [number for number, _line in _numbered(text)]
    known = {path_of(index): number for index, number in enumerate(numbers)}
    lines = {known[path]: problem for path, problem in invalid.fields.items() if path in known}
    others = {path: problem for path, problem in invalid.fields.items() if path not in known}
    return Invalid({**others, **({field: by_lines(lines)} if lines else {})})


def by_lines(problems: dict[int, str]) -> str:
    """Complaints by line as one sentence, the first COMPLAINTS_MAX of them."""
    lines = [
        _("line %(line)s: %(problem)s") % {"line": number, "problem": problem}
        for number, problem in sorted(problems.items())[:COMPLAINTS_MAX]
    ]
    if len(problems) > COMPLAINTS_MAX:
        more = len(problems) - COMPLAINTS_MAX
        lines.append(
            ngettext("%(count)s more line", "%(count)s more lines", more) % {"count": more}
        )
    return joined(lines, "; ")


def _numbered(text: str) -> list[tuple[int, str]]:
    """The lines in which something stands, by their numbers from 1."""
    lines = enumerate(text.splitlines()[: 10 * LINES_MAX], start=1)
    return [(number, line) for number, line in lines if line.strip()]
