"""The audit log by API: what is told of a deed, whom it is told, and the end of each chain."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from portal.accounts.actions import refusals
from tests.routes.api.conftest import House


@pytest.fixture(autouse=True)
def _fresh_ration() -> Iterator[None]:
    refusals.ration.counts.clear()
    yield
    refusals.ration.counts.clear()


async def test_a_deed_is_told_with_key_and_address(house: House):
    await house.post("nora", "/clouds/north/cameras", {"external_id": "roof-1", "name": "Roof"})
    page = await house.get("nora", "/clouds/north/audit", object="camera roof-1")
    (entry,) = page["items"]
    public_id = house.keys["nora"].split("_")[1]
    assert entry["key"]["id"] == public_id
    assert (entry["action"], entry["object"]) == ("camera.create", "camera roof-1")
    assert entry["address"]
    assert {"at", "person", "as", "before", "after"} <= set(entry)
    assert (await house.get("nora", "/audit", action="camera"))["items"][0] == entry
    assert (await house.get("nora", "/audit", **{"from": "2199-01-01"}))["items"] == []
    assert (await house.get("nora", "/audit", **{"from": "2020-01-01T00:00:00Z"}))["items"]
    today, name = entry["at"][:10], entry["key"]["name"]
    for query, there in (
        ({"who": public_id, "to": today}, True),
        ({"who": name, "to": today}, True),
        ({"who": "nobody"}, False),
        ({"to": entry["at"]}, False),
    ):
        asked = {"action": "camera", **query}
        found = await house.ask("nora", "GET", "/audit", params=asked)
        assert found.json()["items"] == ([entry] if there else []), query
    wrong = await house.ask("nora", "GET", "/audit", params={"from": "yesterday"})
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["field"] == "from"


async def test_pages_go_on_where_they_ended(house: House):
    for number in range(5):
        await house.post(
            "nora", "/clouds/north/cameras", {"external_id": f"c{number}", "name": "C"}
        )
    whole = (await house.get("nora", "/audit", action="camera"))["items"]
    first = await house.get("nora", "/audit", action="camera", limit=3)
    rest = await house.get("nora", "/audit", action="camera", limit=3, cursor=first["next"])
    assert first["items"] + rest["items"] == whole
    assert rest["next"] is None


async def test_each_sees_their_own_log(house: House):
    await house.post("nora", "/clouds/north/cameras", {"external_id": "roof-3", "name": "Roof"})
    assert (await house.get("sam", "/audit", action="camera"))["items"] == []
    assert (await house.ask("sam", "GET", "/clouds/north/audit")).status_code == 404
    assert (await house.ask("sam", "GET", "/clouds/north/audit/head")).status_code == 404
    for who in ("paul", "max", "carl", "ann"):
        assert (await house.ask(who, "GET", "/audit")).status_code == 403
    assert (await house.get("ada", "/audit", action="camera"))["items"]


async def test_the_head_is_the_last_entrys_seal(house: House):
    await house.post("nora", "/clouds/north/cameras", {"external_id": "roof-4", "name": "Roof"})
    head = await house.get("nora", "/clouds/north/audit/head")
    assert head == await house.get("nora", "/audit/head")
    assert head["cloud"] == "north"
    stored = await house.sql(
        "select encode(hash, 'hex') from audit where cloud = 1 order by seq desc limit 1"
    )
    assert head["hash"] == stored
    assert (await house.get("ada", "/audit/head"))["cloud"] is None


async def test_a_refused_key_is_told_with_the_permission_it_lacks(house: House):
    answer = await house.ask(
        "carl", "POST", "/clouds/north/cameras", {"external_id": "x", "name": "X"}
    )
    assert answer.status_code == 403
    entry = (await house.get("nora", "/clouds/north/audit", action="refused"))["items"][0]
    assert entry["key"]["id"] == house.keys["carl"].split("_")[1]
    assert entry["object"] == "POST /api/v1/clouds/north/cameras"
    assert entry["after"]["permission"] == "cameras.write"


async def test_keys_that_open_nothing_are_told_and_bounded(house: House):
    public_id = house.keys["nora"].split("_")[1]
    house.keys["guess"] = f"clk_{public_id}_{'0' * 64}"
    house.keys["junk"] = "my password"
    for who in ("guess", "junk") * 30:
        assert (await house.ask(who, "GET", "/meters")).status_code == 401
    entries = (await house.get("ada", "/audit", action="api-key.refused"))["items"]
    assert len(entries) == refusals.ENTRIES_A_SOURCE
    assert {one["object"] for one in entries} == {"API key", f"API key {public_id}"}
    assert not any("password" in str(one) for one in entries)


async def test_a_key_that_was_revoked_is_told_as_such(house: House):
    public_id = house.keys["tina"].split("_")[1]
    await house.post("sam", f"/clouds/south/api-keys/{public_id}/revoke", {}, 200)
    assert (await house.ask("tina", "GET", "/meters")).status_code == 401
    (entry,) = (await house.get("sam", "/clouds/south/audit", action="api-key.refused"))["items"]
    assert (entry["object"], entry["after"]) == (f"API key {public_id}", {"reason": "revoked"})


async def test_a_second_factor_is_required_by_those_who_may(house: House):
    assert await house.get("ada", "/platform") == {"second_factor": False}
    changed = await house.ask("ada", "PATCH", "/platform", {"second_factor": True})
    assert changed.json() == {"second_factor": True}
    assert (
        await house.ask("paul", "PATCH", "/platform", {"second_factor": False})
    ).status_code == 403
    assert (
        await house.ask("nora", "PATCH", "/platform", {"second_factor": False})
    ).status_code == 403
    own = await house.ask("nora", "PATCH", "/clouds/north", {"second_factor": True})
    assert own.json()["second_factor"] is True
    assert (
        await house.ask("carl", "PATCH", "/clouds/north", {"second_factor": False})
    ).status_code == 403
