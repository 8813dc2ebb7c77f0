"""Over a real connection: paths as they are sent, bodies as they come."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import uvicorn

from portal.app import create_app
from tests.routes.api.conftest import House, settings_of

ODD = (
    "a/b",
    "a//b",
    "/a",
    "a%2Fb",
    "a b",
    "ä/ö",
    "a?b#c",
    "a;b=c",
    "50%",
    "+",
    "☃",
    "a\\b",
    "%",
)


@pytest.fixture(scope="module")
async def address(house: House, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The application, served by uvicorn on a port of its own."""
    application: Any = create_app(settings_of(house.database, tmp_path_factory.mktemp("served")))
    with socket.socket(proto=socket.IPPROTO_TCP) as free:
        free.bind(("127.0.0.1", 0))
        free.listen(64)
        config = uvicorn.Config(application, lifespan="off", log_level="error", access_log=False)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[free]))
        yield f"http://127.0.0.1:{free.getsockname()[1]}"
        server.should_exit = True
        await serving


async def test_any_external_id_has_an_address(house: House, address: str):
    headers = {"Authorization": f"Bearer {house.keys['nora']}"}
    async with httpx.AsyncClient(base_url=f"{address}/api/v1", headers=headers) as client:
        for name in ODD:
            body = {"external_id": name, "subscriber": 1}
            made = await client.post("/clouds/north/cameras", json=body)
            assert made.status_code == 201, made.text
        for name in ODD:
            part = quote(name, safe="")
            read = await client.get(f"/clouds/north/cameras/{part}")
            assert (read.status_code, read.json().get("external_id")) == (200, name), name
            plan = {"tariff": "home-7", "starts_on": "2026-11-01"}
            made = await client.post(f"/clouds/north/cameras/{part}/subscriptions", json=plan)
            assert made.status_code == 201, made.text
        listed = await client.get("/clouds/north/cameras", params={"limit": 1000})
        assert set(ODD) <= {row["external_id"] for row in listed.json()["items"]}
        missing = await client.get("/clouds/north/cameras/a/b")
        assert missing.status_code == 404
        assert missing.headers["content-type"] == "application/problem+json"


async def test_a_body_too_large_is_refused_before_it_is_read(house: House, address: str):
    headers = {"Authorization": f"Bearer {house.keys['nora']}", "Content-Type": "application/json"}

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b" " * 1024 * 1024

    async with httpx.AsyncClient(base_url=address, headers=headers) as client:
        answer = await client.post("/api/v1/clouds/north/usage", content=endless())
    assert answer.status_code == 413
    assert answer.json()["status"] == 413
