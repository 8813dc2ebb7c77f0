"""Statements over the API: drafted, approved, paid and voided by Carl, and refused to the others."""

from __future__ import annotations

import pytest

from portal.access import SYSTEM
from portal.db import atomic
from tests.earnings import earn
from tests.routes.api.conftest import House, house

__all__ = ["house"]

STATEMENTS = "/clouds/north/statements"


@pytest.fixture(scope="module", autouse=True)
async def earned(house: House) -> None:
    """Rex earned 15.00 in August and 27.00 in September, and 9.00 on his own account in October."""
    async with house.database.as_worker(), atomic(SYSTEM) as tx:
        await earn(tx, 1500, "2026-08", "2026-09-02")
        await earn(tx, 2700, "2026-09", "2026-10-02")
        await tx.execute("update referral set tax_number = 'IT 07' where id = 1")
        await tx.execute("update subscriber set tax_number = 'it07' where id = 2")
        await earn(tx, 900, "2026-10", "2026-10-03", subscriber=2)


async def test_a_statement_from_its_draft_to_its_payment(house: House) -> None:
    rows = (await house.get("carl", "/clouds/north/commissions"))["items"]
    assert [(row["amount"], row["state"], row["payable_on"]) for row in rows] == [
        ("15.00", "payable", "2026-10-02"),
        ("27.00", "payable", "2026-11-01"),
        ("9.00", "held", "2026-11-02"),
    ]
    drafts = await house.post("carl", STATEMENTS, {"period": "2026-10"})
    (draft,) = drafts["items"]
    assert draft == {
        "id": draft["id"],
        "number": None,
        "referral": "rex",
        "period": "2026-10",
        "rows": 2,
        "carried": "42.00",
        "amount": "42.00",
        "currency": "EUR",
        "state": "draft",
        "approved_on": None,
        "paid_on": None,
        "reference": "",
    }
    named = await house.post("carl", STATEMENTS, {"period": "2026-10", "referral": "rex"})
    assert named == draft
    approved = await house.post("carl", f"{STATEMENTS}/{draft['id']}/approve", None, 200)
    number = approved["number"]
    assert (number, approved["state"]) == ("NORTH-C-2026-000001", "approved")
    assert await house.get("nora", f"{STATEMENTS}/{number}") == approved

    early = await house.ask("carl", "POST", f"{STATEMENTS}/{number}/pay", {"paid_on": "2026-11-06"})
    assert (early.status_code, early.json()["errors"][0]["field"]) == (422, "paid_on")
    paid = {"paid_on": "2026-11-05", "reference": "SEPA 1"}
    done = await house.post("carl", f"{STATEMENTS}/{number}/pay", paid, 200)
    assert done == await house.post("carl", f"{STATEMENTS}/{number}/pay", paid, 200)
    assert (done["state"], done["paid_on"], done["reference"]) == ("paid", "2026-11-05", "SEPA 1")
    voiding = await house.ask("carl", "POST", f"{STATEMENTS}/{number}/void")
    assert voiding.status_code == 409
    on_it = await house.get("carl", "/clouds/north/commissions", statement=done["id"])
    assert {(row["state"], row["statement"]) for row in on_it["items"]} == {("paid", number)}
    held = await house.get("carl", "/clouds/north/commissions", state="held")
    (one,) = held["items"]
    release = f"/clouds/north/commissions/{one['id']}/release"
    assert (await house.ask("carl", "POST", release, {})).status_code == 422
    freed = await house.post("carl", release, {"reason": "not the same"}, 200)
    assert freed["state"] == "payable"
    below = await house.post("carl", STATEMENTS, {"period": "2026-09"})
    assert below["items"] == [], "9.00 waits"
    asked = await house.post("carl", STATEMENTS, {"period": "2026-09", "referral": "rex"})
    assert (asked["amount"], asked["carried"]) == ("9.00", "0.00")
    dropped = await house.post("carl", f"{STATEMENTS}/{asked['id']}/void", None, 200)
    assert dropped["state"] == "dropped"
    listed = await house.get("paul", STATEMENTS, limit=1)
    assert [row["number"] for row in listed["items"]] == [number]


async def test_what_is_not_there_and_what_nobody_may(house: House) -> None:
    for body, status in (
        ({"period": "2026-11"}, 409),
        ({"period": "2026-13"}, 422),
        ({"period": "2026-10", "referral": "liz"}, 404),
        ({}, 422),
    ):
        assert (await house.ask("carl", "POST", STATEMENTS, body)).status_code == status, body
    for key in ("999999", "NORTH-C-2026-999999", "x"):
        assert (await house.ask("carl", "GET", f"{STATEMENTS}/{key}")).status_code == 404
    body = {"period": "2026-10"}
    for who, status in (("ann", 403), ("max", 403), ("sam", 404), ("tina", 404), ("olaf", 404)):
        answer = await house.ask(who, "POST", STATEMENTS, body)
        assert answer.status_code == status, (who, answer.text)
    assert (await house.ask("ann", "GET", STATEMENTS)).status_code == 403
    assert (await house.ask("sam", "GET", STATEMENTS)).status_code == 404
