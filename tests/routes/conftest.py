"""The application as browsers meet it: over https, with the cast as its people."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from argon2 import PasswordHasher
from litestar import Litestar

from portal.access import SYSTEM, Actor
from portal.accounts.actions import refusals
from portal.app import create_app
from portal.db import atomic
from portal.kit.queries.health import Heartbeat
from portal.settings import Settings, load
from tests.conftest import SECRET, Database
from tests.factories import two_clouds
from tests.services import TestServices

HOST = "portal.test"
ORIGIN = f"https://{HOST}"
PASSWORD = "four words make passwords"
STARTED = datetime(2026, 11, 5, 12, 0, tzinfo=UTC)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@cache
def password_hash(password: str = PASSWORD) -> str:
    """The cast's password as the portal stores it."""
    return PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1).hash(password)


class Clock:
    """The time, until it is put forward."""

    def __init__(self) -> None:
        self.now = STARTED

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **how_much: float) -> None:
        self.now += timedelta(**how_much)


@dataclass
class Visitor:
    """One browser: keeps its cookies, and sends the token of the last page with every form."""

    client: httpx.AsyncClient
    token: str = ""

    async def get(self, path: str, **kwargs: Any) -> httpx.Response:
        answer = await self.client.get(path, **kwargs)
        if found := re.search(r'name="_csrf_token" value="([0-9a-f]+)"', answer.text):
            self.token = found[1]
        return answer

    async def post(
        self, path: str, data: dict[str, str] | None = None, **kwargs: Any
    ) -> httpx.Response:
        return await self.client.post(
            path, data={"_csrf_token": self.token, **(data or {})}, **kwargs
        )

    async def sign_in(
        self, who: Actor | str, password: str = PASSWORD, *, next_path: str = "", **kwargs: Any
    ) -> httpx.Response:
        await self.get("/account" if self.key else "/login")
        email = who.name if isinstance(who, Actor) else who
        form = {"email": email, "password": password, "next": next_path}
        answer = await self.post("/login", form, **kwargs)
        if answer.status_code == 303:  # with the new session, forms have another token
            await self.get("/account")
        return answer

    @property
    def key(self) -> str | None:
        return self.client.cookies.get("__Host-session")


@dataclass
class Site:
    """The running application and whoever visits it."""

    app: Litestar
    database: Database
    clock: Clock
    settings: Settings
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def visitor(self, address: str = "203.0.113.7", agent: str = FIREFOX) -> Visitor:
        app: Any = self.app
        transport = httpx.ASGITransport(app, client=(address, 40_000))
        client = httpx.AsyncClient(
            transport=transport, base_url=ORIGIN, headers={"user-agent": agent}
        )
        return Visitor(await self.stack.enter_async_context(client))

    async def as_(self, who: Actor) -> Visitor:
        visitor = await self.visitor()
        answer = await visitor.sign_in(who)
        assert answer.status_code == 303, answer.text
        return visitor

    async def rows(self, query: str, *arguments: object) -> list[Any]:
        """Ask the database as its owner, past every policy."""
        connection = await asyncpg.connect(self.database.owner_url)
        try:
            return await connection.fetch(query, *arguments)
        finally:
            await connection.close()


@pytest.fixture(scope="session")
def kept_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data directory of `site`, in which nothing is written."""
    return tmp_path_factory.mktemp("site")


@pytest.fixture
async def site(database: Database, services: TestServices, kept_dir: Path) -> AsyncIterator[Site]:
    """The application over a fresh database with two clouds; everybody has PASSWORD.

    Tests share the application itself, which is as it was made before each; what a test adds to it
    would stay, so such a test asks for `own_site`.
    """
    app, clock, settings = _shared(database, services, kept_dir)
    clock.now = STARTED
    app.state.heartbeat = Heartbeat()
    async with _site(app, database, clock, settings) as found:
        yield found


@pytest.fixture
async def own_site(
    database: Database, services: TestServices, tmp_path: Path
) -> AsyncIterator[Site]:
    """The same with an application of the test's own, to which it may add pages."""
    clock, settings = Clock(), settings_of(database, services, tmp_path)
    async with _site(create_app(settings, clock=clock), database, clock, settings) as found:
        yield found


@lru_cache(maxsize=1)
def _shared(
    database: Database, services: TestServices, data_dir: Path
) -> tuple[Litestar, Clock, Settings]:
    """Every test's database has the same address, and 200 routes take half a second to put together."""
    clock, settings = Clock(), settings_of(database, services, data_dir)
    return create_app(settings, clock=clock), clock, settings


@asynccontextmanager
async def _site(
    app: Litestar, database: Database, clock: Clock, settings: Settings
) -> AsyncIterator[Site]:
    async with database.as_worker():
        await two_clouds()
        async with atomic(SYSTEM) as tx:
            await tx.execute("update portal_user set password = $1", password_hash())
    refusals.ration.counts.clear()
    async with running(app), AsyncExitStack() as stack:
        yield Site(app, database, clock, settings, stack)


def settings_of(database: Database, services: TestServices, data_dir: Path) -> Settings:
    """An installation that people reach by https."""
    return load(
        {
            "CAMLEDGER_DATA_DIR": str(data_dir),
            "CAMLEDGER_DATABASE_URL": database.owner_url,
            "CAMLEDGER_WEB_DATABASE_URL": database.web_url,
            "CAMLEDGER_ADMIN_DATABASE_URL": database.admin_url,
            "CAMLEDGER_REDIS_URL": services.redis(0),
            "CAMLEDGER_SECRET": SECRET,
            "CAMLEDGER_PUBLIC_URL": ORIGIN,
        }
    )


@asynccontextmanager
async def running(app: Litestar) -> AsyncIterator[None]:
    """The application's lifespan, in a task of its own: a fixture's end runs in another."""
    ready, stop = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        async with app.lifespan():
            ready.set()
            await stop.wait()

    life = asyncio.create_task(live())
    await asyncio.wait({life, asyncio.create_task(ready.wait())}, return_when="FIRST_COMPLETED")
    try:
        if ready.is_set():
            yield
    finally:
        stop.set()
        await life
