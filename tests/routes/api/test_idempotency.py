"""The same Idempotency-Key answers the same and does nothing more."""

from __future__ import annotations

import asyncio

import pytest

from portal.access import SYSTEM
from portal.kit.queries import tenancy
from portal.usage.actions import usage
from portal.usage.actions.usage import ROWS_AT_ONCE_MAX
from portal.usage.forms.usage import Sheet
from portal.waiting import transaction_open
from tests.cast import ADA
from tests.conftest import NOW
from tests.routes.api.conftest import House

CAMERAS = "/clouds/north/cameras"


async def _post(house: House, key: str, body: object, path: str = CAMERAS, who: str = "nora"):
    return await house.ask(who, "POST", path, body, headers={"Idempotency-Key": key})


async def test_the_same_again_is_answered_the_same(house: House):
    first = await _post(house, "k1", {"external_id": "once"})
    again = await _post(house, "k1", {"external_id": "once"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"


async def test_another_body_is_a_conflict_whatever_it_says(house: House):
    await _post(house, "k2", {"external_id": "twice"})
    for body in ({"external_id": "thrice"}, {"external_id": ""}, b"{"):
        answer = await _post(house, "k2", body)
        assert answer.status_code == 409
        assert answer.json()["errors"][0]["field"] == "Idempotency-Key"


async def test_another_path_or_another_key_of_ours_is_another_request(house: House):
    body = {"external_id": "wide"}
    assert (await _post(house, "k3", body)).status_code == 201
    assert (await _post(house, "k3", body, who="ada")).status_code == 409, "the camera is there"
    assert (await _post(house, "k3", body, "/clouds/south/cameras", "sam")).status_code == 201


async def test_what_failed_is_tried_anew(house: House):
    body = {"external_id": "late", "subscriber": 808}
    assert (await _post(house, "k4", body)).status_code == 422
    await house.post("nora", "/clouds/north/subscribers", {"name": "Late", "number": 808})
    assert (await _post(house, "k4", body)).status_code == 201


async def test_many_at_once_make_one(house: House):
    body = {"name": "Only one"}
    answers = await asyncio.gather(
        *(_post(house, "k5", body, "/clouds/north/subscribers") for _ in range(8))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == 7
    made = await house.sql("select count(*) from subscriber where name = 'Only one'")
    assert made == 1


async def test_a_large_sheet_is_checked_before_a_transaction_is_open(house: House):
    """Its rows take a while in a thread: the check refuses to be run with a transaction open."""
    good = [
        {"camera": "gate", "day": f"2026-10-{day:02d}", "meter": "archive.stored", "quantity": n}
        for n in range(1, 80)
        for day in range(1, 31)
    ]
    assert len(good) > ROWS_AT_ONCE_MAX
    path = "/clouds/north/usage"
    bad = await _post(house, "sheet", [*good, {**good[0], "meter": "none"}], path)
    assert (bad.status_code, bad.json()["errors"][0]["line"]) == (422, len(good) + 1)
    first = await _post(house, "sheet", good, path)
    assert (first.status_code, first.json()["accepted"]) == (200, 30)
    again = await _post(house, "sheet", good, path)
    assert again.content == first.content
    assert again.headers["idempotent-replayed"] == "true"
    north = await tenancy.get(ADA, "north")
    with transaction_open(), pytest.raises(RuntimeError, match="while a transaction is open"):
        await usage.check(SYSTEM, north, Sheet([], [], []), now=NOW)


async def test_usage_is_answered_again_too(house: House):
    rows = [{"camera": "gate", "day": "2026-10-01", "meter": "analytics.plates", "quantity": 1}]
    path = "/clouds/north/usage"
    first = await _post(house, "k6", rows, path)
    again = await _post(house, "k6", rows, path)
    assert first.json() == again.json() == {"accepted": 1, "unchanged": 0}
    assert (await _post(house, "k6", rows, f"{path}?partial=true")).status_code == 409


async def test_odd_keys_are_refused(house: House):
    for key in ("", " ", "x" * 256):
        answer = await _post(house, key, {"external_id": "odd"})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "Idempotency-Key")
