"""A draft by the API: read, made anew, looked at, and equal to what the close then issues."""

from __future__ import annotations

from typing import Any

import pytest

from portal.books.actions.closing.work import work_on_close
from portal.books.actions.estimates import estimate_cloud
from tests.cast import NORTH
from tests.conftest import NOW
from tests.factories import days
from tests.queues import RecordingQueue
from tests.routes.api.conftest import House, house

__all__ = ["house"]

OCTOBER = "/clouds/north/periods/2026-10"
DRAFT = f"{OCTOBER}/draft"


@pytest.fixture(scope="module", autouse=True)
async def october_is_used(house: House) -> None:
    """Sue's gate and Bob's shop all October, seven days of archive each."""
    sheet = [
        {
            "camera": camera,
            "day": day.isoformat(),
            "meter": "recording.motion.depth",
            "quantity": 7,
        }
        for camera in ("gate", "shop")
        for day in days("2026-10-01", "2026-11-01")
    ]
    await house.post("nora", "/clouds/north/usage", sheet, 200)


async def drafted(house: House) -> Any:
    async with house.database.as_worker():
        await estimate_cloud(NORTH, now=NOW)
    return await house.get("carl", DRAFT)


async def test_before_the_first_draft_it_is_being_made(house: House) -> None:
    answer = await house.get("carl", DRAFT)
    assert (answer["state"], answer["made_at"], answer["totals"]) == ("making", None, None)
    assert answer["stale"] is True


async def test_a_draft_has_sums_documents_and_surprises(house: House) -> None:
    answer = await drafted(house)
    assert (answer["state"], answer["stale"], answer["last"]) == ("ready", False, None)
    assert answer["totals"] == {
        "invoices": 2,
        "charges": "19.80",
        "discounts": "0.99",
        "revenue": "18.81",
        "wholesale": "6.65",
        "commission": "1.34",
        "margin": "10.82",
        "tax": "4.14",
        "to_collect": "22.95",
    }
    sue, bob = (await house.get("carl", f"{DRAFT}/invoices"))["items"]
    assert "number" not in sue
    assert (sue["subscriber"], sue["total"], sue["status"]) == (1, "10.87", "draft")
    assert [(line["description"], line["amount"]) for line in bob["lines"]] == [("Home 7", "9.90")]
    (one,) = (await house.get("carl", f"{DRAFT}/invoices", subscriber=2))["items"]
    assert one == bob
    (platform,) = (await house.get("carl", f"{DRAFT}/invoices", side="wholesale"))["items"]
    assert (platform["subtotal"], platform["taxable"]) == ("7.00", "6.65")
    page = await house.get("carl", f"{DRAFT}/invoices", limit=1)
    rest = await house.get("carl", f"{DRAFT}/invoices", limit=1, cursor=page["next"])
    assert [*page["items"], *rest["items"]] == [sue, bob]
    assert {one["rule"] for one in answer["surprises"]} == {"first_invoice", "document_incomplete"}


async def test_a_line_of_a_draft_is_its_cameras(house: House) -> None:
    """What a draft asks of Bob, by camera and with formulas; ann may not look at Bob's."""
    await drafted(house)
    path = f"{DRAFT}/invoices/2/lines/0"
    (row,) = (await house.get("carl", path))["items"]
    assert row["formula"].endswith(" = 9.90")
    assert (row["amount"], row["original_period"]) == ("9.90", "2026-10")
    for who, other in (
        ("ann", path),
        ("sam", path),
        ("carl", f"{DRAFT}/invoices/2/lines/1"),
        ("carl", f"{DRAFT}/invoices/2/lines/99999999999"),
        ("carl", f"{DRAFT}/invoices/2/lines/-1"),
        ("carl", f"{DRAFT}/invoices/99/lines/0"),
        ("carl", "/clouds/north/periods/2027-10/draft/invoices/2/lines/0"),
    ):
        assert (await house.ask(who, "GET", other)).status_code == 404, (who, other)


async def test_what_is_fine_stays_listed(house: House) -> None:
    (first, *_) = (await drafted(house))["surprises"]
    path = f"{DRAFT}/surprises/{first['id']}/fine"
    fine = await house.post("carl", path, {"note": "new in October"}, 200)
    assert (fine["fine"], fine["note"], fine["subject"]) == (
        True,
        "new in October",
        first["subject"],
    )
    again = next(one for one in (await drafted(house))["surprises"] if one["id"] == first["id"])
    assert again == fine
    assert (await house.ask("carl", "POST", f"{DRAFT}/surprises/0/fine", {})).status_code == 404
    for who in ("ann", "max"):
        assert (await house.ask(who, "POST", path, {})).status_code == 403
    assert (await house.ask("sam", "POST", path, {})).status_code == 404


async def test_it_is_made_anew_on_demand(house: House) -> None:
    await drafted(house)
    answer = await house.post("carl", DRAFT, {}, 202)
    assert (answer["state"], answer["stale"]) == ("ready", True)
    assert (await drafted(house))["stale"] is False
    assert (await house.ask("ann", "POST", DRAFT, {})).status_code == 403
    assert (await house.ask("ann", "GET", DRAFT)).status_code == 403
    assert (
        await house.ask("carl", "GET", "/clouds/north/periods/2027-10/draft")
    ).status_code == 404


async def test_an_account_manager_reads_documents_of_own_subscribers(house: House) -> None:
    await drafted(house)
    (sue,) = (await house.get("ann", f"{DRAFT}/invoices"))["items"]
    assert sue["subscriber"] == 1
    wholesale = await house.ask("ann", "GET", f"{DRAFT}/invoices", params={"side": "wholesale"})
    assert wholesale.status_code == 403


async def test_the_close_issues_the_draft(house: House) -> None:
    before = await drafted(house)
    drafts = (await house.get("carl", f"{DRAFT}/invoices"))["items"]
    await house.post("carl", f"{OCTOBER}/close", {"accept_gaps": True, "reason": "lost"}, 202)
    row = await house.sql("select id from period where cloud = 1 and starts_on = '2026-10-01'")
    async with house.database.as_worker():
        await work_on_close(row, clock=lambda: NOW, queue=RecordingQueue())
    issued = await house.get("carl", "/clouds/north/invoices", period="2026-10", side="retail")
    names = ("type", "subscriber", "lines", "subtotal", "discount", "taxable", "tax", "total")
    assert [{n: one[n] for n in names} for one in issued["items"]] == [
        {n: one[n] for n in names} for one in drafts
    ]
    kept = await house.get("carl", DRAFT)
    assert (kept["totals"], kept["stale"]) == (before["totals"], False)
    assert (await house.ask("carl", "POST", DRAFT, {})).status_code == 409
    async with house.database.as_worker():
        await estimate_cloud(NORTH, now=NOW)
    november = await house.get("carl", "/clouds/north/periods/2026-11/draft")
    assert november["last"] == before["totals"]
    assert sum(float(step) for step in november["bridge"].values()) == pytest.approx(
        float(november["totals"]["revenue"]) - 18.81
    )
