"""Suspending and resuming through the API: who may, what is answered, what is written down."""

from __future__ import annotations

from tests.routes.api.conftest import House

NORTH = "/clouds/north"


async def test_a_camera_is_suspended_and_resumed(house: House):
    assert (await house.get("nora", f"{NORTH}/cameras/gate"))["suspended"] is False
    for _ in range(2):
        answer = await house.post("nora", f"{NORTH}/cameras/gate/suspend", None, 200)
        assert answer == {
            "external_id": "gate", "name": "Gate", "subscriber": 1, "suspended": True,
        }  # fmt: skip
    listed = (await house.get("carl", f"{NORTH}/cameras"))["items"]
    assert [one["external_id"] for one in listed if one["suspended"]] == ["gate"]
    answer = await house.post("nora", f"{NORTH}/cameras/gate/resume", {}, 200)
    assert answer["suspended"] is False
    assert await house.sql(
        "select array_agg(action order by seq) from audit where object = 'camera gate'"
    ) == ["camera.suspend", "camera.resume"]
    assert await house.sql("select count(*) from camera where cloud = 2 and suspended") == 0


async def test_a_subscriber_is_suspended_and_resumed(house: House):
    answer = await house.post("ann", f"{NORTH}/subscribers/1/suspend", None, 200)
    assert (answer["number"], answer["suspended"]) == (1, True)
    assert (await house.get("nora", f"{NORTH}/subscribers/1"))["suspended"] is True
    # Its cameras are not suspended by themselves.
    assert (await house.get("nora", f"{NORTH}/cameras/gate"))["suspended"] is False
    answer = await house.post("ann", f"{NORTH}/subscribers/1/resume", None, 200)
    assert answer["suspended"] is False


async def test_an_account_manager_suspends_its_own_alone(house: House):
    for path in ("cameras/shop", "subscribers/2"):
        answer = await house.ask("ann", "POST", f"{NORTH}/{path}/suspend")
        assert answer.status_code == 404, answer.text
    answer = await house.ask("ann", "POST", f"{NORTH}/cameras/gate/suspend")
    assert answer.status_code == 200
    await house.post("ann", f"{NORTH}/cameras/gate/resume", None, 200)


async def test_what_is_not_there(house: House):
    for path in ("cameras/nobody", "subscribers/99", "subscribers/x"):
        for verb in ("suspend", "resume"):
            answer = await house.ask("nora", "POST", f"{NORTH}/{path}/{verb}")
            assert answer.status_code == 404, answer.text


async def test_accountants_and_other_clouds_may_not(house: House):
    for who, status in (("carl", 403), ("paul", 403), ("max", 403), ("sam", 404), ("tina", 404)):
        for path in ("cameras/gate", "subscribers/1"):
            answer = await house.ask(who, "POST", f"{NORTH}/{path}/suspend")
            assert answer.status_code == status, (who, answer.text)


async def test_a_connection_says_whether_it_is_provisioned(house: House):
    made = await house.post(
        "nora",
        f"{NORTH}/connections",
        {
            "api": "v2", "url": "https://watcher.example.net", "api_key": "k", "provision": True,
        },
    )  # fmt: skip
    assert made["provision"] is True
    assert (made["provision_message"], made["provision_failed_at"]) == ("", None)
    path = f"{NORTH}/connections/{made['id']}"
    answer = await house.ask("nora", "PATCH", path, {"follow_presets": True})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "provision"
    for body in ({"provision": False}, {"follow_presets": True}):
        answer = await house.ask("nora", "PATCH", path, body)
        assert answer.status_code == 200, answer.text
    answer = await house.ask("nora", "PATCH", path, {"provision": True})
    assert answer.status_code == 422
    both = {
        "api": "v2", "url": "https://watcher.example.net", "api_key": "k", "provision": True,
        "follow_presets": True,
    }  # fmt: skip
    answer = await house.ask("nora", "POST", f"{NORTH}/connections", both)
    assert answer.status_code == 422


async def test_a_subscriber_is_given_several_cameras_all_or_none(house: House):
    path = f"{NORTH}/subscribers/2/cameras"
    body = {
        "cameras": [{"external_id": "many-1"}, {"external_id": "many/2", "name": "Door"}],
        "tariff": "home-7", "starts_on": "2026-11-01",
    }  # fmt: skip
    for who, status in (("carl", 403), ("ann", 404), ("sam", 404)):
        assert (await house.ask(who, "POST", path, body)).status_code == status, who
    made = await house.post("nora", path, body, 201)
    assert [(one["external_id"], one["name"]) for one in made["items"]] == [
        ("many-1", "many-1"), ("many/2", "Door"),
    ]  # fmt: skip
    again = await house.ask("nora", "POST", path, body)
    assert again.status_code == 422
    assert [one["field"] for one in again.json()["errors"]] == [
        "cameras[0].external_id", "cameras[1].external_id",
    ]  # fmt: skip
    count = "select count(*) from subscription where starts_on = '2026-11-01'"
    assert await house.sql(count + " and subscriber = 2") == 2
