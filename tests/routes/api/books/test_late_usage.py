"""Late usage, told by the API: what it corrects, what waits for a person, and settled once."""

from __future__ import annotations

import pytest

from tests.routes.api.conftest import House
from tests.routes.api.nord import MOTION, nord_with_october


@pytest.fixture(scope="module", autouse=True)
async def october(house: House) -> None:
    """Nord's October, closed."""
    await nord_with_october(house)


async def test_late_usage_that_waits_is_listed_and_settled_by_the_books_people(
    house: House,
) -> None:
    """Nothing waits of October while November's close would correct it."""
    path = "/clouds/nord/late-usage"
    assert (await house.get("paul", path))["items"] == []
    assert (await house.get("paul", "/clouds/nord/periods/2026-10/corrections"))["items"] == []
    mark = {"camera": "site/gate", "period": "2026-10"}
    for body, field in (
        ({"deed": "bill", "marks": [mark]}, "marks[0]"),
        ({"deed": "waive", "marks": [mark]}, "reason"),
        ({"deed": "bill", "marks": []}, "marks"),
    ):
        answer = await house.ask("paul", "POST", f"{path}/settle", body)
        assert answer.status_code == 422, body
        assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert (await house.ask("ann", "GET", "/clouds/north/late-usage")).status_code == 403
    assert (await house.ask("sam", "GET", "/clouds/north/late-usage")).status_code == 404


async def test_late_usage_is_seen_as_what_it_corrects_then_waits_and_is_settled_once(
    house: House,
) -> None:
    """Yard's 20 October was 14 days, not 7: 7 of 31 more at 0.50 is 0.11, of North's cost alone."""
    late = {"camera": "site/yard", "day": "2026-10-20", "meter": MOTION, "quantity": 14}
    await house.post("ada", "/clouds/nord/usage", [late], 200)
    corrections = "/clouds/nord/periods/2026-11/corrections"
    (seen,) = (await house.get("paul", corrections))["items"]
    assert seen == {
        "original_period": "2026-10", "side": "wholesale", "kind": "service",
        "camera": "site/yard", "subscriber": None, "unit": "day", "days": ["2026-10-20"],
        "quantity_before": "3.612903", "quantity_after": "3.83871",
        "before": "1.81", "after": "1.92", "amount": "0.11", "reason": "late_usage",
    }  # fmt: skip
    for month in ("2026-11", "2026-12", "2027-01"):
        await house.sql(
            "insert into period (cloud, starts_on, state, closing_at, closed_at)"
            " select id, $1::text::date, 'closed', now(), now() from cloud where slug = 'nord'",
            f"{month}-01",
        )
    assert (await house.get("paul", corrections))["items"] == [], "a closed month: what it charged"
    path = "/clouds/nord/late-usage"
    row = {
        "period": "2026-10", "camera": "site/yard", "subscriber": 1,
        "retail": "0.00", "wholesale": "0.11", "bills": False,
    }  # fmt: skip
    assert (await house.get("paul", path))["items"] == [row]
    assert (await house.get("paul", path, month="2026-09"))["items"] == []
    mark = {"camera": "site/yard", "period": "2026-10"}
    bill = {"deed": "bill", "marks": [mark]}
    for settled in (1, 0):
        assert await house.post("paul", f"{path}/settle", bill, 200) == {"settled": settled}
    assert (await house.get("paul", path))["items"] == [{**row, "bills": True}]
    next_close = "/clouds/nord/periods/2027-02/corrections"
    assert [one["amount"] for one in (await house.get("paul", next_close))["items"]] == ["0.11"]
    waive = {"deed": "waive", "marks": [mark], "reason": "Ours to bear"}
    for settled in (1, 0):
        assert await house.post("paul", f"{path}/settle", waive, 200) == {"settled": settled}
    assert (await house.get("paul", path))["items"] == []
    assert (await house.get("paul", next_close))["items"] == []
