"""One call for one thing: a cloud with prices and administrator, a customer with cameras, an agent."""

from __future__ import annotations

from typing import Any

import pytest

from tests.routes.api.conftest import House

NORTH = "/clouds/north"
PLATES = {"service": "plates", "pricing": {"model": "per_unit", "unit_price": "3.5"}}
EAST: dict[str, Any] = {
    "slug": "east", "name": "East", "currency": "EUR", "timezone": "Europe/Rome",
    "manager": "max@platform.test",
    "prices": {"valid_from": "2026-11-01", "start_from": "copy", "copy_of": "north",
               "own": [PLATES, {"service": "motion-day", "pricing": None}]},
    "administrator": {"email": "eve@east.test", "name": "Eve"},
}  # fmt: skip


async def counts(house: House) -> Any:
    return await house.sql(
        "select (select count(*) from cloud) + (select count(*) from rate)"
        " + (select count(*) from portal_user) + (select count(*) from subscriber)"
        " + (select count(*) from camera) + (select count(*) from referral)"
    )


async def test_the_usual_services_are_added_all_or_none(house: House):
    assert (await house.ask("max", "POST", "/usual-services", {})).status_code == 403
    wrong = await house.ask("ada", "POST", "/usual-services", {"codes": ["faces", "doors"]})
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["field"] == "codes[1]"
    some = await house.post("ada", "/usual-services", {"codes": ["faces", "faces"]})
    assert [one["code"] for one in some["items"]] == ["faces"]
    assert some["items"][0]["list_pricing"] == {"model": "per_unit", "unit_price": "5.00"}
    before = await house.get("ada", "/services")
    assert (await house.ask("ada", "POST", "/usual-services", {})).status_code == 409
    assert await house.get("ada", "/services") == before


async def test_a_cloud_is_founded_whole(house: House):
    made = await house.post("ada", "/clouds", EAST)
    assert "/invite/" in made["link"]
    assert made["link_expires_at"] > "2026-11"
    prices = (await house.get("max", "/clouds/east/rates"))["items"]
    assert [
        (one["service"], one["valid_from"], one["pricing"]["unit_price"]) for one in prices
    ] == [("plates", "2026-11-01", "3.50")]
    people = (await house.get("ada", "/clouds/east/users"))["items"]
    assert [(one["email"], one["role"], one["invited"]) for one in people] == [
        ("eve@east.test", "administrator", True)
    ]


BROKEN = [
    ({"prices": {"start_from": "copy"}}, 422, "prices.copy_of"),
    ({"prices": {"start_from": "copy", "copy_of": "south"}}, 422, "prices.copy_of"),
    ({"prices": {"own": [{"service": "doors", "pricing": PLATES["pricing"]}]}}, 422, "prices.own"),
    ({"administrator": {"email": "nora@north.test"}}, 409, "administrator.email"),
    ({"administrator": {"email": "no address"}}, 422, "administrator.email"),
    ({"slug": "north"}, 409, "slug"),
]


@pytest.mark.parametrize(("change", "status", "field"), BROKEN, ids=lambda one: str(one)[:40])
async def test_a_cloud_with_a_part_that_is_wrong_is_not_there(house: House, change, status, field):
    before = await counts(house)
    answer = await house.ask("ada", "POST", "/clouds", {**EAST, "slug": "west",
        "administrator": {"email": "wes@west.test"}, **change})  # fmt: skip
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (status, field), answer.text
    assert await counts(house) == before


async def test_a_secret_is_answered_once(house: House):
    body = {**EAST, "slug": "once", "administrator": {"email": "olga@once.test"}}
    key = {"headers": {"Idempotency-Key": "found-once"}}
    first = await house.ask("ada", "POST", "/clouds", body, **key)
    assert first.status_code == 201, first.text
    assert "link" in first.json()
    before = await counts(house)
    again = await house.ask("ada", "POST", "/clouds", body, **key)
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")
    assert {**again.json(), "link": first.json()["link"]} == first.json()
    assert "link" not in again.json()
    assert await counts(house) == before


async def test_a_customer_comes_with_cameras_and_an_invitation(house: House):
    made = await house.post("nora", f"{NORTH}/subscribers", {
        "name": "Whole", "email": "whole@home.test", "invite": True, "tariff": "home-7",
        "starts_on": "2026-11-03",
        "cameras": [{"external_id": "whole/1", "name": "Door"}, {"external_id": "whole/2"}],
    })  # fmt: skip
    assert "/invite/" in made["link"]
    number = made["number"]
    cameras = (await house.get("nora", f"{NORTH}/cameras", subscriber=number))["items"]
    assert [one["external_id"] for one in cameras] == ["whole/1", "whole/2"]
    (on,) = (await house.get("nora", f"{NORTH}/cameras/whole%2F1/subscriptions"))["items"]
    assert (on["tariff"], on["starts_on"]) == ("home-7", "2026-11-03")


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"cameras": [{"external_id": "new"}, {"external_id": "gate"}]}, 422, "cameras[1].external_id"),
        ({"cameras": [{"external_id": "new"}], "tariff": "none"}, 422, "tariff"),
        ({"invite": True}, 422, "email"),
        ({"invite": True, "email": "nora@north.test"}, 409, "email"),
        ({"organization": 404}, 422, "organization"),
    ],
)  # fmt: skip
async def test_a_customer_with_a_part_that_is_wrong_is_not_there(
    house: House, change, status, field
):
    before = await counts(house)
    answer = await house.ask("nora", "POST", f"{NORTH}/subscribers", {"name": "Half", **change})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (status, field), answer.text
    assert await counts(house) == before


async def test_an_account_manager_invites_nobody(house: House):
    body = {"name": "Ann's", "email": "anns@home.test", "invite": True}
    before = await counts(house)
    assert (await house.ask("ann", "POST", f"{NORTH}/subscribers", body)).status_code == 403
    assert await counts(house) == before


async def test_an_agent_is_invited_and_its_balance_read(house: House):
    body = {
        "code": "ria",
        "name": "Ria",
        "email": "ria@agents.test",
        "percent": "5",
        "invite": True,
    }
    made = await house.post("nora", f"{NORTH}/referrals", body)
    assert "/invite/" in made["link"]
    balance = await house.get("nora", f"{NORTH}/referrals/ria/balance")
    assert balance == {
        "currency": "EUR", "payable": "0.00", "held": "0.00", "year": "0.00", "last_month": "0.00",
        "period": None, "subscribers": 0,
    }  # fmt: skip
    assert (await house.ask("ann", "GET", f"{NORTH}/referrals/ria/balance")).status_code == 403
    assert (await house.ask("sam", "GET", "/clouds/south/referrals/ria/balance")).status_code == 404
