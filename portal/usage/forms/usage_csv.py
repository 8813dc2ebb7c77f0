"""Rows of usage as a spreadsheet saves them: one heading, then one row a line."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO
from typing import Final

from portal.errors import Invalid
from portal.words import _

REQUIRED: Final = ("camera", "day", "meter", "quantity")
OPTIONAL: Final = ("connection",)
DELIMITERS: Final = (",", ";", "\t")


def members(body: bytes) -> Iterator[tuple[int, dict[str, str] | None]]:
    """The rows that are not empty, each with its line from 1; None for one with other columns.

    Columns stand in any order. Empty cells are left out. Raises `Invalid` where it is no CSV with
    these columns.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid({"body": _("It is not in UTF-8: save it as CSV UTF-8.")}) from None
    reader = csv.reader(StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        heading = [cell.strip().lower() for cell in next(reader, [])]
        if not set(REQUIRED) <= set(heading) <= {*REQUIRED, *OPTIONAL} or _repeats(heading):
            told = _("the first line must be: %(heading)s")
            raise Invalid({"body": told % {"heading": ", ".join(REQUIRED)}})
        for cells in reader:
            found = [cell.strip() for cell in cells]
            if len(found) != len(heading):
                if any(found):
                    yield reader.line_num, None
            elif any(found):
                row = zip(heading, found, strict=True)
                yield reader.line_num, {name: cell for name, cell in row if cell}
    except csv.Error as error:
        told = _("line %(line)s is no CSV: %(error)s")
        wrong = {"line": reader.line_num, "error": str(error)}
        raise Invalid({"body": told % wrong}) from None


def _delimiter(text: str) -> str:
    heading = text.partition("\n")[0]
    return max(DELIMITERS, key=heading.count)


def _repeats(heading: list[str]) -> bool:
    return len(set(heading)) < len(heading)
