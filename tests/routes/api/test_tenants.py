"""Every operation: another tenant's key finds nothing there, a key without the right may not."""

from __future__ import annotations

from typing import Any

import pytest

from portal.access import Permission, can
from portal.routes.api import OPERATIONS
from portal.routes.api.kit.card_examples import CARDS
from portal.routes.api.kit.endpoint import Operation
from portal.routes.api.kit.examples import EXAMPLES
from portal.routes.api.kit.money_examples import MONEY
from portal.routes.api.kit.webhook_examples import WEBHOOKS
from tests import cast
from tests.routes.api.conftest import House
from tests.transactions import watched

AS_DOCUMENTED = (
    "accept_excess",
    "add_subscriber_cameras",
    "add_usual_services",
    "assign_subscribers",
    "change_camera_tariff",
    "change_company",
    "change_look",
    "change_platform_look",
    "change_service",
    "change_tariff",
    "change_tariffs",
    "cost_new_tariff",
    "cost_tariff",
    "decline_details_request",
    "end_subscriptions",
    "hand_over_subscribers",
    "invite_subscribers",
    "make_subscribers_of_organizations",
    "make_tariffs_of_presets",
    "map_by_name",
    "move_camera",
    "move_cameras",
    "preview_tariff",
    "send_platform_test",
    "send_test",
    "send_document",
    "send_invoice_sample",
    "hand_documents_over",
)
CSV_MAPPING = {
    "delimiter": ";",
    "decimal": ",",
    "date_format": "%d.%m.%Y",
    "columns": {"booked_on": "Day", "amount": "Amount"},
}
BODIES: dict[str, Any] = {
    **{name: EXAMPLES[name].request for name in AS_DOCUMENTED},
    **{name: one.request for name, one in MONEY.items() if one.request is not None},
    **{name: one.request for name, one in CARDS.items() if one.request is not None},
    **{name: one.request for name, one in WEBHOOKS.items() if one.request is not None},
    "create_meter": {"key": "door.open", "base_unit": "seconds", "kind": "counter"},
    "create_service": {
        "code": "doors", "name": "Doors", "meter": "archive.stored", "unit": "h", "unit_size": 3600,
        "measure": "total",
    },
    "import_bank_file": None,
    "import_bank_file_of_platform": None,
    "match_bank_line": {"subscriber": 1},
    "match_bank_line_of_platform": {"cloud": "north"},
    "ignore_bank_line": {"reason": "ours"}, "ignore_bank_line_of_platform": {"reason": "ours"},
    "put_csv_mapping": CSV_MAPPING,
    "put_csv_mapping_of_platform": CSV_MAPPING,
    "create_cloud": {"slug": "east", "name": "E", "currency": "JPY", "timezone": "Asia/Tokyo"},
    "change_cloud": {"name": "Renamed"},
    "change_platform": {"second_factor": True},
    "create_rate": {
        "service": "storage", "valid_from": "2026-11-01",
        "pricing": {"model": "per_unit", "unit_price": "1"},
    },
    "set_rates": {"valid_from": "2026-11-03", "prices": []},
    "preview_rates": {"prices": []},
    "create_tariff": {"code": "t", "name": "T", "valid_from": "2026-01-01", "monthly_price": "1"},
    "create_version": {"valid_from": "2026-11-02", "monthly_price": "1"},
    "create_subscriber": {"name": "Outsider's"},
    "change_subscriber": {"name": "Renamed"},
    "create_camera": {"external_id": "strange"},
    "change_camera": {"name": "Renamed"},
    "create_subscription": {"tariff": "home-7", "starts_on": "2026-11-01"},
    "change_subscription": {"ends_on": "2026-12-01"},
    "send_usage": [],
    "correct_usage": {
        "camera": "gate", "day": "2026-10-01", "meter": "analytics.plates", "quantity": 1,
        "reason": "because",
    },
    "close_period": {"accept_gaps": True},
    "create_referral": {"code": "r", "name": "R", "percent": "1"},
    "change_referral": {"name": "Renamed"},
    "create_connection": {"api": "v2", "url": "https://watcher.example.net", "api_key": "k"},
    "change_connection": {"follow_presets": True},
    "test_new_connection": {"api": "v2", "url": "https://watcher.example.net", "api_key": "k"},
    "create_mapping": {"organization": 6, "subscriber": 1},
    "create_staff": {"email": "x@platform.test", "role": "accountant"},
    "create_user": {"email": "x@north.test", "role": "accountant"},
    "change_staff": {"active": False},
    "change_user": {"active": False},
    "create_platform_key": {"name": "x", "role": "accountant"},
    "create_key": {"name": "x", "role": "accountant"},
    "find_fine": {},
    "move_clock": {"now": "2026-12-01T00:00:00Z"},
}  # fmt: skip
PLACES = {
    "{cloud}": "north", "{code}": "home-7", "{number}": "1", "{external_id}": "gate", "{id}": "1",
    "{period}": "2026-10", "{delivery}": "1",
}  # fmt: skip
ACTORS = {
    "ada": cast.ADA, "paul": cast.PAUL, "max": cast.MAX, "nora": cast.NORA, "carl": cast.CARL,
    "ann": cast.ANN,
}  # fmt: skip
IN_CLOUD = [operation for operation in OPERATIONS if "{cloud}" in operation.path]


def _path(operation: Operation) -> str:
    path = operation.path.replace("referrals/{code}", "referrals/rex")
    for place, value in PLACES.items():
        path = path.replace(place, value)
    if operation.query is not None and operation.method == "GET":
        path += "?period=2026-10"
    return path


def test_every_operation_with_a_body_is_tried():
    assert {one.name for one in OPERATIONS if one.has_body} == set(BODIES)


def test_every_operation_asks_for_permissions():
    assert all(one.permissions for one in OPERATIONS)


async def _asked(house: House, who: str, operation: Operation, cloud: str = "north") -> Any:
    path = _path(operation).replace("north", cloud)
    return await house.ask(who, operation.method, path, BODIES.get(operation.name))


@pytest.mark.parametrize("who", ["sam", "tina", "olaf"])
async def test_another_cloud_is_not_there(house: House, who):
    told = {one.name: await _asked(house, who, one) for one in IN_CLOUD}
    nothing = (404, "There is no cloud 'north'.")
    found = {name: (one.status_code, one.json().get("detail")) for name, one in told.items()}
    assert {name: one for name, one in found.items() if one != nothing} == {}


@pytest.mark.parametrize("body", [b"{}", b"[]", b"{", b"", b'{"x": 1}'])
async def test_nor_is_told_what_is_wrong_with_the_request(house: House, body):
    for operation in IN_CLOUD:
        if operation.has_body:
            answer = await house.ask("sam", operation.method, _path(operation), body)
            assert answer.status_code == 404, (operation.name, answer.text)
    for query in ("limit=0", "cursor=!", "period=x", ""):
        answer = await house.ask("sam", "GET", f"/clouds/north/charges?{query}")
        assert answer.status_code == 404


async def test_a_manager_finds_no_cloud_that_is_anothers(house: House):
    told = {one.name: await _asked(house, "max", one, "south") for one in IN_CLOUD}
    assert {name: one.text for name, one in told.items() if one.status_code != 404} == {}


@pytest.mark.parametrize("who", ACTORS)
async def test_what_is_seen_and_not_permitted_is_403(house: House, who):
    told = {
        one.name: await _asked(house, who, one)
        for one in OPERATIONS
        if not any(can(ACTORS[who], permission) for permission in one.permissions)
    }
    assert {name: one.text for name, one in told.items() if one.status_code != 403} == {}
    assert bool(told) != (who == "ada"), "she may do all that there is"


@pytest.mark.parametrize(
    ("who", "method", "path", "body"),
    [
        # The platform's side of a cloud is not its own administrator's to change.
        ("nora", "PATCH", "/clouds/north", {"wholesale_discount_percent": "100"}),
        ("nora", "PATCH", "/clouds/north", {"level_percents": ["2"], "manager": None}),
        ("max", "PATCH", "/clouds/north", {"manager": None}),
        ("max", "PATCH", "/clouds/north", {"level_percents": ["2"]}),
        ("ann", "POST", "/clouds/north/subscribers", {"name": "X", "account_manager": "nora@north.test"}),
        ("ann", "PATCH", "/clouds/north/subscribers/1", {"account_manager": None}),
        ("ann", "PATCH", "/clouds/north/subscribers/1", {"account_manager": "nora@north.test"}),
    ],
)  # fmt: skip
async def test_fields_that_are_somebody_elses_are_403(house: House, who, method, path, body):
    answer = await house.ask(who, method, path, body)
    assert answer.status_code == 403, answer.text


async def test_an_account_managers_world_is_its_own_subscribers(house: House):
    assert (await house.ask("ann", "GET", "/clouds/north/subscribers/2")).status_code == 404
    assert (await house.ask("ann", "GET", "/clouds/north/cameras/shop")).status_code == 404
    patch = await house.ask("ann", "PATCH", "/clouds/north/subscribers/2", {"name": "Mine"})
    assert patch.status_code == 404
    shop = {"external_id": "hers", "subscriber": 2}
    answer = await house.ask("ann", "POST", "/clouds/north/cameras", shop)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "subscriber")
    nobodys = await house.ask("ann", "POST", "/clouds/north/cameras", {"external_id": "nobody's"})
    assert (nobodys.status_code, nobodys.json()["errors"][0]["field"]) == (422, "subscriber")

    made = await house.post("ann", "/clouds/north/subscribers", {"name": "Ann's"})
    assert made["account_manager"] == "ann@north.test"
    assert made["number"] == 3, "after Bob's, whom she does not see"
    camera = {"external_id": "ann's", "subscriber": made["number"]}
    await house.post("ann", "/clouds/north/cameras", camera)
    subscription = {"tariff": "home-7", "starts_on": "2026-11-01"}
    await house.post("ann", "/clouds/north/cameras/ann's/subscriptions", subscription)
    assert (await house.ask("sam", "GET", "/clouds/south/subscribers/3")).status_code == 404


async def test_a_key_of_no_account_manager_has_no_subscribers(house: House):
    assert (await house.get("olaf", "/clouds/south/subscribers"))["items"] == []
    answer = await house.ask("olaf", "POST", "/clouds/south/subscribers", {"name": "X"})
    assert answer.status_code == 403


def test_scopes_narrow_a_role():
    from dataclasses import replace

    reader = replace(cast.NORA, scopes=frozenset({"cameras.read"}))
    assert can(reader, Permission.CAMERAS_READ)
    assert not can(reader, Permission.CAMERAS_WRITE)


READS = [one for one in OPERATIONS if one.method == "GET" and one.routed]


async def test_what_is_read_is_one_picture(house: House):
    """One transaction that reads, beside the one in which the doorkeeper finds the key.

    An operation with transactions of its own has one more, for the cloud of its path.
    """
    torn = {}
    async with watched() as transactions:
        for operation in READS:
            transactions.taken()
            await _asked(house, "ada", operation)
            readers = [role for role, reads in transactions.taken() if reads]
            of_doorkeeper = readers.count("doorkeeper")
            most = 2 if operation.own_transactions else 1
            if len(readers) - of_doorkeeper > most or of_doorkeeper > 1:
                torn[operation.name] = readers
    assert torn == {}
    own = {"read_clock", "read_invoice", "read_hand_over_file"}
    assert {one.name for one in READS if one.own_transactions} == own
