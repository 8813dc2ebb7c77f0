"""Several at once: all of them or none where books are changed, each by itself where mail is sent."""

from __future__ import annotations

from typing import Any

import pytest

from tests.routes.api.conftest import House

NORTH = "/clouds/north"


async def on(house: House, camera: str) -> list[tuple[Any, ...]]:
    rows = (await house.get("ada", f"{NORTH}/cameras/{camera}/subscriptions"))["items"]
    return [(row["subscriber"], row["tariff"], row["starts_on"], row["ends_on"]) for row in rows]


async def test_cameras_change_together_or_not_at_all(house: House):
    before = [await on(house, one) for one in ("gate", "attic", "shop")]
    body = {"cameras": ["gate", "attic", "spare"], "tariff": "home-7", "starts_on": "2026-11-04"}
    answer = await house.ask("nora", "POST", f"{NORTH}/subscriptions/change-tariff", body)
    assert answer.status_code == 409
    assert answer.json()["detail"].startswith("spare: "), "the one in the way is named"
    assert [await on(house, one) for one in ("gate", "attic", "shop")] == before
    body["cameras"] = ["gate", "attic", "attic"]
    made = await house.post("nora", f"{NORTH}/subscriptions/change-tariff", body, 200)
    assert made == {"cameras": 2}
    assert await on(house, "attic") == [(1, "home-7", "2026-11-04", None)]
    assert await on(house, "gate") == before[0], "it was on it already"


async def test_cameras_move_and_end_together(house: House):
    body = {"cameras": ["attic"], "subscriber": 2, "tariff": "home-7", "starts_on": "2026-11-05"}
    assert await house.post("nora", f"{NORTH}/subscriptions/move", body, 200) == {"cameras": 1}
    assert (await on(house, "attic"))[-1] == (2, "home-7", "2026-11-05", None)
    ending = {"cameras": ["attic", "shop"], "ends_on": "2026-11-20"}
    assert await house.post("nora", f"{NORTH}/subscriptions/end", ending, 200) == {"cameras": 2}
    assert [(await on(house, one))[-1][3] for one in ("attic", "shop")] == ["2026-11-20"] * 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"cameras": [], "ends_on": "2026-11-20"}, "cameras"),
        ({"cameras": ["gate"]}, "ends_on"),
        ({"cameras": "gate", "ends_on": "2026-11-20"}, "cameras"),
        ({"cameras": [""], "ends_on": "2026-11-20"}, "cameras[0]"),
    ],
)
async def test_what_is_wrong_is_told_at_its_field(house: House, body, field):
    answer = await house.ask("nora", "POST", f"{NORTH}/subscriptions/end", body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


async def test_cameras_of_others_are_not_there(house: House):
    ending = {"cameras": ["gate"], "ends_on": "2026-11-20"}
    path = "/clouds/south/subscriptions/end"
    assert (await house.ask("sam", "POST", path, ending)).status_code == 404
    shop = {"cameras": ["shop"], "ends_on": "2026-11-21"}
    assert (await house.ask("ann", "POST", f"{NORTH}/subscriptions/end", shop)).status_code == 404
    assert (await house.ask("carl", "POST", f"{NORTH}/subscriptions/end", shop)).status_code == 403


async def test_subscribers_are_assigned_and_handed_over(house: House):
    tom = await house.post("nora", f"{NORTH}/subscribers", {"name": "Tom"})
    body = {"subscribers": [tom["number"], 999], "account_manager": "ann@north.test"}
    made = await house.post("nora", f"{NORTH}/subscribers/assign", body, 200)
    assert made == {"subscribers": 1}
    read = await house.get("ann", f"{NORTH}/subscribers/{tom['number']}")
    assert read["account_manager"] == "ann@north.test"
    wrong = await house.ask("nora", "POST", f"{NORTH}/subscribers/assign",
                            {**body, "account_manager": "sam@south.test"})  # fmt: skip
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "account_manager")
    new = {"email": "amy@north.test", "role": "account-manager"}
    await house.post("nora", f"{NORTH}/users", new)
    mine = (await house.get("ann", f"{NORTH}/subscribers"))["items"]
    ann = next(
        one["id"]
        for one in (await house.get("nora", f"{NORTH}/users"))["items"]
        if one["email"] == "ann@north.test"
    )
    over = {"account_manager": "amy@north.test"}
    done = await house.post("nora", f"{NORTH}/users/{ann}/hand-over", over, 200)
    assert done == {"subscribers": len(mine)}
    assert (await house.get("ann", f"{NORTH}/subscribers"))["items"] == []
    again = await house.post("nora", f"{NORTH}/users/{ann}/hand-over", over, 200)
    assert again == {"subscribers": 0}
    other = await house.ask("sam", "POST", f"/clouds/south/users/{ann}/hand-over", over)
    assert other.status_code == 404
    await house.post("nora", f"{NORTH}/subscribers/assign",
                     {"subscribers": [one["number"] for one in mine],
                      "account_manager": "ann@north.test"}, 200)  # fmt: skip


async def test_each_subscriber_is_invited_by_itself(house: House):
    ida = await house.post(
        "nora", f"{NORTH}/subscribers", {"name": "Ida", "email": "ida@home.test"}
    )
    taken = {"name": "Twin", "email": "nora@north.test"}
    twin = await house.post("nora", f"{NORTH}/subscribers", taken)
    numbers = [ida["number"], twin["number"], 1, 999]
    key = {"headers": {"Idempotency-Key": "invite-once"}}
    path, body = f"{NORTH}/subscribers/invite", {"subscribers": numbers}
    answer = await house.ask("nora", "POST", path, body, **key)
    rows = {row["number"]: row for row in answer.json()["items"]}
    assert "/invite/" in rows[ida["number"]]["link"]
    assert rows[ida["number"]]["problem"] == ""
    assert "already" in rows[twin["number"]]["problem"]
    assert rows[1]["problem"], "Sue signs in"
    assert 999 not in rows
    again = await house.ask("nora", "POST", path, body, **key)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "link" not in again.text.replace("link_expires_at", "")


async def test_a_test_message_needs_a_server_and_a_reader(house: House):
    for who, path in (("ada", "/deliveries/test"), ("nora", f"{NORTH}/deliveries/test")):
        answer = await house.ask(who, "POST", path, {})
        assert answer.status_code == 409
        assert "CAMLEDGER_SMTP_URL" in answer.json()["detail"]


async def test_a_preset_is_set_only_where_camledger_decides(house: House):
    answer = await house.ask("nora", "POST", f"{NORTH}/cameras/gate/set-preset")
    assert answer.status_code == 409
    assert (await house.ask("ann", "POST", f"{NORTH}/cameras/gate/set-preset")).status_code == 403
