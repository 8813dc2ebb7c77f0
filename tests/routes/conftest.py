"""The application as browsers meet it: over https, with the cast as its people."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from litestar import Litestar

from portal import db
from portal.access import SYSTEM, Actor
from portal.accounts.actions import refusals, sessions
from portal.accounts.actions.sessions import Visit
from portal.app import create_app
from portal.db import CONNECTION_SECONDS_MAX, atomic
from portal.kit.queries.health import Heartbeat
from portal.routes.middleware.csrf import FormTokens
from portal.routes.middleware.sessions import SessionConfig
from portal.settings import Settings, load
from tests.conftest import SECRET, Database
from tests.factories import two_clouds
from tests.services import TestServices

HOST = "portal.test"
ORIGIN = f"https://{HOST}"
PASSWORD = "four words make passwords"
STARTED = datetime(2026, 11, 5, 12, 0, tzinfo=UTC)
VISITED_FROM = "203.0.113.7"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@cache
def password_hash(password: str = PASSWORD) -> str:
    """The cast's password as the portal stores it, in all processes of a run alike."""
    hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
    return hasher.hash(password, salt=b"only for tests, ")


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

    async def visitor(self, address: str = VISITED_FROM, agent: str = FIREFOX) -> Visitor:
        app: Any = self.app
        transport = httpx.ASGITransport(app, client=(address, 40_000))
        client = httpx.AsyncClient(
            transport=transport, base_url=ORIGIN, headers={"user-agent": agent}
        )
        return Visitor(await self.stack.enter_async_context(client))

    async def as_(self, who: Actor) -> Visitor:
        """Whoever it is, signed in a moment ago; how they do that is a story of its own."""
        visitor, now = await self.visitor(), self.clock()
        config: SessionConfig = self.app.state.session_config
        async with atomic(replace(who, address=VISITED_FROM)) as tx:
            key = await sessions.begin(tx, who.user, Visit(VISITED_FROM, FIREFOX, now))
        for name, value in (
            (config.cookie.name, key),
            (config.device_cookie, config.devices.mark("", who.user or 0, password_hash(), now)),
            ("__Host-csrf", secrets.token_hex(32)),
        ):
            visitor.client.cookies.set(name, value, domain=HOST, path="/")
        visitor.token = FormTokens(config, self.settings.key_for("forms")).of_session(key, who.user)
        return visitor

    async def enters(self, who: Actor) -> Visitor:
        """Whoever it is, through the form: their browser is known from then on."""
        visitor = await self.visitor()
        answer = await visitor.sign_in(who)
        assert answer.status_code == 303, answer.text
        return visitor

    async def rows(self, query: str, *arguments: object) -> list[Any]:
        """Ask the database as its owner, past every policy."""
        async with self.database.as_owner() as owner:
            return await owner.fetch(query, *arguments)


@dataclass
class KeptSite:
    """The application over a process's kept database, running until another copy is made of it.

    Its settings are those of an installation, but for `changes`.
    """

    services: TestServices
    data_dir: Path
    changes: Mapping[str, Any] = field(default_factory=dict)
    app: Litestar | None = None
    clock: Clock = field(default_factory=Clock)
    settings: Settings | None = None
    pool: Any = None
    state: dict[str, Any] = field(default_factory=dict)
    life: AsyncExitStack = field(default_factory=AsyncExitStack)

    @asynccontextmanager
    async def over(self, database: Database) -> AsyncIterator[Site]:
        """The application as it was made, with nobody signed in and no test's queue."""
        assert database.kept is not None
        if self.app is None:
            found = settings_of(database, self.services, self.data_dir)
            self.settings = replace(found, **self.changes)
            self.app = create_app(self.settings, clock=self.clock)
        assert self.settings is not None
        before = db.ENGINE.pool, db.ENGINE.config, db.ENGINE.acquire_timeout
        try:
            if self.pool is None:
                await self.life.enter_async_context(running(self.app))
                self.pool, self.state = db.ENGINE.pool, dict(self.app.state)
                database.kept.users.append(self.close)
            db.configure(database.web_url)
            db.ENGINE.pool, db.ENGINE.acquire_timeout = self.pool, CONNECTION_SECONDS_MAX
            self.clock.now = STARTED
            self.app.state.update({**self.state, "heartbeat": Heartbeat()})
            async with AsyncExitStack() as stack:
                yield Site(self.app, database, self.clock, self.settings, stack)
        finally:
            db.ENGINE.pool, db.ENGINE.config, db.ENGINE.acquire_timeout = before

    async def close(self) -> None:
        """End its life: the database is copied anew, or the run has ended."""
        before = db.ENGINE.pool
        db.ENGINE.pool, self.pool = self.pool, None
        await self.life.aclose()
        db.ENGINE.pool = before


@pytest.fixture(scope="session")
def kept_site(services: TestServices, tmp_path_factory: pytest.TempPathFactory) -> KeptSite:
    """The application of most tests, with a data directory in which nothing is written."""
    return KeptSite(services, tmp_path_factory.mktemp("site"))


@pytest.fixture
async def site(database: Database, kept_site: KeptSite) -> AsyncIterator[Site]:
    """The application over an emptied database with two clouds; everybody has PASSWORD.

    Tests share the application itself, which is as it was made before each; what a test adds to it
    would stay, so such a test asks for `own_site`.
    """
    await _people_arrive(database)
    async with kept_site.over(database) as found:
        yield found


@pytest.fixture
async def own_site(
    database: Database, services: TestServices, tmp_path: Path
) -> AsyncIterator[Site]:
    """The same with an application of the test's own, to which it may add pages."""
    clock, settings = Clock(), settings_of(database, services, tmp_path)
    app = create_app(settings, clock=clock)
    await _people_arrive(database)
    async with running(app), AsyncExitStack() as stack:
        yield Site(app, database, clock, settings, stack)


async def _people_arrive(database: Database) -> None:
    async with database.as_worker():
        await database.told(two_clouds_with_people)
    refusals.ration.counts.clear()


async def two_clouds_with_people() -> None:
    """Everybody has PASSWORD."""
    await two_clouds()
    async with atomic(SYSTEM) as tx:
        await tx.execute("update portal_user set password = $1", password_hash())


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
