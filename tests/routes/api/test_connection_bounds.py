"""What a connection may not do: take its secrets elsewhere, multiply, or keep a portal waiting."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from portal.watcher.actions.connections import CONNECTIONS_MAX, TESTS_A_CLOUD
from tests.conftest import Database
from tests.routes.api.conftest import House
from tests.routes.api.test_connections import CONNECTIONS, installed

HOME = "https://watcher.example.net"
KEY = {"api_key": "the-key"}
LOGIN = {"login": "nora", "password": "nora-password"}
SECRETS = ("api_key", "login", "password")


async def made(house: House, **fields: Any) -> int:
    """A connection of North's; those that were there are ended."""
    await house.sql("update connection set ended_at = now() where cloud = 1 returning id")
    answer = await house.post("nora", CONNECTIONS, {"api": "v2", "url": HOME, **fields})
    return int(answer["id"])


async def change(house: House, connection: int, body: dict[str, Any]) -> tuple[int, set[str]]:
    answer = await house.ask("nora", "PATCH", f"{CONNECTIONS}/{connection}", body)
    errors = answer.json().get("errors", []) if answer.status_code == 422 else []
    return answer.status_code, {error["field"] for error in errors}


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example.com",
        "http://watcher.example.net",
        "https://watcher.example.net:8443",
        "https://watcher.example.net.",
    ],
)
@pytest.mark.parametrize(
    ("stored", "given", "missing"),
    [
        ({**KEY, **LOGIN}, {}, set(SECRETS)),
        ({**KEY, **LOGIN}, KEY, {"login", "password"}),
        ({**KEY, **LOGIN}, {"password": "new"}, {"api_key", "login"}),
        ({**KEY, **LOGIN}, LOGIN, {"api_key"}),
        ({**KEY, **LOGIN}, {**KEY, **LOGIN}, set()),
        ({**KEY, **LOGIN}, {**LOGIN, "api_key": None}, set()),
        (KEY, {}, {"api_key"}),
        (KEY, LOGIN, {"api_key"}),
        ({"api": "v3", **KEY, **LOGIN}, LOGIN, {"api_key"}),
        ({"api": "v3", **LOGIN}, {}, {"login", "password"}),
        ({"api": "v3", **LOGIN}, {"login": "ned"}, {"password"}),
    ],
)
async def test_another_server_needs_every_stored_secret_anew(
    house: House, url: str, stored: dict[str, Any], given: dict[str, Any], missing: set[str]
):
    connection = await made(house, **stored)
    before = await house.sql(
        "select row(url, secret)::text from connection where id = $1", connection
    )
    status, fields = await change(house, connection, {"url": url, **given})
    assert (status, fields) == (422 if missing else 200, missing)
    after = await house.sql(
        "select row(url, secret)::text from connection where id = $1", connection
    )
    assert (after == before) is bool(missing), "nothing of it is half done"


@pytest.mark.parametrize(
    "url", [f"{HOME}/below", f"{HOME}/", f"{HOME}:443/x", "https://WATCHER.example.net"]
)
async def test_on_the_same_server_secrets_stay(house: House, url: str):
    connection = await made(house, **KEY, **LOGIN)
    assert await change(house, connection, {"url": url}) == (200, set())
    assert await change(house, connection, {"url": url, "read_every_minutes": 15}) == (200, set())


async def test_two_steps_lead_nowhere_either(house: House):
    """Neither does a path, a change back, nor a refused change open the way for the next one."""
    connection = await made(house, **KEY, **LOGIN)
    for _ in range(2):
        status, fields = await change(house, connection, {"url": "https://evil.example.com"})
        assert (status, fields) == (422, set(SECRETS))
        assert await change(house, connection, {"url": f"{HOME}/evil.example.com"}) == (200, set())


async def test_a_cloud_has_so_many_connections_and_another_one_its_own(house: House):
    await made(house, **KEY)
    body = {"api": "v2", "url": HOME, **KEY}
    made_last = [await house.post("nora", CONNECTIONS, body) for _ in range(CONNECTIONS_MAX - 1)]
    refused = await house.ask("nora", "POST", CONNECTIONS, body)
    assert refused.status_code == 409
    assert "end one" in refused.json()["detail"]
    assert (await house.ask("sam", "POST", "/clouds/south/connections", body)).status_code == 201
    one = f"{CONNECTIONS}/{made_last[-1]['id']}"
    assert (await house.ask("nora", "DELETE", one)).status_code == 204
    racing = await asyncio.gather(*(house.ask("nora", "POST", CONNECTIONS, body) for _ in range(4)))
    assert sorted(answer.status_code for answer in racing) == [201, 409, 409, 409]
    await house.sql("update connection set ended_at = now() returning id")


async def test_a_server_that_does_not_answer_keeps_two_tests_waiting_and_no_more(
    database: Database, data_dir: Path
):
    """The third is refused at once, and another cloud's tests are not in its way."""
    reached, gone = asyncio.Semaphore(0), asyncio.Event()

    async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.release()
        await gone.wait()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    trusted = f"north={url},south={url}"
    async with installed(database, data_dir, CAMLEDGER_TRUSTED_WATCHERS=trusted) as house:
        body = {"api": "v2", "url": url, **KEY}
        souths = "/clouds/south/connections"
        north = f"{CONNECTIONS}/{(await house.post('nora', CONNECTIONS, body))['id']}/test"
        south = f"{souths}/{(await house.post('ada', souths, body))['id']}/test"
        waiting = [
            asyncio.create_task(house.ask("ada", "POST", path))
            for path in [north] * TESTS_A_CLOUD + [south] * TESTS_A_CLOUD
        ]
        for _ in waiting:
            await reached.acquire()
        refused = await house.ask("nora", "POST", north)
        assert refused.status_code == 409
        assert "wait until one has ended" in refused.json()["detail"]
        gone.set()
        server.close()
        for answer in await asyncio.gather(*waiting):
            assert (answer.status_code, answer.json()["ok"]) == (200, False)
        again = await house.post("nora", north, None, 200)
        assert not again["ok"], "its place was given back"


async def test_a_trusted_address_is_the_named_clouds_alone(database: Database, data_dir: Path):
    trusted = "north=http://10.0.0.5:8080,*=http://10.0.0.9"
    async with installed(database, data_dir, CAMLEDGER_TRUSTED_WATCHERS=trusted) as house:
        for cloud, url, status in (
            ("north", "http://10.0.0.5:8080", 201),
            ("south", "http://10.0.0.5:8080", 422),
            ("north", "http://10.0.0.5:8081", 422),
            ("north", "http://10.0.0.9", 201),
            ("south", "http://10.0.0.9", 201),
        ):
            body = {"api": "v2", "url": url, **KEY}
            answer = await house.ask("ada", "POST", f"/clouds/{cloud}/connections", body)
            assert answer.status_code == status, (cloud, url, answer.text)
        souths = (await house.get("ada", "/clouds/south/connections"))["items"][0]["id"]
        moved = {"url": "http://10.0.0.5:8080", **KEY}
        answer = await house.ask("ada", "PATCH", f"/clouds/south/connections/{souths}", moved)
        assert answer.status_code == 422
        assert [error["field"] for error in answer.json()["errors"]] == ["url"]
