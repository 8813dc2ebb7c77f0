"""North and South on one simulated Watcher, provisioned; every request to it is written down."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from portal.access import SYSTEM
from portal.db import atomic, snapshot
from portal.demo.simulator.entities import Camera
from portal.demo.simulator.seed import Seed, SeedCamera, SeedOrganization, SeedPreset, SeedUser
from portal.demo.simulator.simulation import Simulation
from portal.gateways.vault import Vault
from portal.gateways.watcher import connect
from portal.gateways.watcher.address import AddressRules
from portal.kit.queries import tenancy
from portal.ports import Watcher
from portal.values.watcher import WatcherAccess as Access
from portal.watcher.actions import connections
from portal.watcher.actions.connections import Integrations
from portal.watcher.actions.provisioning.run import provision
from portal.watcher.actions.sync.fetch import fetch
from portal.watcher.actions.sync.request import request
from portal.watcher.forms.connection import ConnectionChange, NewConnection
from portal.watcher.queries import provisioning
from tests.cast import NORA, NORTH, SAM, SOUTH
from tests.factories import World, camera, subscribe, two_clouds
from tests.gateways.watcher.watching import ADDRESS, QUICK, Meddling, Naps, here, simulation
from tests.queues import RecordingQueue

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
VAULT = Vault(["only for tests"])
both = pytest.mark.parametrize("api", ["v2", "v3"])

LIVE = 1
SIGN_IN: dict[str, dict[str, str]] = {
    "v2": {"api_key": "north-key"},
    "v3": {"login": "nora", "password": "nora-password"},
}
SEED = Seed(
    system_key="north-key",
    organizations=[SeedOrganization(6, "Sue's house"), SeedOrganization(9, "Tim's dock")],
    presets=[
        SeedPreset(1, "Live only"),
        SeedPreset(5, "Weekly", dvr_lock_days=7, alg="plates"),
        # Looks as the tariffs of both clouds do, and is a person's.
        SeedPreset(4, "Home 7", dvr_lock_days=7, alg="plates"),
    ],
    users=[
        SeedUser("nora", "nora-password", 1, is_admin=True, apikey="nora-key"),
        SeedUser("sue", "sue-password", 2, organizations=[6]),
    ],
    cameras=[
        SeedCamera("gate", 6, 1),
        SeedCamera("yard/north", 6, 1),
        SeedCamera("lobby", 6, 1),
        SeedCamera("dock", 9, 1),
    ],
)


class Killed(BaseException):
    """The worker is gone."""


class Wire(Meddling):
    """Writes down what is sent; the process may end after a request, or an answer be swallowed."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[tuple[str, str, Any]] = []
        self.count = 0
        self.dies_after: int | None = None
        self.swallows: Callable[[httpx.Request], bool] = lambda _request: False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.count += 1
        if request.method != "GET" and not request.url.path.endswith("/login"):
            path = request.url.path.partition("/v3")[2] or request.url.path.partition("/v2")[2]
            self.sent.append((request.method, path, json.loads(await request.aread())))
            if self.swallows(request):
                request.method = "GET"
        answer = await super().handle_async_request(request)
        if self.dies_after is not None and self.count >= self.dies_after:
            raise Killed
        return answer

    @property
    def written(self) -> list[tuple[str, str, Any]]:
        """What was sent since the last look."""
        sent, self.sent = self.sent, []
        return sent


@dataclass
class Story:
    """Two clouds, their connections, and the time."""

    world: World
    running: Simulation
    api: str
    wire: Wire = field(default_factory=Wire)
    queue: RecordingQueue = field(default_factory=RecordingQueue)
    now: datetime = NOON
    north: int = 0
    south: int = 0

    def clock(self) -> datetime:
        return self.now

    def wait(self, **length: float) -> None:
        self.now += timedelta(**length)

    def connect(self, access: Access) -> AbstractAsyncContextManager[Watcher]:
        return connect(
            access,
            allow_private=True,
            limits=QUICK,
            lookup=here,
            sleep=Naps(),
            transport=self.wire,
        )

    @property
    def integrations(self) -> Integrations:
        return Integrations(VAULT, self.connect, AddressRules(allow_private=True))

    async def read(self, connection: int | None = None) -> None:
        """A complete run."""
        wanted = connection or self.north
        cloud = "north" if wanted == self.north else "south"
        await request(
            SYSTEM, await tenancy.get(SYSTEM, cloud), wanted, now=self.now, queue=self.queue
        )
        row = await self.value("select id from reading where state = 'running'")
        assert await fetch(row, connect=self.connect, vault=VAULT, clock=self.clock)

    async def provision(self, connection: int | None = None) -> None:
        """One run of the job."""
        await provision(
            connection or self.north, connect=self.connect, vault=VAULT, clock=self.clock
        )

    async def due(self) -> list[int]:
        return [one for one, _ in await provisioning.due(SYSTEM, self.now)]

    async def change(self, connection: int | None = None, **fields: Any) -> None:
        of_south = connection is not None and connection == self.south
        await connections.change(
            SAM if of_south else NORA,
            await tenancy.get(SAM if of_south else NORA, "south" if of_south else "north"),
            connection or self.north,
            ConnectionChange(**fields),
            integrations=self.integrations,
            queue=self.queue,
        )

    async def value(self, query: str, *values: Any) -> Any:
        async with snapshot(SYSTEM) as tx:
            return await tx.fetchval(query, *values)

    async def run(self, query: str, *values: Any) -> None:
        async with atomic(SYSTEM) as tx:
            await tx.execute(query, *values)

    async def message(self) -> str:
        from portal.watcher.queries import connections as reads

        async with snapshot(SYSTEM) as tx:
            return (await reads.get_in(tx, NORTH, self.north)).provision_message

    def camera(self, name: str) -> Camera:
        return self.running.present().cameras[name]

    def state(self) -> dict[str, tuple[int | None, bool]]:
        """Preset and switch of every camera in Watcher."""
        return {
            name: (one.now.preset_id, one.now.enabled)
            for name, one in sorted(self.running.present().cameras.items())
        }

    async def known(self) -> dict[str, tuple[int | None, bool]]:
        """The same, as intervals in force have it."""
        async with snapshot(SYSTEM) as tx:
            rows = await tx.fetch(
                "select c.external_id, i.preset, i.enabled from camera_interval i"
                " join camera c on c.id = i.camera where i.until is null order by 1"
            )
        return {row["external_id"]: (row["preset"], row["enabled"]) for row in rows}


@asynccontextmanager
async def story(api: str) -> AsyncIterator[Story]:
    """Sue's gate and yard and Tim's dock are subscribed; nobody has the lobby; all have been read."""
    world = await two_clouds()
    found = Story(world, simulation(SEED), api)
    async with atomic(SYSTEM) as tx:
        for name, cloud, subscriber, plan in (
            ("gate", NORTH, 1, "home-7"),
            ("yard/north", NORTH, 1, "home-7"),
            ("dock", SOUTH, 3, "south-7"),
        ):
            world.cameras[name] = await camera(tx, cloud, name, subscriber)
            await subscribe(
                tx, cloud, world.cameras[name], subscriber, world.tariffs[plan], "2026-10-01"
            )
        world.cameras["lobby"] = await camera(tx, NORTH, "lobby")
    for actor, slug, organization, subscriber in (
        (NORA, "north", 6, 1),
        (SAM, "south", 9, 3),
    ):
        made = await connections.create(
            actor,
            await tenancy.get(actor, slug),
            NewConnection(api=api, url=ADDRESS, organizations=(organization,), **SIGN_IN[api]),  # type: ignore[arg-type]
            integrations=found.integrations,
        )
        setattr(found, slug, made.id)
        await found.run(
            "insert into watcher_organization (cloud, watcher, organization, subscriber)"
            " select cloud, id, $2, $3 from connection where id = $1",
            made.id,
            organization,
            subscriber,
        )
        await found.read(made.id)
    yield found


async def switched_on(api: str) -> Story:
    """The same with provisioning on in both clouds, and done."""
    async with story(api) as found:
        for connection in (found.north, found.south):
            await found.change(connection, provision=True)
            await found.provision(connection)
        found.queue.enqueued.clear()
        assert found.wire.written
        return found


async def ours(found: Story, connection: int | None = None) -> int:
    """The preset that was made for North's tariff."""
    number = await found.value(
        "select preset from provisioned_preset where connection = $1", connection or found.north
    )
    assert number is not None
    return int(number)


def fields(found: Story) -> set[str]:
    """Names of the fields that were sent for cameras since the last look."""
    return {name for _, path, body in found.wire.written if "preset" not in path for name in body}
