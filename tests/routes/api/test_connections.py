"""Watchers through the API: secrets go in and stay, addresses are looked at, readings are asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from portal.access import SYSTEM
from portal.accounts.actions import api_keys
from portal.app import create_app
from portal.kit.queries import tenancy
from portal.settings import load
from tests.conftest import NOW, Database
from tests.factories import two_clouds
from tests.routes.api.conftest import House
from tests.simulator.watchers import NOON, NORTH, served, simulator

CONNECTIONS = "/clouds/north/connections"
SECRET = "a-secret-that-is-told-to-nobody"
BY_KEY = {"api": "v2", "url": "https://watcher.example.net", "api_key": SECRET}


async def made(house: House, **fields: Any) -> int:
    return int((await house.post("nora", CONNECTIONS, {**BY_KEY, **fields}))["id"])


async def test_a_connection_is_told_without_its_secrets(house: House):
    body = {**BY_KEY, "login": "nora", "password": SECRET, "organizations": [6, 7]}
    answer = await house.ask("nora", "POST", CONNECTIONS, body)
    assert answer.status_code == 201
    assert SECRET not in answer.text
    told = answer.json()
    assert told == {
        "id": told["id"],
        "kind": "watcher",
        "api": "v2",
        "url": "https://watcher.example.net",
        "organizations": [6, 7],
        "read_every_minutes": 60,
        "follow_presets": False,
        "provision": False,
        "provision_failed_at": None,
        "provision_message": "",
    }
    listed = await house.ask("nora", "GET", CONNECTIONS)
    assert told in listed.json()["items"]
    changed = await house.ask(
        "nora", "PATCH", f"{CONNECTIONS}/{told['id']}", {"read_every_minutes": 15}
    )
    assert changed.json() == {**told, "read_every_minutes": 15}
    logged = await house.sql("select string_agg(a::text, '') from audit a")
    kept = await house.sql("select string_agg(encode(secret, 'escape'), '') from connection")
    assert SECRET not in listed.text + changed.text + logged + kept
    assert (await house.get("sam", "/clouds/south/connections"))["items"] == []


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"url": "http://127.0.0.1:8080"}, "url"),
        ({"url": "http://localhost"}, "url"),
        ({"url": "http://10.1.2.3"}, "url"),
        ({"url": "http://192.168.0.9/watcher"}, "url"),
        ({"url": "http://169.254.169.254/latest/meta-data"}, "url"),
        ({"url": "http://2130706433/"}, "url"),
        ({"url": "http://0x7f000001/"}, "url"),
        ({"url": "http://127.1/"}, "url"),
        ({"url": "http://[::1]/"}, "url"),
        ({"url": "http://[::ffff:127.0.0.1]/"}, "url"),
        ({"url": "http://[64:ff9b::7f00:1]/"}, "url"),
        ({"url": "http://[fe80::1]/"}, "url"),
        ({"url": "file:///etc/passwd"}, "url"),
        ({"url": "https://user:password@watcher.example.net"}, "url"),
        ({"url": "nonsense"}, "url"),
        ({"url": 7}, "url"),
        ({"url": "https://w.example.net/\0"}, "url"),
        ({"api": "v4"}, "api"),
        ({"kind": "other"}, "kind"),
        ({"api": "v3"}, "login"),
        ({"api_key": None}, "api_key"),
        ({"login": "nora"}, "password"),
        ({"password": "x"}, "login"),
        ({"organizations": ["6"]}, "organizations[0]"),
        ({"organizations": 6}, "organizations"),
        ({"read_every_minutes": 0}, "read_every_minutes"),
        ({"read_every_minutes": "60"}, "read_every_minutes"),
        ({"follow_presets": "yes"}, "follow_presets"),
        ({"surprise": 1}, "surprise"),
    ],
)
async def test_what_cannot_be_a_connection_is_422_at_its_field(house: House, fields, wrong):
    before = await house.sql("select count(*) from connection")
    answer = await house.ask("nora", "POST", CONNECTIONS, {**BY_KEY, **fields})
    assert answer.status_code == 422, answer.text
    assert wrong in {error["field"] for error in answer.json()["errors"]}
    assert await house.sql("select count(*) from connection") == before


async def test_a_change_is_looked_at_as_well(house: House):
    one = f"{CONNECTIONS}/{await made(house)}"
    for body, field in (
        ({"url": "http://127.0.0.1"}, "url"),
        ({"api_key": None}, "api_key"),
        ({"login": "x"}, "password"),
        ({"api": "v3"}, "api"),
    ):
        answer = await house.ask("nora", "PATCH", one, body)
        assert answer.status_code == 422, answer.text
        assert answer.json()["errors"][0]["field"] == field


async def test_a_connection_that_was_ended_is_not_there(house: House):
    one = f"{CONNECTIONS}/{await made(house)}"
    answer = await house.ask("nora", "DELETE", one)
    assert (answer.status_code, answer.content) == (204, b"")
    for method, path, body in (
        ("DELETE", one, None),
        ("PATCH", one, {"follow_presets": True}),
        ("POST", f"{one}/test", None),
        ("POST", f"{one}/read", None),
        ("GET", f"{one}/readings", None),
    ):
        assert (await house.ask("nora", method, path, body)).status_code == 404, path
    listed = (await house.get("nora", CONNECTIONS))["items"]
    assert one.rpartition("/")[2] not in {str(row["id"]) for row in listed}


async def test_a_test_says_why_it_does_not_work(house: House):
    """An address may have become a private one since it was stored."""
    connection = await made(house)
    await house.sql(
        "update connection set url = 'http://127.0.0.1:9' where id = $1 returning id", connection
    )
    told = await house.post("nora", f"{CONNECTIONS}/{connection}/test", None, 200)
    assert told["ok"] is False
    (check,) = told["checks"]
    assert (check["name"], check["ok"]) == ("connection", False)
    assert "not a public address" in check["message"]


async def test_reading_now_is_202_and_there_is_one_at_a_time(house: House):
    one = f"{CONNECTIONS}/{await made(house)}"
    asked = await house.post("nora", f"{one}/read", None, 202)
    assert asked == {
        "id": asked["id"],
        "started_at": "2026-11-05T12:00:00Z",
        "finished_at": None,
        "state": "running",
        "pages": 0,
        "cameras": 0,
        "message": "",
        "warnings": [],
    }
    assert (await house.post("nora", f"{one}/read", {}, 202))["id"] == asked["id"]
    await house.sql("update reading set state = 'failed' where id = $1 returning id", asked["id"])
    second = await house.post("nora", f"{one}/read", None, 202)
    first_page = await house.get("nora", f"{one}/readings", limit=1)
    assert [row["id"] for row in first_page["items"]] == [second["id"]]
    rest = await house.get("nora", f"{one}/readings", limit=1, cursor=first_page["next"])
    assert ([row["id"] for row in rest["items"]], rest["next"]) == ([asked["id"]], None)


async def test_mappings_are_made_changed_and_listed(house: House):
    mappings = "/clouds/north/mappings"
    await made(house)
    its = min(row["id"] for row in (await house.get("nora", CONNECTIONS))["items"])
    assert await house.post("nora", mappings, {"organization": 6, "subscriber": 1}) == {
        "connection": its,
        "organization": 6,
        "subscriber": 1,
    }
    await house.post("nora", mappings, {"organization": 6, "subscriber": 2})
    mapped = await house.post("nora", mappings, {"preset": 7, "tariff": "home-7"})
    assert mapped == {"connection": its, "preset": 7, "tariff": "home-7"}
    listed = await house.get("nora", mappings)
    assert listed["items"] == [
        {"connection": its, "organization": 6, "subscriber": 2, "title": "", "cameras": 0},
        {"connection": its, "preset": 7, "tariff": "home-7", "title": "", "cameras": 0},
    ]
    page = await house.get("nora", mappings, limit=1)
    rest = await house.get("nora", mappings, limit=1, cursor=page["next"])
    assert page["items"] + rest["items"] == listed["items"]
    await house.sql(
        "insert into watcher_preset (cloud, watcher, preset, title) select 1, watcher, 8, 'New'"
        " from watcher_preset where cloud = 1 and preset = 7 returning id"
    )
    waiting = await house.get("nora", mappings, mapped="false")
    assert waiting["items"] == [
        {"connection": its, "preset": 8, "tariff": None, "title": "New", "cameras": 0}
    ]
    assert (await house.get("sam", "/clouds/south/mappings"))["items"] == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "organization"),
        ({"organization": 6}, "subscriber"),
        ({"organization": 6, "tariff": "home-7", "subscriber": 1}, "tariff"),
        ({"organization": 6, "subscriber": 99}, "subscriber"),
        ({"organization": "6", "subscriber": 1}, "organization"),
        ({"preset": 7}, "tariff"),
        ({"preset": 7, "tariff": "south-7"}, "tariff"),
        ({"preset": 7, "tariff": "home-7", "organization": 6, "subscriber": 1}, "organization"),
        ({"preset": -1, "tariff": "home-7"}, "preset"),
    ],
)
async def test_what_cannot_be_mapped_is_422_at_its_field(house: House, body, field):
    answer = await house.ask("nora", "POST", "/clouds/north/mappings", body)
    assert answer.status_code == 422, answer.text
    assert field in {error["field"] for error in answer.json()["errors"]}


async def test_a_history_is_told_oldest_first(house: House):
    connection = await made(house)
    since = datetime(2026, 10, 1, 8, tzinfo=UTC)
    for start, end, preset, enabled in (
        (since, since.replace(day=9), 7, True),
        (since.replace(day=9), None, 8, False),
    ):
        await house.sql(
            "insert into camera_interval (cloud, connection, camera, since, until, organization,"
            " preset, enabled) values (1, $1, $2, $3, $4, 6, $5, $6) returning id",
            connection,
            house.world.cameras["shop"],
            start,
            end,
            preset,
            enabled,
        )
    path = "/clouds/north/cameras/shop/intervals"
    first = {
        "from": "2026-10-01T08:00:00Z",
        "until": "2026-10-09T08:00:00Z",
        "organization": 6,
        "preset": 7,
        "state": "enabled",
    }
    second = {**first, "from": first["until"], "until": None, "preset": 8, "state": "disabled"}
    assert (await house.get("nora", path))["items"] == [first, second]
    page = await house.get("nora", path, limit=1)
    rest = await house.get("nora", path, limit=1, cursor=page["next"])
    assert (page["items"], rest["items"]) == ([first], [second])
    assert (await house.ask("ann", "GET", path)).status_code == 404, "Bob is not Ann's"
    differences = await house.get("nora", "/clouds/north/reconciliation", period="2026-10")
    kinds = {(one["kind"], one["camera"], one["currency"]) for one in differences["items"]}
    assert ("not_mapped", "shop", "EUR") in kinds
    missing = await house.ask("nora", "GET", "/clouds/north/cameras/nobody/intervals")
    assert missing.status_code == 404


async def test_without_a_test_clock_there_is_none(house: House):
    assert (await house.ask("ada", "GET", "/clock")).status_code == 404
    body = {"now": "2030-01-01T00:00:00Z"}
    assert (await house.ask("ada", "PUT", "/clock", body)).status_code == 404
    assert await house.sql("select count(*) from test_clock") == 0


@asynccontextmanager
async def installed(database: Database, data_dir: Path, **environment: str) -> AsyncIterator[House]:
    """Another installation, with settings of its own."""
    keys = {}
    async with database.as_worker():
        if clock := environment.get("CAMLEDGER_TEST_CLOCK"):
            from portal.kit.actions.clock import start

            await start(datetime.fromisoformat(clock))
        world = await two_clouds()
        for who, role, cloud in (
            ("ada", "administrator", None),
            ("paul", "accountant", None),
            ("nora", "administrator", "north"),
        ):
            keys[who] = await api_keys.create(
                SYSTEM, name=who, role=role, cloud=await tenancy.get_if_named(SYSTEM, cloud)
            )
    settings = load(
        {
            "CAMLEDGER_DATA_DIR": str(data_dir),
            "CAMLEDGER_DATABASE_URL": database.owner_url,
            "CAMLEDGER_WEB_DATABASE_URL": database.web_url,
            "CAMLEDGER_ADMIN_DATABASE_URL": database.admin_url,
            "CAMLEDGER_SECRET": "0" * 64,
            **environment,
        }
    )
    application: Any = create_app(settings, clock=lambda: NOW)
    transport = httpx.ASGITransport(application)
    async with (
        database.as_web(),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
    ):
        yield House(database, world, client, keys)


@pytest.mark.parametrize("api", ["v2", "v3"])
async def test_an_installation_may_read_its_own_network(database: Database, data_dir: Path, api):
    simulator().state["simulation"].restart(NORTH, NOON)
    sign_in = {"login": "nora", "password": "nora-password"}
    async with (
        served(simulator()) as url,
        installed(database, data_dir, CAMLEDGER_ALLOW_PRIVATE_ADDRESSES="1") as house,
    ):
        body = {"api": api, "url": url, **sign_in}
        one = f"{CONNECTIONS}/{(await house.post('nora', CONNECTIONS, body))['id']}"
        told = await house.post("nora", f"{one}/test", None, 200)
        assert told["ok"], told
        assert [check["name"] for check in told["checks"]] == [
            "organizations",
            "presets",
            "cameras",
            "recorded time",
        ]
        wrong = await house.ask("nora", "PATCH", one, {"password": "not this one"})
        assert wrong.status_code == 200
        told = await house.post("nora", f"{one}/test", None, 200)
        assert told["ok"] is False
        assert all("credentials" in check["message"] for check in told["checks"])
        refused = {**body, "url": "http://0.0.0.0"}
        assert (await house.ask("nora", "POST", CONNECTIONS, refused)).status_code == 422


async def test_a_test_clock_is_moved_forward_by_the_platforms_administrator(
    database: Database, data_dir: Path
):
    begins = "2026-03-01T00:00:00+00:00"
    async with installed(database, data_dir, CAMLEDGER_TEST_CLOCK=begins) as house:
        await house.sql("delete from draft_mark")  # workers have made the drafts
        assert await house.get("nora", "/clock") == {"now": "2026-03-01T00:00:00Z", "settled": True}
        body = {"now": "2026-03-02T08:30:00+01:00"}
        for who in ("nora", "paul"):
            assert (await house.ask(who, "PUT", "/clock", body)).status_code == 403
        moved = await house.ask("ada", "PUT", "/clock", body)
        assert moved.status_code == 200
        assert moved.json()["now"] == "2026-03-02T07:30:00Z"
        back = await house.ask("ada", "PUT", "/clock", {"now": "2026-03-02T07:29:59Z"})
        assert back.status_code == 409
        for wrong in ("2026-03-03", "soon", 7, "2026-03-03T00:00:00", None, "9999-01-01T00:00:00Z"):
            answer = await house.ask("ada", "PUT", "/clock", {"now": wrong})
            assert answer.status_code == 422, wrong
            assert answer.json()["errors"][0]["field"] == "now"
        # What is made is made at that time, and work that is due leaves it unsettled.
        made = await house.post("nora", CONNECTIONS, BY_KEY)
        at = await house.sql("select created_at from connection where id = $1", made["id"])
        assert at == datetime(2026, 3, 2, 7, 30, tzinfo=UTC)
        assert (await house.get("ada", "/clock"))["settled"] is False
        assert (await house.get("nora", "/clock"))["settled"] is False
