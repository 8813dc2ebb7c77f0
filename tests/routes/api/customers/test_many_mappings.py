"""Organizations and presets that wait, mapped many at once: each by itself, and nothing twice."""

from __future__ import annotations

import pytest

from tests.routes.api.conftest import House

MAPPINGS = "/clouds/north/mappings"


@pytest.fixture(scope="module", autouse=True)
async def waiting(house: House) -> None:
    """What Watchers to come would show: an organization called as Sue, another, and two presets."""
    for cloud, number, title in ((1, 61, "  SUE "), (1, 62, "Bar Sole"), (2, 61, "Tim")):
        await house.sql(
            "insert into watcher_organization (cloud, watcher, organization, title)"
            " values ($1, 0, $2, $3)",
            cloud,
            number,
            title,
        )
    for number, title, days in ((71, "Home 7", 7), (72, "Long", 14)):
        await house.sql(
            "insert into watcher_preset (cloud, watcher, preset, title, motion_depth_days)"
            " values (1, 0, $1, $2, $3)",
            number,
            title,
            days,
        )
    await house.sql("update subscriber set name = 'Sue' where id = 1")


async def test_what_is_called_the_same_is_listed_and_mapped(house: House):
    found = (await house.get("nora", f"{MAPPINGS}/by-name"))["items"]
    assert found == [
        {"connection": None, "organization": 61, "subscriber": 1, "title": "  SUE ", "cameras": 0},
        {"connection": None, "preset": 71, "tariff": "home-7", "title": "Home 7", "cameras": 0},
    ]
    assert (await house.ask("carl", "POST", f"{MAPPINGS}/by-name", {})).status_code == 403
    one = {
        "mappings": [{"organization": 61, "subscriber": 1}, {"organization": 99, "subscriber": 1}]
    }
    rows = (await house.post("nora", f"{MAPPINGS}/by-name", one, 200))["items"]
    assert [(row["organization"], bool(row["problem"])) for row in rows] == [
        (61, False),
        (99, True),
    ]
    rest = (await house.post("nora", f"{MAPPINGS}/by-name", {}, 200))["items"]
    assert rest == [{"connection": None, "preset": 71, "tariff": "home-7", "problem": ""}]
    assert (await house.post("nora", f"{MAPPINGS}/by-name", {}, 200))["items"] == []


async def test_an_organization_becomes_a_subscriber_once(house: House):
    body = {"rows": [{"organization": 62, "name": "Bar Sole", "email": "sole@bar.test"},
                     {"organization": 63, "name": "Nobody's"}]}  # fmt: skip
    path = f"{MAPPINGS}/new-subscribers"
    first, second = (await house.post("nora", path, body, 200))["items"]
    assert first["problem"] == ""
    made = await house.get("nora", f"/clouds/north/subscribers/{first['subscriber']}")
    assert (made["name"], made["email"]) == ("Bar Sole", "sole@bar.test")
    assert (second["subscriber"], second["problem"]) == (None, "There is no organization 63.")
    again = (await house.post("nora", path, body, 200))["items"][0]
    assert again["subscriber"] == first["subscriber"]
    assert "already" in again["problem"]
    assert await house.sql("select count(*) from subscriber where name = 'Bar Sole'") == 1
    theirs = await house.ask("nora", "POST", "/clouds/north/subscribers",
                             {"name": "Thief", "organization": 62})  # fmt: skip
    assert (theirs.status_code, theirs.json()["errors"][0]["field"]) == (409, "organization")


async def test_a_preset_becomes_a_tariff_that_is_not_offered(house: House):
    body = {"rows": [{"preset": 72, "name": "Long", "price": "14.5"}]}
    path = f"{MAPPINGS}/new-tariffs"
    (made,) = (await house.post("nora", path, body, 200))["items"]
    tariff = await house.get("nora", f"/clouds/north/tariffs/{made['tariff']}")
    assert (tariff["name"], tariff["offered"]) == ("Long", False)
    version = tariff["versions"][0]
    assert version["monthly_price"] == "14.50"
    assert [(one["service"], one["quantity"]) for one in version["items"]] == [("motion-day", "14")]
    (again,) = (await house.post("nora", path, body, 200))["items"]
    assert (again["tariff"], bool(again["problem"])) == (made["tariff"], True)
    wrong = await house.ask("nora", "POST", path, {"rows": [{"preset": 72, "name": "X"}]})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "rows[0].price")


async def test_of_another_cloud_nothing_is_mapped(house: House):
    found = (await house.get("sam", "/clouds/south/mappings/by-name"))["items"]
    assert [row["organization"] for row in found] == [61]
    assert (await house.ask("sam", "POST", f"{MAPPINGS}/by-name", {})).status_code == 404
