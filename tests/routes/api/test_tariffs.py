"""Tariffs over the API: which is offered and the default, what one costs, what is below cost."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.billing.outlook.composer import Terms, at_discount, compose, price_for_margin
from portal.books.actions import composing
from portal.catalog.forms.tariff import NewItem, NewTariff
from portal.errors import Invalid
from portal.kit.queries import tenancy
from tests.billing.cast import d, law
from tests.cast import NORA
from tests.conftest import NOW
from tests.routes.api.conftest import House

NORTH = "/clouds/north"
HOME_7: dict[str, Any] = {
    "monthly_price": "9.90",
    "items": [{"service": "motion-day", "quantity": 7}, {"service": "plates", "quantity": 1}],
}


def tariff(code: str, **more: Any) -> dict[str, Any]:
    return {"code": code, "name": code, "valid_from": "2026-12-01", **HOME_7, **more}


async def test_the_worked_example_costs_7_13_and_leaves_1_28(house: House):
    """7.50 less 5 %, and 15 % to Rex; what it really costs is not known before a month is closed."""
    for path in ("tariffs/cost", "tariffs/home-7/cost"):
        answer = await house.post("nora", f"{NORTH}/{path}", {"version": HOME_7}, 200)
        figures = {
            "price": "9.90", "included_cost": "7.13", "real_cost": None, "commission": "1.49",
            "margin_full": "1.28", "margin_real": None,
        }  # fmt: skip
        assert {name: answer[name] for name in figures} == figures
        assert (answer["below_cost"], answer["unpriced"], answer["currency"]) == (False, [], "EUR")


async def test_cost_is_not_for_account_managers_nor_for_other_clouds(house: House):
    for who, status in (("ann", 403), ("sam", 404), ("max", 200), ("carl", 200)):
        body = {"version": HOME_7}
        answer = await house.ask(who, "POST", f"{NORTH}/tariffs/cost", body)
        assert answer.status_code == status, who
    gone = await house.ask("nora", "POST", f"{NORTH}/tariffs/no-such/cost", {"version": HOME_7})
    assert gone.status_code == 404
    bad = await house.ask("nora", "POST", f"{NORTH}/tariffs/cost", {"version": {}})
    assert [one["field"] for one in bad.json()["errors"]] == ["version.monthly_price"]


async def test_a_service_without_a_price_is_named(house: House):
    version = {"monthly_price": "1", "items": [{"service": "storage", "quantity": "100"}]}
    answer = await house.post("nora", f"{NORTH}/tariffs/cost", {"version": version}, 200)
    assert (answer["unpriced"], answer["included_cost"]) == (["storage"], "0.00")


async def test_a_version_below_cost_is_stored_and_told_with_its_reason(house: House):
    made = await house.post("nora", f"{NORTH}/tariffs", tariff("cheap", monthly_price="5"))
    assert made["versions"][0]["below_cost"] is True
    version = {
        **HOME_7, "valid_from": "2027-01-01", "monthly_price": "6",
        "below_cost_reason": "A gift to the fire brigade",
    }  # fmt: skip
    added = await house.post("nora", f"{NORTH}/tariffs/cheap/versions", version)
    assert (added["below_cost"], added["below_cost_reason"]) == (True, "A gift to the fire brigade")
    read = await house.get("carl", f"{NORTH}/tariffs/cheap")
    assert [one["below_cost"] for one in read["versions"]] == [True, True]
    assert "below_cost" not in (await house.get("ann", f"{NORTH}/tariffs/cheap"))["versions"][0]
    entries = await house.get("nora", f"{NORTH}/audit", object="tariff cheap")
    kept = [entry["after"].get("below_cost_reason") for entry in entries["items"] if entry["after"]]
    assert "A gift to the fire brigade" in kept


async def test_a_form_asks_why_before_it_sells_below_cost(house: House):
    new = NewTariff(
        code="strict",
        name="Strict",
        valid_from=NOW.date(),
        monthly_price=d("5"),
        items=(NewItem(service="motion-day", quantity=d("30")),),
    )
    async with house.database.as_web():
        north = await tenancy.get(NORA, "north")
        with pytest.raises(Invalid) as refused:
            await composing.create(NORA, north, new, strict=True, now=NOW)
        assert list(refused.value.fields) == ["below_cost_reason"]
    assert (await house.ask("nora", "GET", f"{NORTH}/tariffs/strict")).status_code == 404


async def test_one_tariff_is_the_default_and_one_that_is_not_offered_cannot_be(house: House):
    await house.post("nora", f"{NORTH}/tariffs", tariff("first", is_default=True, note="Ours"))
    await house.post("nora", f"{NORTH}/tariffs", tariff("second", is_default=True))
    rows = (await house.get("nora", f"{NORTH}/tariffs"))["items"]
    assert [row["code"] for row in rows if row["is_default"]] == ["second"]
    path = f"{NORTH}/tariffs/second"
    refused = await house.ask("nora", "PATCH", path, {"offered": False})
    assert refused.status_code == 409
    stopped = await house.ask("nora", "PATCH", path, {"offered": False, "is_default": False})
    assert (stopped.json()["offered"], stopped.json()["is_default"]) == (False, False)
    again = await house.ask("nora", "PATCH", path, {"is_default": True})
    assert [one["field"] for one in again.json()["errors"]] == ["is_default"]
    first = await house.ask("nora", "PATCH", f"{NORTH}/tariffs/first", {"is_default": True})
    assert (first.status_code, first.json()["note"]) == (200, "Ours")
    for who, status in (("ann", 403), ("carl", 403), ("sam", 404)):
        answer = await house.ask(who, "PATCH", path, {"note": "x"})
        assert answer.status_code == status, who


async def test_a_cloud_has_a_target_margin_of_its_own(house: House):
    assert (await house.get("nora", NORTH))["margin_target"] == "20"
    assert "margin_target" not in await house.get("ann", NORTH)
    changed = await house.ask("nora", "PATCH", NORTH, {"margin_target": "25.5"})
    assert changed.json()["margin_target"] == "25.5"
    for who, status in (("carl", 403), ("sam", 404)):
        answer = await house.ask(who, "PATCH", NORTH, {"margin_target": "1"})
        assert answer.status_code == status, who
    await house.ask("nora", "PATCH", NORTH, {"margin_target": "20"})


async def test_a_subscriber_has_a_phone_and_says_what_it_wants(house: House):
    wish = {"name": "Bar Sole", "phone": "+39 06 555", "wanted": 4, "wanted_tariff": "home-7"}
    made = await house.post("nora", f"{NORTH}/subscribers", wish)
    assert {name: made[name] for name in wish} == wish
    path = f"{NORTH}/subscribers/{made['number']}"
    done = await house.ask("nora", "PATCH", path, {"wanted": None, "wanted_tariff": None})
    assert (done.json()["wanted"], done.json()["wanted_tariff"]) == (None, None)
    for bad in ({"wanted": 0}, {"wanted_tariff": "south-7"}):
        refused = await house.ask("nora", "PATCH", path, bad)
        assert [one["field"] for one in refused.json()["errors"]] == list(bad)


async def test_a_service_is_called_anew_and_gets_a_list_price(house: House):
    list_price = {"model": "per_unit", "unit_price": "0.45"}
    change = {"short": "Motion archive", "unit_plural": "days", "list_pricing": list_price}
    made = await house.ask("ada", "PATCH", "/services/motion-day", change)
    assert {name: made.json()[name] for name in change} == change
    assert (await house.get("max", "/services/motion-day"))["list_pricing"] == list_price
    assert "list_pricing" not in await house.get("ann", "/services/motion-day")
    for field in ("meter", "measure", "unit_size", "code"):
        refused = await house.ask("ada", "PATCH", "/services/motion-day", {field: "x"})
        assert refused.status_code == (409 if field == "meter" else 422), field
    assert (await house.ask("nora", "PATCH", "/services/plates", {"short": "x"})).status_code == 403


# The arithmetic ----------------------------------------------------------------------------------

PERCENT = st.decimals(0, 60, places=2)


def test_the_price_of_a_margin_is_the_screens_example():
    by = Terms("EUR", d("5"), d("15"))
    assert price_for_margin(805, d("20"), by) == 1239
    assert price_for_margin(805, d("85"), by) is None
    assert price_for_margin(0, d("20"), by) == 0
    figures = compose(d("9.90"), Fraction(15, 2), None, by)
    assert (figures.included_cost, figures.commission, figures.margin_full) == (713, 149, 128)
    less = at_discount(figures, d("18"), by)
    assert (less.price, less.commission, less.margin_full) == (812, 122, -23)
    assert less.below_cost


@law(200)
@given(st.integers(0, 20_000), PERCENT, st.decimals(0, 38, places=2))
def test_no_lower_price_has_the_margin(cost: int, target: Decimal, commission: Decimal):
    by = Terms("EUR", d("0"), commission)
    found = price_for_margin(cost, target, by)

    def leaves(amount: int) -> bool:
        left = amount - cost - by.commission(amount)
        return left * 100 >= target * amount

    assert found is not None
    assert leaves(found)
    assert not any(leaves(amount) for amount in range(max(0, found - 400), found))
