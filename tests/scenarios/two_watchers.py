"""Two Watchers of North's and one of South's, whose organizations, presets and cameras have the same ids."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, cast

import httpx
import pytest
from litestar import Litestar

from portal.access import SYSTEM
from portal.billing.period import Period
from portal.db import atomic, snapshot
from portal.demo.simulator import create_simulator
from portal.demo.simulator.entities import Camera
from portal.demo.simulator.seed import Seed, SeedCamera, SeedOrganization, SeedPreset, SeedUser
from portal.demo.simulator.simulation import Simulation
from portal.gateways.queue import NullQueue
from portal.gateways.vault import Vault
from portal.gateways.watcher import connect
from portal.gateways.watcher.address import AddressRules
from portal.kit.queries import tenancy
from portal.ports import Watcher
from portal.values.watcher import WatcherAccess as Access
from portal.watcher.actions import connections, mappings
from portal.watcher.actions.connections import Integrations
from portal.watcher.actions.mappings import follow_mappings
from portal.watcher.actions.sync.fetch import fetch
from portal.watcher.actions.sync.request import request
from portal.watcher.forms.connection import NewConnection, NewMapping
from portal.watcher.queries import reconciliation
from tests.cast import NORA, NORTH, SAM, SOUTH
from tests.factories import two_clouds
from tests.gateways.watcher.watching import QUICK, Naps, here

NOON = datetime(2026, 10, 5, 12, tzinfo=UTC)


VAULT = Vault(["only for tests"])


WATCHERS = ("sues", "bobs", "souths")


SIGN_IN: dict[str, dict[str, str]] = {
    "v2": {"api_key": "north-key"},
    "v3": {"login": "nora", "password": "nora-password"},
}


ORGANIZATION, PRESET = 6, 7


both = pytest.mark.parametrize("api", ["v2", "v3"])


either = pytest.mark.parametrize("order", [("sues", "bobs"), ("bobs", "sues")])


STRANGE = (
    *("tab\there", "line\nfeed", "esc\x1b[0m", "para\u2028graph", "turn\u202eed"),
    *("a/b", "50%", "what?", "#1", "\"quoted\" 'it'", "🎥 cam", "n" * 304, ".."),
)


def seed_of(of: str, names: tuple[str, ...] = ("gate", "yard")) -> Seed:
    return Seed(
        system_key="north-key",
        organizations=[SeedOrganization(ORGANIZATION, f"House, {of}")],
        presets=[SeedPreset(PRESET, f"Preset, {of}", dvr_lock_days=7, alg="plates")],
        users=[SeedUser("nora", "nora-password", 1, is_admin=True, apikey="nora-key")],
        cameras=[SeedCamera(name, ORGANIZATION, PRESET, title=f"{of} {name}") for name in names],
    )


@lru_cache(maxsize=3)
def _simulator(of: str) -> Litestar:
    return create_simulator(seed_of(of), now=NOON)


class Wires(httpx.AsyncBaseTransport):
    """Leads to the simulator that an address names: sues.test, bobs.test, souths.test."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = request.headers["host"].partition(".")[0]
        inner = httpx.ASGITransport(_simulator(host))  # type: ignore[arg-type]
        return await inner.handle_async_request(request)


@dataclass
class Story:
    """Row ids of the connections by Watcher."""

    api: str
    ids: dict[str, int] = field(default_factory=dict)
    now: datetime = NOON
    queue: NullQueue = field(default_factory=NullQueue)

    def clock(self) -> datetime:
        return self.now

    def connect(self, access: Access) -> AbstractAsyncContextManager[Watcher]:
        return connect(
            access,
            allow_private=True,
            limits=QUICK,
            lookup=here,
            sleep=Naps(),
            transport=Wires(),
        )

    @property
    def integrations(self) -> Integrations:
        return Integrations(VAULT, self.connect, AddressRules(allow_private=True))

    async def open(self, of: str, **fields: Any) -> int:
        actor, slug = (SAM, "south") if of == "souths" else (NORA, "north")
        options = {"follow_presets": True, **fields}
        made = await connections.create(
            actor,
            await tenancy.get(actor, slug),
            NewConnection(
                api=cast("Any", self.api),
                url=f"http://{of}.test",
                **cast("Any", SIGN_IN[self.api]),
                **options,
            ),
            integrations=self.integrations,
        )
        self.ids[of] = made.id
        return made.id

    async def map(self, of: str, subscriber: int, tariff: str) -> None:
        actor, slug = (SAM, "south") if of == "souths" else (NORA, "north")
        for wanted in (
            NewMapping(connection=self.ids[of], organization=ORGANIZATION, subscriber=subscriber),
            NewMapping(connection=self.ids[of], preset=PRESET, tariff=tariff),
        ):
            await mappings.create(actor, await tenancy.get(actor, slug), wanted, queue=self.queue)
        await follow_mappings(SOUTH if slug == "south" else NORTH, now=self.now)

    async def read(self, *watchers: str) -> None:
        for of in watchers:
            slug = "south" if of == "souths" else "north"
            await request(
                SYSTEM,
                await tenancy.get(SYSTEM, slug),
                self.ids[of],
                now=self.now,
                queue=self.queue,
            )
            (running,) = await self.rows("select id from reading where state = 'running'")
            assert await fetch(running[0], connect=self.connect, vault=VAULT, clock=self.clock)
        states = await self.rows("select state, message from reading where state <> 'complete'")
        assert states == []

    async def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        async with snapshot(SYSTEM) as tx:
            return [tuple(row.values()) for row in await tx.fetch(query, *values)]

    async def run(self, query: str, *values: Any) -> None:
        async with atomic(SYSTEM) as tx:
            await tx.execute(query, *values)

    async def billed(self) -> set[tuple[Any, ...]]:
        """(Watcher, its name for the camera, what it is called, owner, tariff) of all that are."""
        by_id = {one: of for of, one in self.ids.items()}
        rows = await self.rows(
            "select s.follows, c.watcher_name, c.name, n.name, t.code from subscription s"
            " join camera c on c.id = s.camera and c.subscriber = s.subscriber"
            " join subscriber n on n.id = s.subscriber join tariff t on t.id = s.tariff"
            " where s.ends_on is null"
        )
        return {(by_id[follows], *rest) for follows, *rest in rows}

    async def unbilled(self) -> dict[str, int]:
        """Days that cameras of North record on and nobody is charged for."""
        found = await reconciliation.get(
            NORA, await tenancy.get(NORA, "north"), Period.month("2026-10"), now=self.now
        )
        return {
            str(one.camera): one.days
            for one in found.differences
            if one.kind == "recorded_not_billed"
        }

    def camera(self, of: str, name: str = "gate") -> Camera:
        return simulation_of(of).present().cameras[name]


def simulation_of(of: str) -> Simulation:
    found: Simulation = _simulator(of).state["simulation"]
    return found


@asynccontextmanager
async def story(
    api: str, names: tuple[str, ...] = ("gate", "yard"), **fields: Any
) -> AsyncIterator[Story]:
    """Three Watchers are connected; nothing has been read or mapped."""
    await two_clouds()
    found = Story(api)
    for of in WATCHERS:
        seed = seed_of(of, names if of == "bobs" else ("gate", "yard"))
        simulation_of(of).restart(seed, NOON)
        await found.open(of, **fields)
    yield found
