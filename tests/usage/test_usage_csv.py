"""Usage as spreadsheets save it: the rows of the API, and what is wrong by the line of the file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.errors import Invalid, TooLarge
from portal.usage.forms.usage import CSV, ROWS_MAX, UsageRow, parse_usage

HEAD = "camera,day,meter,quantity"
names = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1).filter(
    lambda text: not set(text) & set(',;"')
)


@given(st.lists(st.tuples(names, st.integers(0, 2**62)), min_size=1, max_size=5))
def test_rows_are_what_the_cells_say(cells: list[tuple[str, int]]) -> None:
    body = "\n".join([HEAD, *(f"{name},2026-10-01,m,{count}" for name, count in cells)])
    sheet = parse_usage(body.encode(), CSV)
    read = {
        line: (row.camera, row.quantity) for line, row in zip(sheet.lines, sheet.rows, strict=True)
    }
    refused = {line for line, _told in sheet.rejected}
    assert read | {line: cells[line - 2] for line in refused} == dict(enumerate(cells, 2))


@pytest.mark.parametrize(
    ("body", "rows", "refused"),
    [
        (f"{HEAD}\ngate,2026-10-01,m,7\n\nyard,2026-10-02,m,0\n", {2, 4}, set()),
        ("quantity;Day;METER;camera\r\n7;2026-10-01;m;gate\r\n", {2}, set()),
        (f"\ufeff{HEAD},connection\ngate,2026-10-01,m,7,3\ngate,2026-10-01,m,7,\n", {2, 3}, set()),
        (
            f"{HEAD}\ngate,2026-10-01,m,seven\ngate,2026-10-01,m\n,2026-10-01,m,1\n",
            set(),
            {2, 3, 4},
        ),
        (f"{HEAD}\ngate,2026-10-01,m,1.5\ngate,2026-10-01,m,-1\n", {3}, {2}),
        (f'{HEAD}\n"ga\nte",2026-10-01,m,7\nyard,2026-10-01,m,7\n', {4}, {3}),
    ],
)
def test_lines_are_those_of_the_file(body: str, rows: set[int], refused: set[int]) -> None:
    sheet = parse_usage(body.encode(), CSV)
    assert set(sheet.lines) == rows
    assert {line for line, _told in sheet.rejected} == refused


def test_a_connection_is_optional() -> None:
    sheet = parse_usage(f"{HEAD},connection\ngate,2026-10-01,m,7,3\n".encode(), CSV)
    assert list(sheet.rows) == [UsageRow("gate", "2026-10-01", "m", 7, 3)]


@pytest.mark.parametrize(
    "body",
    [b"", b"camera,day", b"camera,day,meter,quantity,price\n", b"\xff\xfe", b"camera,camera,day"],
)
def test_what_is_no_such_file_is_refused_whole(body: bytes) -> None:
    with pytest.raises(Invalid):
        parse_usage(body, CSV)


def test_a_file_has_a_bound() -> None:
    body = "\n".join([HEAD, *["gate,2026-10-01,m,7"] * (ROWS_MAX + 1)])
    with pytest.raises(TooLarge):
        parse_usage(body.encode(), CSV)
