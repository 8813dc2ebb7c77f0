"""The worked month of North, told by the API alone: made, used, closed, and read back to the cent."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.routes.api.conftest import House
from tests.routes.api.nord import nord_with_october


@pytest.fixture(scope="module", autouse=True)
async def october(house: House) -> None:
    """Nord's October, closed."""
    await nord_with_october(house)


async def test_the_period(house: House):
    period = await house.get("paul", "/clouds/nord/periods/2026-10")
    assert (period["state"], period["gaps"], period["progress"]) == (
        "closed", [], {"done": 2, "total": 2},
    )  # fmt: skip
    assert period["totals"] == {"retail": "15.01", "wholesale": "11.37", "commission": "2.03"}
    again = await house.ask("paul", "POST", "/clouds/nord/periods/2026-10/close", {})
    assert (again.status_code, again.json()) == (202, period)


async def test_a_period_that_has_not_begun_or_is_before_any_data_is_not_there(house: House):
    for month in ("2026-12", "2026-08", "2099-01"):
        answer = await house.ask("paul", "GET", f"/clouds/nord/periods/{month}")
        assert answer.status_code == 404, month
    assert (await house.get("paul", "/clouds/nord/periods/2026-11"))["state"] == "open"


LISTS_OF_A_MONTH = (
    *("charges", "invoices", "commissions", "margins", "usage", "reconciliation"),
    *("reports", "reports/services"),
)


@pytest.mark.parametrize("noun", LISTS_OF_A_MONTH)
@pytest.mark.parametrize("who", ["ada", "paul"])
async def test_lists_have_the_months_that_the_books_have(house: House, noun: str, who: str):
    path = f"/clouds/nord/{noun}"
    for month, why in (
        ("2026-12", "2026-12 has not begun yet."),
        ("2199-12", "2199-12 has not begun yet."),
        ("2026-09", "There is nothing yet in 2026-09 or before."),
        ("2000-01", "There is nothing yet in 2000-01 or before."),
    ):
        answer = await house.ask(who, "GET", path, params={"period": month})
        assert (answer.status_code, answer.json()["detail"]) == (404, why)
    for month in ("2026-10", "2026-11"):
        await house.get(who, path, period=month)


async def test_the_charges(house: House):
    path = "/clouds/nord/charges"
    rows = (await house.get("paul", path, period="2026-10"))["items"]
    amounts = {(row["camera"], row["side"], row["service"]): row["amount"] for row in rows}
    assert amounts == {
        ("site/gate", "retail", None): "9.90",
        ("site/yard", "retail", None): "5.11",
        ("site/gate", "wholesale", "motion-day"): "3.50",
        ("site/yard", "wholesale", "motion-day"): "1.81",
        ("site/gate", "wholesale", "plates"): "4.00",
        ("site/yard", "wholesale", "plates"): "2.06",
    }
    yard = await house.get("paul", path, period="2026-10", camera="site/yard", side="retail")
    (row,) = yard["items"]
    assert row == {
        "camera": "site/yard", "side": "retail", "kind": "recurring", "service": None,
        "tariff": "home-7", "subscriber": 1, "original_period": "2026-10", "quantity": "0.516129",
        "unit_price": "9.90", "amount": "5.11",
    }  # fmt: skip


async def test_the_documents(house: House):
    found = (await house.get("paul", "/clouds/nord/invoices", period="2026-10"))["items"]
    retail, wholesale = sorted(found, key=lambda row: row["side"])
    figures = ("subtotal", "discount", "taxable", "tax", "total", "paid")
    assert [retail[name] for name in figures] == ["15.01", "1.50", "13.51", "2.97", "16.48", "0.00"]
    assert [wholesale[name] for name in figures[:5]] == ["11.37", "0.57", "10.80", "2.38", "13.18"]
    assert (retail["number"], retail["type"], retail["subscriber"]) == (
        "NORD-2026-000001", "invoice", 1,
    )  # fmt: skip
    assert (wholesale["number"], wholesale["subscriber"]) == ("PLAT-2026-000001", None)
    assert retail["issued_at"] == "2026-11-05T12:00:00Z"
    assert sum(Decimal(line["amount"]) for line in retail["lines"]) == Decimal("15.01")
    one = await house.get("paul", f"/clouds/nord/invoices/{retail['number']}")
    assert one == retail
    only = await house.get("paul", "/clouds/nord/invoices", side="retail", subscriber=1)
    assert only["items"] == [retail]
    assert (await house.get("paul", "/clouds/nord/invoices", period="2026-11"))["items"] == []


async def test_a_document_that_waits_for_a_font_says_how_to_install_it(house: House):
    path = "/clouds/nord/invoices/NORD-2026-000001"
    await house.sql(
        "insert into invoice_wait (cloud, subscriber, invoice, characters, command, value)"
        " select cloud, subscriber, id, '日本', 'apt-get install fonts-noto-cjk', '{}' from invoice"
        " where number = 'NORD-2026-000001' returning id"
    )
    for suffix in (".pdf", ".csv"):
        answer = await house.ask("paul", "GET", path + suffix)
        assert answer.status_code == 409
        detail = answer.json()["detail"]
        assert "“日本”" in detail
        assert "apt-get install fonts-noto-cjk" in detail
        assert (await house.ask("olaf", "GET", path + suffix)).status_code == 404
    await house.sql("delete from invoice_wait returning id")


async def test_the_pdf_is_as_it_was_stored(house: House):
    path = "/clouds/nord/invoices/NORD-2026-000001.pdf"
    waiting = await house.ask("paul", "GET", path)
    assert waiting.status_code == 409
    await house.sql(
        "insert into invoice_file (cloud, subscriber, invoice, sha256, size, content,"
        " usage_sha256, usage_content)"
        " select cloud, subscriber, id, repeat('a', 64), 8, '%PDF-1.7', repeat('b', 64), 'camera'"
        " from invoice where number = 'NORD-2026-000001' returning id"
    )
    answer = await house.ask("paul", "GET", path)
    assert (answer.status_code, answer.content) == (200, b"%PDF-1.7")
    assert answer.headers["content-type"] == "application/pdf"
    assert "NORD-2026-000001.pdf" in answer.headers["content-disposition"]
    path = "/clouds/nord/invoices/NORD-2026-000001.csv"
    cameras = await house.ask("paul", "GET", path)
    assert (cameras.status_code, cameras.content) == (200, b"camera")
    assert cameras.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="NORD-2026-000001.csv"' in cameras.headers["content-disposition"]
    assert cameras.headers["etag"] == f'"{"b" * 64}"'
    assert cameras.headers["cache-control"] == "private, no-cache"
    known = {"If-None-Match": cameras.headers["etag"]}
    again = await house.ask("paul", "GET", path, headers=known)
    assert (again.status_code, again.content) == (304, b"")
    assert (await house.ask("olaf", "GET", path, headers=known)).status_code == 404
    assert (await house.ask("olaf", "GET", path)).status_code == 404


async def test_reports_sum_to_the_invoice_at_every_level(house: House):
    whole = ("15.01", "1.50", "13.51", "10.80", "2.03", "0.68")
    names = ("charges", "discount", "revenue", "cost", "commission", "margin")
    path = "/clouds/nord/reports"
    found: list[dict[str, Any]] = []
    for by in ("subscriber", "tariff", "referral", "camera"):
        found = (await house.get("paul", path, period="2026-10", by=by))["items"]
        sums = [str(sum(Decimal(row[name]) for row in found)) for name in names]
        assert tuple(sums) == whole, by
    assert {row["key"]: row["days"] for row in found} == {"site/gate": 31, "site/yard": 16}
    page = await house.get("paul", path, period="2026-10", by="camera", limit=1, subscriber=1)
    assert page["items"] == found[:1]
    more = {"period": "2026-10", "by": "camera", "limit": 1, "cursor": page["next"]}
    assert await house.get("paul", path, **more) == {"items": found[1:], "next": None}
    odd = await house.ask("paul", "GET", path, params={"period": "2026-10", "tariff": "home-7"})
    assert (odd.status_code, odd.json()["errors"][0]["field"]) == (422, "tariff")
    services = (await house.get("paul", f"{path}/services", period="2026-10"))["items"]
    motion = next(row for row in services if row["service"] == "motion-day")
    assert motion["sold"] == motion["used"] == motion["bought"] == "10.612903"
    assert sum(Decimal(row["cost"]) for row in services) == Decimal("10.80")


async def test_the_commission_and_the_margins(house: House):
    (row,) = (await house.get("paul", "/clouds/nord/commissions", period="2026-10"))["items"]
    assert row.pop("id")
    assert row == {
        "referral": "rex", "level": 1, "subscriber": 1, "document": "NORD-2026-000001",
        "period": "2026-10", "base": "13.51", "percent": "15", "amount": "2.03", "state": "pending",
        "payable_on": "2026-12-05", "statement": None, "formula": "13.51 × 15 ÷ 100 = 2.03",
    }  # fmt: skip
    nobody = await house.get("paul", "/clouds/nord/commissions", referral="ria")
    assert nobody["items"] == []
    margins = (await house.get("paul", "/clouds/nord/margins", period="2026-10"))["items"]
    sums = {
        name: sum(Decimal(row[name]) for row in margins)
        for name in ("revenue", "cost", "commission", "margin")
    }
    assert sums == {
        "revenue": Decimal("13.51"), "cost": Decimal("10.80"), "commission": Decimal("2.03"),
        "margin": Decimal("0.68"),
    }  # fmt: skip


async def test_what_is_closed_stays_closed(house: House):
    rate = {
        "service": "plates", "valid_from": "2026-10-31",
        "pricing": {"model": "per_unit", "unit_price": "1"},
    }  # fmt: skip
    assert (await house.ask("ada", "POST", "/clouds/nord/rates", rate)).status_code == 409


async def test_pages_of_charges(house: House):
    whole = (await house.get("ada", "/clouds/nord/charges", period="2026-10"))["items"]
    found: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await house.get(
            "ada", "/clouds/nord/charges", period="2026-10", limit=4, cursor=cursor
        )
        found += page["items"]
        cursor = page["next"]
    assert found == whole


async def test_the_rows_of_a_line_say_how_each_comes_about_and_sum_to_it(house: House):
    documents = (await house.get("paul", "/clouds/nord/invoices", period="2026-10"))["items"]
    said = {}
    for document in documents:
        for n, line in enumerate(document["lines"]):
            path = f"/clouds/nord/invoices/{document['number']}/lines/{n}"
            page = await house.get("paul", path)
            assert sum(Decimal(row["amount"]) for row in page["items"]) == Decimal(line["amount"])
            assert {row["agreement"] for row in page["items"]} == {"same"}
            for row in page["items"]:
                said[document["side"], n, row["camera"]] = (row["days"], row["formula"])
            first = await house.get("paul", path, limit=1)
            rest = await house.get("paul", path, limit=1, cursor=first["next"])
            assert [*first["items"], *rest["items"]] == page["items"]
            assert rest["next"] is None
    assert said == {
        ("retail", 0, "site/gate"): (31, "9.90 × 31 ÷ 31 = 9.90"),
        ("retail", 0, "site/yard"): (16, "9.90 × 16 ÷ 31 = 5.11"),
        ("wholesale", 0, "site/gate"): (31, "217 ÷ 31 × 0.50 = 3.50"),
        ("wholesale", 0, "site/yard"): (16, "112 ÷ 31 × 0.50 = 1.81"),
        ("wholesale", 1, "site/gate"): (31, "31 ÷ 31 × 4.00 = 4.00"),
        ("wholesale", 1, "site/yard"): (16, "16 ÷ 31 × 4.00 = 2.06"),
    }


async def test_a_line_that_is_not_there_or_not_ones_own_is_404(house: House):
    documents = (await house.get("paul", "/clouds/nord/invoices", period="2026-10"))["items"]
    number = documents[0]["number"]
    for who, path in (
        ("paul", f"/clouds/nord/invoices/{number}/lines/99"),
        ("paul", f"/clouds/nord/invoices/{number}/lines/x"),
        ("paul", f"/clouds/nord/invoices/{number}/lines/-1"),
        ("paul", f"/clouds/north/invoices/{number}/lines/0"),
        ("nora", f"/clouds/nord/invoices/{number}/lines/0"),
    ):
        assert (await house.ask(who, "GET", path)).status_code == 404, (who, path)


async def test_a_version_is_tried_on_the_closed_month(house: House):
    version = {"monthly_price": "19.90", "items": []}
    path = "/clouds/nord/tariffs/home-7/preview"
    tried = await house.post("ada", path, {"period": "2026-10", "version": version}, 200)
    (sue,) = tried["items"]
    assert (sue["charged"], sue["would_be_charged"], sue["difference"]) == (
        "13.51", "27.15", "13.64",
    )  # fmt: skip
    assert tried["before"] == {
        "revenue": "13.51", "cost": "10.80", "commission": "2.03", "margin": "0.68",
    }  # fmt: skip
    assert tried["after"]["margin"] == "12.28"
    for month, status in (("2026-11", 409), ("2026-12", 409), ("x", 422)):
        asked = await house.ask("ada", "POST", path, {"period": month, "version": version})
        assert asked.status_code == status, month
    assert (await house.ask("nora", "POST", path, {"period": "2026-10"})).status_code == 404


async def test_why_a_camera_costs_what_it_does(house: House):
    path = "/clouds/nord/cameras/site%2Fyard/why"
    found = await house.get("paul", path, period="2026-10")
    assert found["closed"] is True
    assert [(row["side"], row["formula"]) for row in found["items"]] == [
        ("retail", "9.90 × 16 ÷ 31 = 5.11"),
        ("wholesale", "112 ÷ 31 × 0.50 = 1.81"),
        ("wholesale", "16 ÷ 31 × 4.00 = 2.06"),
    ]
    assert {row["period"] for row in found["items"]} == {"2026-10"}
    running = await house.get("paul", path, period="2026-11")
    assert (running["closed"], running["items"][0]["period"]) == (False, None)
    for who, where, month in (
        ("nora", path, "2026-10"),
        ("paul", "/clouds/nord/cameras/nowhere/why", "2026-10"),
        ("paul", path, "2026-12"),
    ):
        answer = await house.ask(who, "GET", where, params={"period": month})
        assert answer.status_code == 404, where


async def test_an_outage_is_credited_in_one_step(house: House) -> None:
    """What it would be, what it is, and no day a second time; each side by its own people."""
    path = "/clouds/nord/outages"
    out = {
        "first_day": "2026-10-10", "last_day": "2026-10-12", "cameras": ["site/gate"],
        "reason": "Disk", "side": "retail",
    }  # fmt: skip
    seen = await house.post("paul", f"{path}/preview", out, 200)
    (note,) = seen["notes"]
    assert (note["net"], note["tax"], note["total"]) == ("0.86", "0.19", "1.05")
    assert (note["commission"], note["cameras"], note["camera_days"]) == ("-0.13", 1, 3)
    assert note["month"] == "2026-10"
    for who in ("max", "carl"):
        assert (await house.ask(who, "POST", path, out)).status_code == 404
    made = await house.post("paul", path, out)
    assert [(one["total"], one["side"]) for one in made["notes"]] == [("1.05", "retail")]
    document = await house.get("paul", f"/clouds/nord/invoices/{made['notes'][0]['number']}")
    assert (document["type"], document["total"]) == ("credit_note", "-1.05")
    assert (await house.ask("paul", "POST", path, out)).status_code == 409
    assert (await house.post("paul", f"{path}/preview", out, 200))["notes"] == []
    wrong = await house.ask("paul", "POST", path, {**out, "cameras": ["site/gate", "attic"]})
    assert wrong.status_code == 422
    assert [error["field"] for error in wrong.json()["errors"]] == ["cameras[1]"]
    both = await house.post("paul", path, {**out, "side": "wholesale"})
    assert [one["total"] for one in both["notes"]] == ["0.85"]
