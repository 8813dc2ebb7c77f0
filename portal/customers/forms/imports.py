"""Customers with their cameras as a CSV: a row for each camera, the customer's fields repeated."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from io import StringIO
from typing import Final

from portal.customers.forms.camera_lines import CameraLine, NewCameras, path_of
from portal.customers.forms.subscriber import NewSubscriber
from portal.errors import Invalid
from portal.kit.forms.form import parse_texts
from portal.values.kinds import Day
from portal.words import _

OWN: Final = (
    *("name", "number", "email", "address", "tax_number"),
    *("discount", "account_manager", "referral"),
)
HEADING: Final = (*OWN, "camera", "camera_name", "tariff", "from")
EXAMPLE: Final = (
    *("Bar Sole", "", "bar@sole.example", "Via Roma 1", "IT01234567890", "10", "", ""),
    *("bar-1", "Counter", "home-7", "2026-12-01"),
)
DELIMITERS: Final = (",", ";", "\t")
BYTES_MAX: Final = 1_000_000
LINES_MAX: Final = 2_000
PROBLEMS_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class Group:
    """One customer of a file: where it begins, its key, and its cameras by tariff and first day.

    `lines` are those of the cameras, in the order of `cameras`.
    """

    line: int
    key: str
    subscriber: NewSubscriber
    cameras: tuple[NewCameras, ...]
    lines: tuple[tuple[int, ...], ...]

    @property
    def count(self) -> int:
        """How many cameras it has."""
        return sum(len(one.cameras) for one in self.cameras)

    def line_of(self, part: int, path: str) -> int:
        """The line that a complaint is about, of the cameras of a part."""
        known = {path_of(index): line for index, line in enumerate(self.lines[part])}
        return known.get(path, self.lines[part][0])


@dataclass(frozen=True, slots=True)
class Read:
    """A file: its customers, and what is wrong by line. One with a wrong line is left out."""

    groups: tuple[Group, ...]
    problems: Mapping[int, str]
    wrong: int


def template() -> str:
    """A file with the heading and one example."""
    text = StringIO()
    csv.writer(text).writerows([HEADING, EXAMPLE])
    return text.getvalue()


def parse(text: str) -> Read:
    """The customers of a file. Raises `Invalid` at "file" where it is none that can be read."""
    rows = _rows(text)
    problems: dict[int, str] = {}
    found: dict[str, list[tuple[int, dict[str, str]]]] = {}
    for line, row in rows:
        if not row["name"]:
            problems[line] = _("name: is required")
        name = row["number"] or "\0".join((row["name"], row["email"], row["tax_number"])).casefold()
        found.setdefault(name, []).append((line, row))
    groups, wrong = [], 0
    for members in found.values():
        before = len(problems)
        group = _group(members, problems)
        if group is None or len(problems) > before or any(line in problems for line, _r in members):
            wrong += 1
        else:
            groups.append(group)
    return Read(tuple(groups), problems, wrong)


def _rows(text: str) -> list[tuple[int, dict[str, str]]]:
    # A browser sends the ends of lines in its own way: the same file has the same keys.
    plain = "\n".join(text.removeprefix("\ufeff").splitlines())
    reader = csv.reader(StringIO(plain, newline=""), delimiter=_delimiter(plain), strict=True)
    rows: list[tuple[int, dict[str, str]]] = []
    try:
        heading = tuple(cell.strip().lower() for cell in next(reader, []))
        if heading != HEADING:
            told = _("the first line must be: %(heading)s") % {"heading": ", ".join(HEADING)}
            raise Invalid({"file": told})
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            line = reader.line_num
            if len(cells) != len(HEADING):
                told = _("line %(line)s has %(count)s columns, not %(expected)s")
                facts = {"line": line, "count": len(cells), "expected": len(HEADING)}
                raise Invalid({"file": told % facts})
            if len(rows) == LINES_MAX:
                told = _("at most %(count)s lines are imported at once") % {"count": LINES_MAX}
                raise Invalid({"file": told})
            rows.append((line, dict(zip(HEADING, (cell.strip() for cell in cells), strict=True))))
    except csv.Error as error:
        told = _("line %(line)s is no CSV: %(error)s")
        wrong = {"line": reader.line_num, "error": str(error)}
        raise Invalid({"file": told % wrong}) from None
    if not rows:
        raise Invalid({"file": _("there is nothing in it but the heading")})
    return rows


def _delimiter(text: str) -> str:
    """What stands between the names of the heading: spreadsheets of many countries write ";"."""
    heading = text.partition("\n")[0]
    return max(DELIMITERS, key=heading.count)


def _group(members: Sequence[tuple[int, dict[str, str]]], problems: dict[int, str]) -> Group | None:
    """One customer; what is wrong is put into `problems` by line."""
    first, facts = members[0]
    for line, row in members[1:]:
        other = [name for name in OWN if row[name] and row[name] != facts[name]]
        if other:
            told = _("%(field)s: differs from line %(line)s")
            problems.setdefault(line, told % {"field": other[0], "line": first})
    subscriber = None
    try:
        own = {name: facts[name] for name in OWN}
        own["discount_percent"] = own.pop("discount") or "0"
        subscriber = parse_texts(NewSubscriber, own)
    except Invalid as wrong:
        problems.setdefault(first, wrong.message)
    parts: dict[tuple[str, str], list[tuple[int, CameraLine]]] = {}
    for line, row in members:
        camera = _camera(line, row, problems)
        if camera is not None:
            parts.setdefault((row["tariff"], row["from"]), []).append((line, camera))
    if subscriber is None:
        return None
    cameras, lines = [], []
    for (tariff, day), listed in parts.items():
        try:
            starts_on = Day().read_text(day, "from") if day else None
        except Invalid as wrong:
            problems.setdefault(listed[0][0], wrong.message)
            continue
        cameras.append(
            NewCameras(
                cameras=tuple(one for _line, one in listed),
                tariff=tariff or None,
                starts_on=starts_on,
            )
        )
        lines.append(tuple(line for line, _one in listed))
    told = repr([sorted(row.items()) for _line, row in members])
    key = sha256(told.encode("utf-8", "surrogatepass")).hexdigest()
    return Group(first, key, subscriber, tuple(cameras), tuple(lines))


def _camera(line: int, row: Mapping[str, str], problems: dict[int, str]) -> CameraLine | None:
    if not row["camera"]:
        if row["camera_name"] or row["tariff"] or row["from"]:
            problems.setdefault(line, _("camera: is required with a tariff"))
        return None
    try:
        sent = {"external_id": row["camera"], "name": row["camera_name"]}
        return parse_texts(CameraLine, sent)
    except Invalid as wrong:
        problems.setdefault(line, wrong.message)
        return None
