"""Bodies that were made to hurt are refused quickly, and never as our mistake."""

from __future__ import annotations

import gzip

import pytest

from tests.routes.api.conftest import House

CAMERAS, USAGE = "/clouds/north/cameras", "/clouds/north/usage"
NDJSON = "application/x-ndjson"
DEEP = b"[" * 400_000
ROW = b'{"camera":"gate","day":"2026-10-01","meter":"analytics.plates","quantity":'


@pytest.mark.parametrize(
    ("path", "kind", "body", "status"),
    [
        (CAMERAS, "application/json", DEEP, 400),
        (CAMERAS, "application/json", b'{"name":' + b"[" * 30 + b"]" * 30 + b"}", 400),
        (CAMERAS, "application/json", b'{"external_id":"a","external_id":"b"}', 400),
        (CAMERAS, "application/json", b'{"subscriber":' + b"9" * 9_000 + b"}", 400),
        (CAMERAS, "application/json", b'{"subscriber":NaN}', 400),
        (CAMERAS, "application/json", b'{"subscriber":-Infinity}', 400),
        (CAMERAS, "application/json", b'\xef\xbb\xbf{"external_id":"a"}', 400),
        (CAMERAS, "application/json", '{"external_id":"a"}'.encode("utf-16"), 400),
        (CAMERAS, "application/json", b'{"external_id":"\\ud800"}', 422),
        (CAMERAS, "application/json", b'{"external_id":"\\u0000"}', 422),
        (CAMERAS, "application/json", b" " * (1024 * 1024 + 1), 413),
        (USAGE, "application/json", DEEP, 400),
        (USAGE, "application/json", b"[" + ROW + DEEP, 400),
        (USAGE, NDJSON, ROW + DEEP, 422),
        (USAGE, NDJSON, DEEP, 422),
        (USAGE, NDJSON, b"\n" * 32_000_000, 413),
        (USAGE, NDJSON, b"{}\n" * 4_000_000, 413),
    ],
    ids=lambda value: str(value)[:30],
)
async def test_hostile_bodies_are_refused(
    house: House, path: str, kind: str, body: bytes, status: int
):
    answer = await house.ask("nora", "POST", path, body, headers={"Content-Type": kind})
    assert answer.status_code == status, answer.text[:300]


async def test_unknown_fields_are_named_up_to_a_bound(house: House):
    body = {f"field-{number}": 0 for number in range(30_000)}
    answer = await house.ask("nora", "POST", CAMERAS, body)
    assert answer.status_code == 422
    assert len(answer.json()["errors"]) <= 100


async def test_a_compressed_body_is_not_read(house: House):
    body = gzip.compress(b'{"external_id":"packed"}')
    for encoding in ("gzip", "br", "deflate, gzip"):
        headers = {"Content-Encoding": encoding}
        answer = await house.ask("nora", "POST", CAMERAS, body, headers=headers)
        assert answer.status_code == 415
    plain = await house.ask(
        "nora", "POST", CAMERAS, {"external_id": "plain"}, headers={"Content-Encoding": "identity"}
    )
    assert plain.status_code == 201
