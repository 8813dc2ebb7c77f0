"""Rows of usage as they are sent: JSON array or one object a line; of pages CSV, too."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Final

import msgspec

from portal.errors import Invalid, PortalError, TooLarge
from portal.usage.forms.usage_csv import members
from portal.values.external_id import complaint_of_id
from portal.values.numbers import NUMBER_MAX
from portal.words import _

ROWS_MAX: Final = 50_000
LINES_MAX: Final = 2 * ROWS_MAX
TOKENS_MAX: Final = 50 * ROWS_MAX
"""Texts, commas and brackets of an array that is looked at closely; a good row has 14."""
COMPLAINT_MAX: Final = 300
NDJSON: Final = "application/x-ndjson"
CSV: Final = "text/csv"


class UsageRow(msgspec.Struct, forbid_unknown_fields=True):
    """One reading: `quantity` of `meter` (base units) of `camera` (external id) on `day`.

    `connection` says of which Watcher it is, where two have a camera of that name.
    """

    camera: str
    day: Annotated[str, msgspec.Meta(max_length=100)]
    meter: Annotated[str, msgspec.Meta(max_length=100)]
    quantity: int
    connection: Annotated[int, msgspec.Meta(ge=1, le=NUMBER_MAX)] | None = None


class Malformed(PortalError):
    """The body is not JSON at all."""

    status = 400
    title = _("Malformed JSON")


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows that have the right shape, each with its line from 1, and the lines that have not."""

    rows: Sequence[UsageRow]
    lines: Sequence[int]
    rejected: list[tuple[int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if len(self.rows) != len(self.lines):
            message = _("every row has its line")
            raise ValueError(message)


_ROW: Final = msgspec.json.Decoder(UsageRow)
_ROWS: Final = msgspec.json.Decoder(list[UsageRow])
_ANY: Final = msgspec.json.Decoder(list[msgspec.Raw])
_REQUIRED: Final = len(UsageRow.__struct_fields__) - len(UsageRow.__struct_defaults__)
_NAME_ENDS: Final = re.compile(rb'"[ \t\r\n]*:')
_TOKEN: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[][{},]', re.DOTALL)


def parse_usage(body: bytes, content_type: str) -> Sheet:
    """Read a sheet of usage. Raises `Malformed` (400), `TooLarge` (413) or `Invalid` (422)."""
    return _named(_parse(body, content_type))


def _named(sheet: Sheet) -> Sheet:
    """Without the rows whose camera no id can be: each of these lines says so."""
    wrong = {
        name: problem
        for name in {row.camera for row in sheet.rows}
        if (problem := complaint_of_id(name))
    }
    if not wrong:
        return sheet
    rejected = [
        (line, f"camera: {wrong[row.camera]}")
        for line, row in zip(sheet.lines, sheet.rows, strict=True)
        if row.camera in wrong
    ]
    good = [
        (line, row)
        for line, row in zip(sheet.lines, sheet.rows, strict=True)
        if row.camera not in wrong
    ]
    return Sheet(
        [row for _, row in good],
        [line for line, _ in good],
        sorted([*sheet.rejected, *rejected]),
    )


def _parse(body: bytes, content_type: str) -> Sheet:
    kind = content_type.partition(";")[0].strip().lower()
    if kind == NDJSON:
        return _parse_lines(body)
    if kind == CSV:
        return _parse_csv(body)
    if body.count(b"{") > ROWS_MAX:  # or braces are part of names
        _count_members(body)
    try:
        rows = _ROWS.decode(body)
    except msgspec.ValidationError:
        return _parse_array(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(_said(error)) from error
    _limit(len(rows))
    if _may_repeat(body, rows):
        return _parse_array(body)
    return Sheet(rows, range(1, len(rows) + 1))


def _count_members(body: bytes) -> None:
    """Refuse too many rows before anything is made of them: one of `{},{},…` has 3 bytes."""
    depth, commas = 0, 0
    for count, token in enumerate(_TOKEN.finditer(body)):
        sign = body[token.start()]
        if sign in b"[{":
            depth += 1
        elif sign in b"]}":
            depth -= 1
        elif sign in b"," and depth == 1:
            commas += 1
        if commas >= ROWS_MAX or count >= TOKENS_MAX:
            raise TooLarge(
                _("One request carries at most %(rows_max)s rows; this one has more.")
                % {"rows_max": ROWS_MAX}
            )


def _may_repeat(body: bytes, rows: Sequence[UsageRow]) -> bool:
    """Whether a row may have a name twice: its values are plain, so each colon ends a name.

    `"connection": null` is looked at closely as well: it is a name more than the rows show.
    """
    names = _REQUIRED * len(rows) + sum(row.connection is not None for row in rows)
    return len(_NAME_ENDS.findall(body)) > names


def _parse_array(body: bytes) -> Sheet:
    """The slow way, for a body in which some row is wrong: each row by itself."""
    _count_members(body)
    try:
        raw = _ANY.decode(body)
    except msgspec.ValidationError as error:
        raise Invalid({"body": _("must be an array of usage rows")}) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(_said(error)) from error
    _limit(len(raw))
    return _each([(line, bytes(row)) for line, row in enumerate(raw, 1)])


def _parse_lines(body: bytes) -> Sheet:
    if body.count(b"\n") >= LINES_MAX:
        message = _("One request carries at most %(lines_max)s lines, blank ones included.") % {
            "lines_max": LINES_MAX
        }
        raise TooLarge(message)
    raw = [(line, row) for line, row in enumerate(body.split(b"\n"), 1) if row.strip()]
    _limit(len(raw))
    try:
        rows = [_ROW.decode(row) for _, row in raw]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _each(raw)
    if _may_repeat(body, rows):
        return _each(raw)
    return Sheet(rows, [line for line, _ in raw])


def _parse_csv(body: bytes) -> Sheet:
    """Its lines are those of the file: the heading is the first."""
    rows: list[UsageRow] = []
    lines: list[int] = []
    rejected: list[tuple[int, str]] = []
    for line, row in members(body):
        _limit(len(rows) + len(rejected) + 1)
        if row is None:
            rejected.append((line, str(_("has another number of columns than the first line"))))
            continue
        try:
            rows.append(msgspec.convert(row, UsageRow, strict=False))
        except msgspec.ValidationError as error:
            rejected.append((line, _said(error)))
            continue
        lines.append(line)
    return Sheet(rows, lines, rejected)


def _each(raw: Sequence[tuple[int, bytes]]) -> Sheet:
    rows: list[UsageRow] = []
    lines: list[int] = []
    rejected: list[tuple[int, str]] = []
    for line, text in raw:
        try:
            row = _ROW.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            rejected.append((line, _said(error)))
            continue
        if _may_repeat(text, [row]) and (name := _repeated(text)):
            rejected.append((line, f"{name}: stands twice in this row"))
            continue
        rows.append(row)
        lines.append(line)
    return Sheet(rows, lines, rejected)


def _repeated(text: bytes) -> str:
    """The name that stands twice in a row, "" when none does."""
    names: list[str] = [name for name, _ in json.loads(text, object_pairs_hook=list)]
    return next((name for name in names if names.count(name) > 1), "")


def _said(error: Exception) -> str:
    """A decoder's message with the field first: "quantity: Expected `int`, got `float`"."""
    text, _, path = str(error).partition(" - at `$.")
    said = f"{path.rstrip('`')}: {text}" if path else text
    return said if len(said) <= COMPLAINT_MAX else f"{said[:COMPLAINT_MAX]}…"


def _limit(rows: int) -> None:
    if rows > ROWS_MAX:
        message = _("One request carries at most %(rows_max)s rows; this one has %(rows)s.") % {
            "rows_max": ROWS_MAX,
            "rows": rows,
        }
        raise TooLarge(message)
