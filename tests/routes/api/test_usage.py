"""Usage through the API: arrays and lines, whole or in part, read back page by page."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.routes.api.conftest import House

USAGE = "/clouds/north/usage"
NDJSON = {"Content-Type": "application/x-ndjson"}


def row(
    camera: Any = "gate", day: Any = "2026-10-01", quantity: Any = 7, **more: Any
) -> dict[str, Any]:
    """A row of usage."""
    meter = more.pop("meter", "recording.motion.depth")
    return {"camera": camera, "day": day, "meter": meter, "quantity": quantity, **more}


BAD: list[tuple[Any, str]] = [
    (row(camera="nowhere"), "camera"),
    (row(camera="porch"), "camera"),  # South's
    (row(camera="a\0b"), "camera"),
    (row(camera=7), "camera"),
    (row(meter="no.such"), "meter"),
    (row(meter="a\0b"), "meter"),
    (row(day="2026-02-30"), "day"),
    (row(day="2026-11-06"), "day"),  # tomorrow
    (row(day="2026-10-1"), "day"),
    (row(day=None), "day"),
    (row(quantity=-1), "quantity"),
    (row(quantity=1.5), "quantity"),
    (row(quantity=True), "quantity"),
    (row(quantity=None), "quantity"),
    (row(quantity="seven"), "quantity"),
    (row(quantity=2**63), "quantity"),
    (row(quantity=10**30), "quantity"),
    (row(meter="analytics.plates", quantity=2), "quantity"),
    (row(meter="recording.time", quantity=86_401), "quantity"),
    ({"camera": "gate"}, ""),
    (row(extra=1), "extra"),
    ([], ""),
    ("text", ""),
    (None, ""),
]


async def _stored(house: House) -> int:
    return int(await house.sql("select count(*) from usage_day"))


@pytest.mark.parametrize("lines", [False, True], ids=["array", "ndjson"])
async def test_bad_rows_are_named_by_line_and_nothing_is_stored(house: House, lines):
    before = await _stored(house)
    rows = [bad for bad, _ in BAD]
    mixed = [row(day="2026-10-02"), *rows, row(day="2026-10-03")]
    body: Any = "\n".join(json.dumps(one) for one in mixed).encode() if lines else mixed
    answer = await house.ask("nora", "POST", USAGE, body, headers=NDJSON if lines else {})
    assert answer.status_code == 422
    errors = answer.json()["errors"]
    assert [error["line"] for error in errors] == list(range(2, len(rows) + 2))
    for error, (bad, word) in zip(errors, BAD, strict=True):
        assert word in error["message"], (bad, error)
    assert await _stored(house) == before


async def test_the_good_rows_are_taken_if_asked_for(house: House):
    rows = [row(day="2026-10-02"), row(camera="nowhere"), row(day="2026-10-02", quantity=5)]
    answer = await house.ask("nora", "POST", f"{USAGE}?partial=true", rows)
    assert answer.status_code == 200
    assert (answer.json()["accepted"], answer.json()["unchanged"]) == (1, 1)
    (rejected,) = answer.json()["rejected"]
    assert rejected["line"] == 2
    assert "nowhere" in rejected["message"]


async def test_lines_that_are_not_json_are_bad_rows(house: House):
    lines = [json.dumps(row(day="2026-10-04")).encode(), b'{"camera": ', b"", b"\xff"]
    answer = await house.ask("nora", "POST", USAGE, b"\n".join(lines), headers=NDJSON)
    assert answer.status_code == 422
    assert [error["line"] for error in answer.json()["errors"]] == [2, 4]


async def test_usage_is_merged_by_maximum_and_read_back(house: House):
    for quantity, expected in ((3, (1, 0)), (2, (0, 1)), (3, (0, 1)), (9, (1, 0))):
        sent = [row(camera="shop", day="2026-10-05", quantity=quantity)]
        done = await house.post("nora", USAGE, sent, 200)
        assert (done["accepted"], done["unchanged"]) == expected
    read = await house.get("carl", USAGE, period="2026-10", camera="shop")
    assert read == {
        "items": [{**row(camera="shop", day="2026-10-05"), "quantity": "9"}],
        "next": None,
    }
    lower = {**row(camera="shop", day="2026-10-05", quantity=1), "reason": "Miscounted"}
    corrected = await house.post("nora", f"{USAGE}/corrections", lower)
    assert corrected == {**lower, "quantity": "1"}
    read = await house.get("carl", USAGE, period="2026-10", camera="shop")
    assert read["items"][0]["quantity"] == "1"


async def test_pages_of_usage(house: House):
    sent = [row(camera="attic", day=f"2026-10-{day:02d}", quantity=day) for day in range(1, 21)]
    await house.post("nora", USAGE, sent, 200)
    found: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await house.get(
            "nora", USAGE, period="2026-10", camera="attic", limit=6, cursor=cursor
        )
        found += page["items"]
        cursor = page["next"]
    assert found == [{**one, "quantity": str(one["quantity"])} for one in sent]


async def test_fifty_thousand_rows_and_no_more(house: House):
    line = json.dumps(row(day="2026-10-06")).encode()
    answer = await house.ask("nora", "POST", USAGE, b"\n".join([line] * 50_000), headers=NDJSON)
    assert answer.json() == {"accepted": 1, "unchanged": 49_999}
    for body, headers in (
        (b"\n".join([line] * 50_001), NDJSON),
        (b"[" + b",".join([line] * 50_001) + b"]", {}),
    ):
        answer = await house.ask("nora", "POST", USAGE, body, headers=headers)
        assert answer.status_code == 413
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"[{]", "application/json", 400),
        (b'[{"camera": "\\ud800"}]', "application/json", 400),
        (b'{"camera": "\\ud800"}', "application/x-ndjson", 422),
        (b"", "application/json", 400),
        (b"{}", "application/json", 422),
        (b"camera,day", "text/csv", 415),
        (b"[]", "application/json; charset=utf-8", 200),
        (b"", "application/x-ndjson", 200),
    ],
)
async def test_bodies_of_usage(house: House, body, content_type, status):
    answer = await house.ask("nora", "POST", USAGE, body, headers={"Content-Type": content_type})
    assert answer.status_code == status, answer.text
