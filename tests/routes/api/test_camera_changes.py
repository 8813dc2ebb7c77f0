"""A camera's next subscription through the API."""

from __future__ import annotations

from tests.routes.api.conftest import House

GATE = "/clouds/north/cameras/gate"


async def test_a_tariff_is_changed_and_a_camera_moved(house: House) -> None:
    first = (await house.get("nora", f"{GATE}/subscriptions"))["items"]
    assert first[-1]["tariff"] == "home-7"
    plain = {
        "code": "plain",
        "name": "Plain",
        "valid_from": "2026-01-01",
        "monthly_price": "5",
        "items": [],
    }
    await house.post("nora", "/clouds/north/tariffs", plain)
    change = {"tariff": "plain", "starts_on": "2026-11-16"}
    for _again in range(2):
        made = await house.post("nora", f"{GATE}/change-tariff", change, 200)
        assert (made["tariff"], made["starts_on"], made["ends_on"]) == ("plain", "2026-11-16", None)
    listed = (await house.get("nora", f"{GATE}/subscriptions"))["items"]
    assert [one["ends_on"] for one in listed[-2:]] == ["2026-11-16", None]
    late = {"subscriber": 2, "tariff": "plain", "starts_on": "2027-11-16"}
    refused = await house.ask("nora", "POST", f"{GATE}/move", late)
    assert refused.status_code == 422
    assert "changes hands at once" in refused.text
    for who, status in (("carl", 403), ("sam", 404), ("olaf", 403)):
        answer = await house.ask(who, "POST", f"{GATE}/change-tariff", change)
        assert answer.status_code in {status, 404}, (who, answer.text)
