"""Two clouds behind the whole application, and a key for everybody who may have one."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from portal.access import SYSTEM
from portal.accounts.actions import api_keys, refusals
from portal.app import create_app
from portal.kit.queries import tenancy
from portal.settings import Settings, load
from tests.conftest import NOW, Database, kept_in
from tests.factories import World, camera, subscribe, two_clouds
from tests.kept import KeptDatabase
from tests.services import TestServices

KEYS = {
    "ada": ("ada@platform.test", "administrator", None),
    "paul": ("paul@platform.test", "accountant", None),
    "max": ("max@platform.test", "manager", None),
    "nora": ("nora@north.test", "administrator", "north"),
    "carl": ("carl@north.test", "accountant", "north"),
    "ann": ("ann@north.test", "account-manager", "north"),
    "sam": ("sam@south.test", "administrator", "south"),
    "tina": ("no person's", "accountant", "south"),
    "olaf": ("no person's", "account-manager", "south"),
}


@dataclass
class House:
    """The application with its two clouds; `keys` by name, `client` to ask with."""

    database: Database
    world: World
    client: httpx.AsyncClient
    keys: dict[str, str] = field(default_factory=dict)

    async def ask(
        self, who: str | None, method: str, path: str, body: Any = None, **more: Any
    ) -> httpx.Response:
        """One request with somebody's key; `body` is JSON, or bytes as they are."""
        headers = dict(more.pop("headers", {}))
        if who is not None:
            headers["Authorization"] = f"Bearer {self.keys[who]}"
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
            more["content"] = body if isinstance(body, bytes) else json.dumps(body).encode()
        path = path if path.startswith("/api/") else f"/api/v1{path}"
        return await self.client.request(method, path, headers=headers, **more)

    async def get(self, who: str, path: str, **params: Any) -> Any:
        """What a GET answers, which must be 200."""
        answer = await self.ask(who, "GET", path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, who: str, path: str, body: Any, status: int = 201) -> Any:
        """What a POST answers."""
        answer = await self.ask(who, "POST", path, body)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def sql(self, query: str, *values: Any) -> Any:
        """A value out of the tables, as the owner."""
        async with self.database.as_owner() as owner:
            return await owner.fetchval(query, *values)


def settings_of(database: Database, data_dir: Path) -> Settings:
    """The settings of an installation on this machine."""
    return load(
        {
            "CAMLEDGER_DATA_DIR": str(data_dir),
            "CAMLEDGER_DATABASE_URL": database.owner_url,
            "CAMLEDGER_WEB_DATABASE_URL": database.web_url,
            "CAMLEDGER_ADMIN_DATABASE_URL": database.admin_url,
            "CAMLEDGER_SECRET": "0" * 64,
        }
    )


@dataclass(frozen=True, slots=True)
class KeptHouse:
    """A process's database for the API, and the application over it, from file to file."""

    database: Database
    application: Any


@pytest.fixture(scope="session")
async def kept_house(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> KeptHouse:
    name = f"{template}_{worker_id}_api"
    kept = KeptDatabase(services.database_url, template, name, services.database(name))
    database = kept_in(kept)
    settings = settings_of(database, tmp_path_factory.mktemp("data"))
    return KeptHouse(database, create_app(settings, clock=lambda: NOW))


@pytest.fixture(scope="module")
async def house(kept_house: KeptHouse) -> AsyncIterator[House]:
    """One for all tests of a file: what is refused stores nothing, what is made has its own name."""
    database = kept_house.database
    assert database.kept is not None
    await database.kept.ready()
    async with database.as_worker():
        world, keys = await database.told(_they_move_in)
    refusals.ration.counts.clear()
    transport = httpx.ASGITransport(kept_house.application)
    async with (
        database.as_web(),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
    ):
        yield House(database, world, client, keys)


async def _they_move_in() -> tuple[World, dict[str, str]]:
    """Two clouds, and a key for everybody who may have one."""
    world, keys = await two_clouds(), {}
    await _cameras(world)
    for who, (name, role, slug) in KEYS.items():
        cloud = await tenancy.get_if_named(SYSTEM, slug)
        keys[who] = await api_keys.create(SYSTEM, name=name, role=role, cloud=cloud)
    return world, keys


async def _cameras(world: World) -> None:
    """Sue's gate and Bob's shop in the north, Tim's porch in the south, each on its cloud's tariff."""
    from portal.db import atomic

    async with atomic(SYSTEM) as tx:
        for cloud, name, subscriber, tariff in (
            (1, "gate", 1, "home-7"),
            (1, "shop", 2, "home-7"),
            (2, "porch", 3, "south-7"),
        ):
            world.cameras[name] = await camera(tx, cloud, name, subscriber)
            await subscribe(
                tx, cloud, world.cameras[name], subscriber, world.tariffs[tariff], "2026-09-01"
            )
        world.cameras["spare"] = await camera(tx, 1, "spare")
        world.cameras["attic"] = await camera(tx, 1, "attic", 1)
