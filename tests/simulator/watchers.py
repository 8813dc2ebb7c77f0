"""A small simulated Watcher for tests: North's cameras, and clients of both generations."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal

import httpx
import uvicorn
from litestar import Litestar

from portal.demo.simulator import Seed, create_simulator
from portal.demo.simulator.seed import SeedCamera, SeedOrganization, SeedPreset, SeedUser
from tests.patience import until

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
KEY = {"x-vsaas-api-key": "north-key"}
V2 = "/vsaas/api/v2"
ADMIN = "/watcher/admin-api/v3"
CLIENT = "/watcher/client-api/v3"

NORTH = Seed(
    system_key="north-key",
    organizations=[SeedOrganization(1, "Default"), SeedOrganization(6, "Sue's house", 3)],
    presets=[
        SeedPreset(1, "Live only"),
        SeedPreset(7, "7 days", dvr_depth=7, dvr_space=100, alg="plates"),
        SeedPreset(8, "Motion 7", dvr_lock_days=7),
        SeedPreset(9, "Adjustable", dvr_depth=3, is_adjustable=True),
    ],
    users=[
        SeedUser("nora", "nora-password", 1, is_admin=True, apikey="nora-key"),
        SeedUser("sue", "sue-password", 2, organizations=[6], apikey="sue-key"),
    ],
    cameras=[
        SeedCamera("gate-0000000001", 6, 7, title="Gate"),
        SeedCamera("yard/north-0000000002", 6, 8, title="Yard"),
        SeedCamera("lobby-0000000003", 1, 1, title="Lobby"),
    ],
)


@asynccontextmanager
async def client_of(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://watcher.test") as client:
        yield client


@lru_cache(maxsize=1)
def simulator() -> Litestar:
    """One application for all tests: making one takes longer than most of them."""
    return create_simulator(NORTH, now=NOON)


@asynccontextmanager
async def north(seed: Seed = NORTH) -> AsyncIterator[httpx.AsyncClient]:
    simulator().state["simulation"].restart(seed, NOON)
    async with client_of(simulator()) as client:
        yield client


@asynccontextmanager
async def served(
    app: Litestar, *, lifespan: Literal["on", "off"] = "off", port: int = 0
) -> AsyncIterator[str]:
    """The address of an app behind a real socket of this machine."""
    config = uvicorn.Config(app, port=port, log_level="critical", lifespan=lifespan, ws="none")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started, "the server starts", every=0.005)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving


async def sign_in(client: httpx.AsyncClient, api: str = ADMIN) -> dict[str, str]:
    answer = await client.post(f"{api}/login", auth=("nora", "nora-password"))
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


async def wait(client: httpx.AsyncClient, **length: float) -> None:
    seconds = length.get("days", 0) * 86_400 + length.get("hours", 0) * 3600
    seconds += length.get("seconds", 0)
    answer = await client.post("/_sim/clock", json={"advance_seconds": seconds})
    assert answer.status_code == 200, answer.text


def without_unknown(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_unknown(v) for name, v in value.items() if not name.startswith("x_")}
    if isinstance(value, list):
        return [without_unknown(one) for one in value]
    return value
