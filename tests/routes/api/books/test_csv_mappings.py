"""Bank files over the API: North's accountant says how the bank's CSV is read, and sends files."""

from __future__ import annotations

import pytest

from tests.routes.api.conftest import House

MAPPINGS = "/clouds/north/csv-mappings"
GIROKONTO = {
    "delimiter": ";",
    "decimal": ",",
    "date_format": "%d.%m.%Y",
    "columns": {"booked_on": "Tag", "amount": "Betrag", "text": "Zweck", "unused": ["Saldo"]},
}


async def test_how_a_csv_is_read_is_remembered_and_may_be_said_again(house: House):
    made = await house.ask("carl", "PUT", f"{MAPPINGS}/girokonto", GIROKONTO)
    assert made.status_code == 200, made.text
    assert made.json()["columns"]["unused"] == ["Saldo"]
    assert made.json()["name"] == "girokonto"
    assert await house.get("nora", f"{MAPPINGS}/girokonto") == made.json()
    again = {**GIROKONTO, "decimal": "."}
    changed = await house.ask("nora", "PUT", f"{MAPPINGS}/girokonto", again)
    assert changed.json() == {**made.json(), "decimal": "."}
    other = await house.ask("carl", "PUT", f"{MAPPINGS}/the-same-columns", GIROKONTO)
    assert other.status_code == 409
    assert (await house.ask("sam", "GET", f"{MAPPINGS}/girokonto")).status_code == 404
    south = await house.ask("sam", "GET", "/clouds/south/csv-mappings/girokonto")
    assert south.status_code == 404


async def test_the_platforms_own_are_its_own_peoples(house: House):
    path = "/platform/csv-mappings/bank"
    assert (await house.ask("paul", "PUT", path, GIROKONTO)).status_code == 200
    assert (await house.get("ada", path))["name"] == "bank"
    assert (await house.ask("carl", "GET", path)).status_code == 404
    assert (await house.ask("carl", "PUT", path, GIROKONTO)).status_code == 403


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"delimiter": "x"}, "delimiter"),
        ({"decimal": "-"}, "decimal"),
        ({"date_format": "%d.%m."}, "date_format"),
        ({"date_format": "%"}, "date_format"),
        ({"columns": {"booked_on": "Tag", "text": "Zweck"}}, "columns.amount"),
        ({"columns": {"booked_on": "Tag", "amount": "A", "debit": "D"}}, "columns.amount"),
        ({"columns": {"booked_on": "Tag", "debit": "D"}}, "columns.amount"),
        ({"columns": {"booked_on": "Tag", "amount": "Tag"}}, "columns"),
        ({"columns": {"amount": "A"}}, "columns.booked_on"),
    ],
)
async def test_a_mapping_that_reads_nothing_is_refused_at_its_field(house: House, change, field):
    answer = await house.ask("carl", "PUT", f"{MAPPINGS}/wrong", {**GIROKONTO, **change})
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["errors"]] == [field]
